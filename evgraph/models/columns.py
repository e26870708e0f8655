"""Migration operations for columns that need no new table.

Tortoise's own AddField gives existing rows no value, and its reversal on SQLite rebuilds the table without the indexes
that RunSQL made; AlterField rebuilds it right away. These do neither, so each migration is reversible on both
databases. Nothing of the program may be imported here: old migrations use these operations too, and must keep doing
what they did.
"""

from typing import Any

from tortoise.fields.relational import RelationalField
from tortoise.migrations import operations as ops


class AddColumn(ops.AddField):
    """ADD COLUMN, reversed by DROP COLUMN. For a column that may be null, or whose field has a constant default, which
    existing rows get. Raises ValueError for a foreign key and for an indexed or unique field: SQLite cannot add or drop
    those; use a plain column and ops.AddIndex."""

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        if state_editor is None:
            return
        model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        field = model._meta.fields_map[self.name]
        if isinstance(field, RelationalField) or field.index or field.unique:
            raise ValueError(f"{self.model_name}.{self.name}: use a plain column and ops.AddIndex.")
        column = f'"{self.name}" {field.get_for_dialect(state_editor.DIALECT, "SQL_TYPE")}'
        if not field.null:
            column += f" NOT NULL DEFAULT {_default(field, state_editor)}"
        await state_editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" ADD COLUMN {column}')

    async def database_backward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        if state_editor is None:
            return
        model = old_state.apps.get_model(f"{app_label}.{self.model_name}")
        await state_editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" DROP COLUMN "{self.name}"')


class AlterMeaning(ops.AlterField):
    """A changed field whose column stays as it is: an enum has one more value, or its description says something else.
    The database is not touched in either direction."""

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        return

    async def database_backward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        return


def _default(field: Any, state_editor: Any) -> str:
    """The field's default as an SQL literal. Raises ValueError where it has no constant one."""
    value = field.to_db_value(field.default, None)
    if isinstance(value, bool):
        # SQLite keeps them as numbers, as in the tables of the first migration.
        return str(int(value)) if state_editor.DIALECT == "sqlite" else str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        return f"'{quoted}'"
    raise ValueError(f"{value!r} is not a default that existing rows can get: use a number, a truth value, or text.")
