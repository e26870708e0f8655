"""Between rows and the domain's values: a row has a column for each field of its value."""

from dataclasses import fields
from typing import Any, ClassVar, TypeVar

from tortoise import fields as columns
from tortoise.models import Model

from evgraph.domain.charging_session import SessionFlag

V = TypeVar("V")


def to_value(row: Model, value_type: type[V], **more: Any) -> V:
    """The value that a row holds; `more` gives the fields that stand in no column of it."""
    names = (field.name for field in fields(value_type) if field.name not in more)  # type: ignore[arg-type]
    return value_type(**{name: getattr(row, name) for name in names}, **more)


def to_columns(value: Any, *without: str) -> dict[str, Any]:
    """A value's fields by column, to create or update its row with; never its id."""
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name not in ("id", *without)}


def flags_column(flags: frozenset[SessionFlag]) -> str:
    return ",".join(sorted(flags))


class FlagsField(columns.Field[frozenset[SessionFlag]], frozenset):  # type: ignore[type-arg]
    """A set of session flags, as their names in order, parted by commas."""

    SQL_TYPE: ClassVar[str] = "VARCHAR(200)"  # type: ignore[misc]

    def to_db_value(self, value: Any, instance: Any) -> str:
        return value if isinstance(value, str) else flags_column(value)

    def to_python_value(self, value: Any) -> frozenset[SessionFlag]:
        if isinstance(value, str):
            return frozenset(SessionFlag(name) for name in value.split(",") if name)
        return frozenset(value or ())
