"""Statements for many rows at once, spelt for both databases: SQLite runs one for each row, PostgreSQL one over arrays
of columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from tortoise.fields import DatetimeField
from tortoise.models import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """`pattern`: PostgreSQL's, with {given} where the columns come from, and {only_if} as one of its conditions.
    `types`: PostgreSQL's, of the columns. `instants`: the places of those that are instants."""

    sqlite: str
    pattern: str
    types: tuple[str, ...]
    instants: tuple[int, ...]

    @cache  # noqa: B019 - there are as many as statements in the code
    def postgres(self, first: int = 1, only_if: str = "TRUE") -> str:
        """Its parameters are one array for each column, numbered from `first`."""
        arrays = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(self.types, first))
        return self.pattern.format(given=f"unnest({arrays})", only_if=only_if)


@dataclass(frozen=True, slots=True)
class Save:
    """`rows`: each as long as the statement's columns, in their order."""

    bulk: Bulk
    rows: Sequence[Sequence[Any]]

    def as_rows(self) -> Sequence[Sequence[Any]]:
        """For SQLite, whose own way to write an instant gives the same text, and takes three times as long."""
        if not self.bulk.instants or not self.rows:
            return self.rows
        texts: dict[datetime | None, str | None] = {None: None}
        columns = self.as_columns()
        for place in self.bulk.instants:
            column = columns[place]
            for at in column:
                if at not in texts:
                    texts[at] = at.isoformat(" ")
            columns[place] = [texts[at] for at in column]
        return list(zip(*columns, strict=True))

    def as_columns(self) -> list[Sequence[Any]]:
        return list(zip(*self.rows, strict=True))


def insert(row_type: type[Model], *columns: str) -> Bulk:
    """What is there already stays as it is."""
    table, names = row_type._meta.db_table, ", ".join(columns)
    return Bulk(
        sqlite=f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))}) ON CONFLICT DO NOTHING",  # noqa: S608
        pattern=f"INSERT INTO {table} ({names}) SELECT * FROM {{given}} WHERE {{only_if}} ON CONFLICT DO NOTHING",  # noqa: S608
        types=_types(row_type, columns),
        instants=_instants(row_type, columns),
    )


def complete(row_type: type[Model], *columns: str, key: Sequence[str], changed: Sequence[str]) -> Bulk:
    """An upsert: of a row with this key that is there already, these columns change."""
    table, names = row_type._meta.db_table, ", ".join(columns)
    changes = ", ".join(f"{name} = excluded.{name}" for name in changed)
    on_conflict = f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    return Bulk(
        sqlite=f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))}) {on_conflict}",  # noqa: S608
        pattern=f"INSERT INTO {table} ({names}) SELECT * FROM {{given}} WHERE {{only_if}} {on_conflict}",  # noqa: S608
        types=_types(row_type, columns),
        instants=_instants(row_type, columns),
    )


def update(row_type: type[Model], *columns: str) -> Bulk:
    """Of the rows whose `id` stands behind these columns."""
    table, given = row_type._meta.db_table, (*columns, "id")
    changes = ", ".join(f"{name} = ?" for name in columns)
    taken = ", ".join(f"{name} = given.{name}" for name in columns)
    return Bulk(
        sqlite=f"UPDATE {table} SET {changes} WHERE id = ?",  # noqa: S608 - names of ours
        pattern=f"UPDATE {table} SET {taken} FROM {{given}} AS given ({', '.join(given)})"  # noqa: S608
        f" WHERE {table}.id = given.id AND {{only_if}}",
        types=_types(row_type, given),
        instants=_instants(row_type, given),
    )


def _types(row_type: type[Model], columns: Sequence[str]) -> tuple[str, ...]:
    fields = row_type._meta.fields_map
    return tuple(fields[name].get_for_dialect("postgres", "SQL_TYPE") for name in columns)


def _instants(row_type: type[Model], columns: Sequence[str]) -> tuple[int, ...]:
    fields = row_type._meta.fields_map
    return tuple(place for place, name in enumerate(columns) if isinstance(fields[name], DatetimeField))
