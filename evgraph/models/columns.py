"""Migration operations for columns that need no new table.

Tortoise's own AddField gives existing rows no value, and its reversal on SQLite rebuilds the table without the indexes
that RunSQL made; AlterField rebuilds it right away. These do neither, so each migration is reversible on both
databases. Nothing of the program may be imported here: old migrations use these operations too, and must keep doing
what they did.
"""

from copy import deepcopy
from typing import Any

from tortoise.fields import Field
from tortoise.fields.relational import RelationalField
from tortoise.migrations import operations as ops
from tortoise.migrations.exceptions import IncompatibleStateError
from tortoise.models import Model


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
        await _add(model, self.name, state_editor)

    async def database_backward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        if state_editor is None:
            return
        model = old_state.apps.get_model(f"{app_label}.{self.model_name}")
        await state_editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" DROP COLUMN "{self.name}"')


class AddColumns(ops.TortoiseOperation):
    """Several of one table, as AddColumn. Tortoise makes all models anew for each operation, so that one operation for
    each column takes many times as long."""

    def __init__(self, model_name: str, **columns: Field[Any]) -> None:
        self.model_name = model_name
        self.columns = columns

    def describe(self) -> str:
        return f"Add fields {', '.join(self.columns)} to {self.model_name}"

    def state_forward(self, app_label: str, state: Any) -> None:
        of_model = self.get_model_state(state, app_label, self.model_name)
        for name, field in self.columns.items():
            if name in of_model.fields:
                raise IncompatibleStateError(f"{self.model_name}.{name} is there already.")
            of_model.fields[name] = deepcopy(field)
        state.reload_models({(app_label, self.model_name)})

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        if state_editor is None:
            return
        model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        for name in self.columns:
            await _add(model, name, state_editor)

    async def database_backward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        if state_editor is None:
            return
        model = old_state.apps.get_model(f"{app_label}.{self.model_name}")
        for name in reversed(self.columns):
            await state_editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" DROP COLUMN "{name}"')


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


async def _add(model: type[Model], name: str, state_editor: Any) -> None:
    field = model._meta.fields_map[name]
    if isinstance(field, RelationalField) or field.index or field.unique:
        raise ValueError(f"{model.__name__}.{name}: use a plain column and ops.AddIndex.")
    column = f'"{name}" {field.get_for_dialect(state_editor.DIALECT, "SQL_TYPE")}'
    if not field.null:
        column += f" NOT NULL DEFAULT {_default(field, state_editor)}"
    await state_editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" ADD COLUMN {column}')


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
