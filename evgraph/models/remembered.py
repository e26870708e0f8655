"""Values made of rows, remembered: a row that says what it said last time is the very same value.

So whoever made something of a value knows by its identity that it still holds; and of a garage's board, which is read
again with each of its changes, only what has changed is made anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cached_property
from typing import Any, Generic, TypeVar

from tortoise.fields import DecimalField
from tortoise.models import Model

from evgraph.domain.evolving import maker_in_order
from evgraph.models.plain import Reader, readers_of

V = TypeVar("V")
_MOST = 8_000


class Remembering(Generic[V]):
    """What was made of rows, by their first column. Bounded: what has not been asked for longest goes first."""

    def __init__(self, make: Callable[[tuple[Any, ...]], V]) -> None:
        self._make = make
        self._recent: dict[Any, tuple[tuple[Any, ...], V]] = {}
        self._older: dict[Any, tuple[tuple[Any, ...], V]] = {}

    def of(self, row: tuple[Any, ...]) -> V:
        """What was made of a row that said the same, or what is made of it now."""
        key = row[0]
        kept = self._recent.get(key)
        if kept is not None and kept[0] == row:
            return kept[1]
        older = self._older.get(key)
        kept = older if older is not None and older[0] == row else (row, self._make(row))
        self._recent[key] = kept
        if len(self._recent) > _MOST:
            self._older, self._recent = self._recent, {}
        return kept[1]


class Values(Generic[V]):
    """Rows of one table as values, each row the same value as long as it says the same."""

    def __init__(self, row_type: type[Model], value_type: type[V], elsewhere: Sequence[str] = ()) -> None:
        """`elsewhere`: the value's fields that stand in no column of the row; they follow its columns."""
        self.own_columns = [field.name for field in fields(value_type) if field.name not in elsewhere]  # type: ignore[arg-type]
        self.decimals = {
            name for name in self.own_columns if isinstance(row_type._meta.fields_map.get(name), DecimalField)
        }
        self._row_type = row_type
        names = [*self.own_columns, *elsewhere]
        self._value_of = maker_in_order(value_type, names)
        # How many columns of a row are the value's.
        self.width = len(names)
        self.of = Remembering(self._made).of

    @cached_property
    def _readers(self) -> list[tuple[int, Reader]]:
        # Not before: Tortoise adds the columns of foreign keys when it is opened.
        return readers_of(self._row_type, tuple(self.own_columns))

    def columns(self, alias: str) -> str:
        """Those of its row, for a SELECT. Quoted, for authorization is a word of PostgreSQL's."""
        return ", ".join(f'{alias}."{name}"' for name in self.own_columns)

    def _made(self, row: tuple[Any, ...]) -> V:
        columns = list(row)
        for place, read in self._readers:
            column = columns[place]
            if column is not None:
                columns[place] = read(column)
        return self._value_of(*columns)
