"""Rows as the domain's values, in SQL of our own: an object of Tortoise's for each is too dear for readings and taps.
To make a session's takes it 85 µs, and its statement as much; to read the value alone takes 14.

A `?` stands for a parameter on both databases, and where that is a list, behind IN, for as many as it holds. Within a
transaction on SQLite a statement goes in the event loop itself (`sqlite.Transaction.rows`).
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache, lru_cache
from itertools import count
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection
from tortoise.fields import BooleanField, CharField, DatetimeField, Field, IntField, TextField
from tortoise.models import Model

from evgraph.domain.evolving import maker_in_order
from evgraph.models.bulk import Save
from evgraph.models.database import WRITER, is_sqlite
from evgraph.models.sqlite import Transaction

V = TypeVar("V")
Reader = Callable[[Any], Any]


async def select_values(
    row_type: type[Model],
    value_type: type[V],
    where: str,
    *parameters: Any,
    db: BaseDBAsyncClient | None = None,
) -> list[V]:
    """The values that those rows hold, as `to_value` makes them; by `db`, or within the transaction that is open."""
    head, made, readers = _selecting(row_type, value_type)  # type: ignore[arg-type]
    values = []
    for row in await select(head + where, *parameters, db=db):
        columns = list(row)
        for place, read in readers:
            column = columns[place]
            if column is not None:
                columns[place] = read(column)
        values.append(made(*columns))
    return values


@cache
def _selecting(
    row_type: type[Model], value_type: type[Any]
) -> tuple[str, Callable[..., Any], list[tuple[int, Reader]]]:
    """A statement up to its WHERE, what makes the value of its columns, and what reads those first."""
    names = [field.name for field in fields(value_type)]
    # Quoted, for authorization is a word of PostgreSQL's.
    quoted = ", ".join(f'"{name}"' for name in names)
    head = f"SELECT {quoted} FROM {row_type._meta.db_table} WHERE "  # noqa: S608 - names of ours
    return head, maker_in_order(value_type, names), readers_of(row_type, tuple(names))


async def select(statement: str, *parameters: Any, db: BaseDBAsyncClient | None = None) -> list[tuple[Any, ...]]:
    """The rows that a statement returns, columns as the database has them; by `db`, or within the transaction that is
    open."""
    client, asked, given = db or get_connection(WRITER), marked(statement, parameters), flat(parameters)
    if isinstance(client, Transaction):
        return client.rows(asked, given)
    if asked.startswith("SELECT"):
        _, rows = await client.execute_query(asked, given)
        return [tuple(row) for row in rows]
    # Of what else returns rows, Tortoise gives none on PostgreSQL but in this way.
    return [tuple(row.values()) for row in await client.execute_query_dict(asked, given)]


async def execute_many(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """The statement once for each row of parameters; within the transaction that is open."""
    if rows:
        await get_connection(WRITER).execute_many(marked(statement, rows[0]), rows)  # type: ignore[arg-type]


async def execute(save: Save) -> None:
    """Saves those rows; within the transaction that is open."""
    if save.rows:
        if is_sqlite():
            await get_connection(WRITER).execute_many(save.bulk.sqlite, save.as_rows())  # type: ignore[arg-type]
        else:
            await get_connection(WRITER).execute_query(save.bulk.postgres(), save.as_columns())


def flat(parameters: Sequence[Any]) -> list[Any]:
    """As many as `marked` makes marks for: the last of a list stands for those that there are not."""
    found: list[Any] = []
    for given in parameters:
        if isinstance(given, list):
            found += given
            found += given[-1:] * (rounded(len(given)) - len(given))
        else:
            found.append(given)
    return found


def rounded(length: int) -> int:
    """The next power of two: a statement of its own for each length would fill the database's cache of them, with some
    hundred kilobytes each where they are long."""
    return 1 << (length - 1).bit_length() if length else 0


def marked(statement: str, parameters: Sequence[Any]) -> str:
    """With the database's own marks: SQLite's have no numbers, PostgreSQL's must have them."""
    lengths = tuple([rounded(len(given)) if isinstance(given, list) else None for given in parameters])
    return _marked(statement, lengths, is_sqlite())


@lru_cache(2000)
def _marked(statement: str, lengths: tuple[int | None, ...], is_sqlite: bool) -> str:
    """`lengths`: of the lists, null where a parameter is one by itself."""
    marks = ("?" for _ in count()) if is_sqlite else (f"${number}" for number in count(1))
    head, *rest = statement.split("?")
    for length, following in zip(lengths, rest, strict=True):
        asked = [next(marks) for _ in range(1 if length is None else length)]
        # PostgreSQL takes no empty list; nothing is equal to NULL, and so nothing is in this one either.
        head += (", ".join(asked) or "NULL") + following
    return head


@cache
def readers_of(row_type: type[Model], names: tuple[str, ...]) -> list[tuple[int, Reader]]:
    """By their places, those of these columns that are not the value as they come."""
    readers = [(place, _reader(row_type._meta.fields_map[name])) for place, name in enumerate(names)]
    return [(place, read) for place, read in readers if read is not None]


def _reader(field: Field[Any]) -> Reader | None:
    """What makes the value of a column that is not null; null where it is the value."""
    match field:
        case DatetimeField():
            return _instant
        case BooleanField():
            return bool
        case _ if hasattr(field, "enum_type"):
            # Many times as quick as to call the type.
            return {member.value: member for member in field.enum_type}.__getitem__
        case IntField() | CharField() | TextField():
            return None
        case _:
            return field.to_python_value


def _instant(column: Any) -> datetime:
    return column if isinstance(column, datetime) else datetime.fromisoformat(column)
