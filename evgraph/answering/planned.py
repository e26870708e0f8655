"""Queries by way of their plans, wherever Strawberry executes them."""

from collections.abc import AsyncIterator

from graphql import ExecutionResult
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from evgraph.answering.plans import Plans


class Planned(SchemaExtension):
    """Gives the result of a plan that ran without an error. Else graphql-core executes the operation, as if nothing had
    been: a query changes nothing, and what was loaded for it need not be loaded again."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    async def on_execute(self) -> AsyncIterator[None]:
        asked = self.execution_context
        if asked.operation_type is OperationType.QUERY and asked.graphql_document is not None:
            plan = self._plans.of(asked.schema, asked.graphql_document, asked.operation_name, asked.variables)
            if plan is not None:
                try:
                    data = await plan.run(asked.context, asked.root_value, asked.variables)
                except Exception:  # noqa: S110 - graphql-core meets it again, and says where it belongs.
                    pass
                else:
                    asked.result = ExecutionResult(data, None)
        yield
