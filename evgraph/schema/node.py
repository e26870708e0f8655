"""Types that wrap a value, and those of them that have a global id."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from evgraph.schema.global_ids import encode

M = TypeVar("M", bound=Callable[..., Any])


def resolved(description: str | None = None, *, name: str | None = None) -> Callable[[M], M]:
    """A field that a method answers, with its documentation."""
    return cast("Callable[[M], M]", strawberry.field(description=description, name=name))


def from_value(description: str | None = None) -> Any:
    """A field that is read from the wrapped value, by its own name (see `read`)."""
    field: Any = strawberry.field(description=description)
    field.init = field.repr = field.compare = False
    return field


def read(source: Any, name: str) -> Any:
    """The schema's default resolver: a field without a method is the wrapped value's, or the object's own."""
    return getattr(getattr(source, "value", source), name)


@strawberry.interface(description="Anything with a global id that `node` can fetch again.")
class Node:
    value: strawberry.Private[Any]

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return encode(type(self).__name__, self.value.id)
