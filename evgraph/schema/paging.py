"""A part of a long list, and how it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

V = TypeVar("V")
F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Page(Generic[F]):
    """At most `first` of what the filter finds, newest first, from before the id `before`."""

    where: F
    first: int
    before: int | None


@dataclass(frozen=True, slots=True)
class Slice(Generic[V]):
    values: Sequence[V]
    has_more: bool
