"""A column more in a table that has rows already. Tortoise's own AddField gives the rows that are there no value, and
on SQLite takes a column back by making the table anew without its indexes and promises; this one does neither."""

from typing import Any

from tortoise.migrations import operations as ops


class AddColumn(ops.AddField):
    """For columns that are null, or whose field has a default that stands in the rows that are there."""

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        if state_editor is None:
            return
        model = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        field = model._meta.fields_map[self.name]
        column = f'"{self.name}" {field.get_for_dialect(state_editor.DIALECT, "SQL_TYPE")}'
        if not field.null:
            default = field.default
            value = state_editor._escape_default_value(int(default) if state_editor.DIALECT == "sqlite" else default)
            column += f" NOT NULL DEFAULT {value}"
        await state_editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" ADD COLUMN {column}')

    async def database_backward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        if state_editor is None:
            return
        model = old_state.apps.get_model(f"{app_label}.{self.model_name}")
        await state_editor._run_sql(f'ALTER TABLE "{model._meta.db_table}" DROP COLUMN "{self.name}"')
