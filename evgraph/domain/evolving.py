"""Frozen dataclasses of many fields, made at a third of the price: for the road of the readings.

The __init__ of a frozen dataclass looks each field up to set it. Here a twin of the same slots that is not frozen is
filled, and becomes one of them: of a class with slots and without a __post_init__.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields, make_dataclass
from operator import attrgetter
from typing import Any, ParamSpec, TypeVar, cast

V = TypeVar("V")
P = ParamSpec("P")


def maker_of(value_type: Callable[P, V]) -> Callable[P, V]:
    """A function that does as a class whose fields are given by their names (`kw_only`)."""
    twin = make_dataclass("Twin", map(_with_default, _fields_of(value_type)), slots=True, kw_only=True)

    def made(*args: P.args, **kwargs: P.kwargs) -> V:
        new = twin(*args, **kwargs)
        new.__class__ = value_type
        return cast("V", new)

    return made


def evolution_of(value_type: type[V]) -> Callable[[V, Mapping[str, Any]], V]:
    """A function that does as dataclasses.replace(): it makes a value anew with some of its fields changed."""
    names = [one.name for one in _fields_of(value_type)]
    values_of, twin = attrgetter(*names), make_dataclass("Twin", names, slots=True)

    def evolved(value: V, moves: Mapping[str, Any]) -> V:
        new = twin(*values_of(value))
        for name, of in moves.items():
            setattr(new, name, of)
        new.__class__ = value_type
        return cast("V", new)

    return evolved


def _fields_of(value_type: Any) -> tuple["Field[Any]", ...]:
    assert not hasattr(value_type, "__post_init__")
    return fields(value_type)


def _with_default(one: "Field[Any]") -> tuple[str, type, Any]:
    assert one.default_factory is MISSING
    return one.name, object, field(default=one.default)
