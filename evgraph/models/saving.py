"""A value saved as its row, in SQL of our own; within the transaction that is open."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from tortoise.exceptions import ValidationError
from tortoise.fields import BooleanField, CharField, DatetimeField, DecimalField, IntField, TextField
from tortoise.models import Model

from evgraph.models.database import is_sqlite
from evgraph.models.plain import select

V = TypeVar("V")
_Writer = Callable[[Any], Any]


async def insert(row_type: type[Model], value: V, *without: str) -> V:
    """With the id that the database gave it, as its row holds it. `without`: the value's fields that stand in no column
    of the row. Raises ValidationError for a text that is too long."""
    statements = _statements(row_type, type(value), without, is_sqlite())  # type: ignore[arg-type]
    ((id_,),) = await select(statements.insert, *_columns(statements, value))
    return replace(value, id=id_, **{name: read(getattr(value, name)) for name, read in statements.kept_otherwise})  # type: ignore[type-var]


async def update(row_type: type[Model], value: Any, *without: str) -> None:
    """The row of the value's id. Raises ValidationError for a text that is too long."""
    statements = _statements(row_type, type(value), without, is_sqlite())  # type: ignore[arg-type]
    await select(statements.update, *_columns(statements, value), value.id)


class _Statements(NamedTuple):
    """`writers`: by their names, what makes the column of a value; null where it is the value. `kept_otherwise`: what a
    column of such a value holds, where that is another one."""

    insert: str
    update: str
    writers: tuple[tuple[str, _Writer | None], ...]
    kept_otherwise: tuple[tuple[str, _Writer], ...]


@cache
def _statements(row_type: type[Model], value_type: type[Any], without: tuple[str, ...], is_sqlite: bool) -> _Statements:
    names = [field.name for field in fields(value_type) if field.name not in ("id", *without)]
    # Quoted, for authorization is a word of PostgreSQL's.
    quoted, table = [f'"{name}"' for name in names], row_type._meta.db_table
    of = row_type._meta.fields_map
    return _Statements(
        insert=f"INSERT INTO {table} ({', '.join(quoted)}) VALUES ({', '.join('?' * len(names))}) RETURNING id",  # noqa: S608 - names of ours
        update=f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in quoted)} WHERE id = ?",  # noqa: S608 - names of ours
        writers=tuple((name, _writer(row_type, name, is_sqlite)) for name in names),
        kept_otherwise=tuple((name, of[name].to_python_value) for name in names if isinstance(of[name], DecimalField)),
    )


def _columns(statements: _Statements, value: Any) -> list[Any]:
    columns = []
    for name, write in statements.writers:
        column = getattr(value, name)
        columns.append(column if write is None or column is None else write(column))
    return columns


def _writer(row_type: type[Model], name: str, is_sqlite: bool) -> _Writer | None:
    field = row_type._meta.fields_map[name]
    match field:
        case DatetimeField():
            return _text_of_instant if is_sqlite else None
        case _ if hasattr(field, "enum_type"):
            return attrgetter("value")
        case CharField(max_length=longest):
            return _no_longer_than(longest, name)
        case IntField() | BooleanField() | TextField():
            return None
        case _:
            to_python, to_db = field.to_python_value, field.to_db_value
            return lambda column: to_db(to_python(column), row_type)


def _text_of_instant(at: datetime) -> str:
    return at.isoformat(" ")


def _no_longer_than(longest: int, name: str) -> _Writer:
    def write(text: str) -> str:
        if len(text) > longest:
            raise ValidationError(f"{name}: {len(text)} characters, of {longest} that it may have")
        return text

    return write
