"""Frozen dataclasses of many fields, made at a third of the price: for readings, boards and taps.

The __init__ of a frozen dataclass looks each field up to set it. Here a twin of the same slots that is not frozen is
filled, and becomes one of them: of a class with slots and without a __post_init__. In which order a class names its
slots makes no difference to where they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, field, fields, make_dataclass
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar, cast

V = TypeVar("V")
P = ParamSpec("P")


def maker_of(value_type: Callable[P, V]) -> Callable[P, V]:
    """A function that does as a class whose fields are given by their names (`kw_only`)."""
    of_type: Any = value_type
    twin = make_dataclass("Twin", map(_with_default, fields(of_type)), slots=True, kw_only=True)
    assert _may_become(twin, of_type)

    def made(*args: P.args, **kwargs: P.kwargs) -> V:
        new = twin(*args, **kwargs)
        new.__class__ = value_type
        return cast("V", new)

    return made


def maker_in_order(value_type: Callable[..., V], names: Sequence[str]) -> Callable[..., V]:
    """A function of the values of all fields, in the order of these names. Any dataclass is served, some at the usual
    price."""
    twin = make_dataclass("Twin", names, slots=True)
    if not _may_become(twin, value_type):
        return lambda *values: value_type(**dict(zip(names, values, strict=True)))

    def made(*values: Any) -> V:
        new = twin(*values)
        new.__class__ = value_type
        return cast("V", new)

    return made


def evolution_of(value_type: type[V]) -> Callable[[V, Mapping[str, Any]], V]:
    """A function that does as dataclasses.replace(): it makes a value anew with some of its fields changed."""
    names = [one.name for one in fields(value_type)]  # type: ignore[arg-type]
    values_of, twin = attrgetter(*names), make_dataclass("Twin", names, slots=True)
    assert _may_become(twin, value_type)

    def evolved(value: V, moves: Mapping[str, Any]) -> V:
        new = twin(*values_of(value))
        for name, of in moves.items():
            setattr(new, name, of)
        new.__class__ = value_type
        return cast("V", new)

    return evolved


def _may_become(twin: type[Any], value_type: type[Any] | Callable[..., Any]) -> bool:
    """Not where its __init__ does more, or its slots lie otherwise: it has none, or those of a class before it."""
    try:
        object.__new__(twin).__class__ = value_type
    except TypeError:
        return False
    return not hasattr(value_type, "__post_init__")


def _with_default(one: "Field[Any]") -> tuple[str, type, Any]:
    assert one.default_factory is MISSING
    return one.name, object, field(default=one.default)
