"""One event executed for everybody: by the document's plan, and where that gives up by graphql-core."""

from typing import Any

import orjson
from graphql import ExecutionResult, execute
from strawberry import Schema

from evgraph.answering import Plans
from evgraph.resolvers.masking import masked
from evgraph.resolvers.subscriptions.watched import Shown
from evgraph.services.house import Services
from evgraph.sharing.documents import Sharable, Variables
from evgraph.sharing.rights import Rights, anyone_with, shared_context


class Execution:
    def __init__(
        self,
        schema: Schema,
        plans: Plans,
        services: Services,
        sharable: Sharable,
        variables: Variables,
        rights: Rights,
    ) -> None:
        self._schema = schema._schema
        self._services = services
        self._sharable = sharable
        self._variables = variables
        self._viewer = anyone_with(rights)
        self._plan = plans.of(schema, sharable.document, sharable.name, variables)

    async def payload(self, shown: Shown) -> bytes:
        """What a `next` message carries: the data, and the errors in it."""
        if self._plan is not None:
            context = shared_context(self._services, self._viewer, shown.known)
            try:
                return orjson.dumps({"data": await self._plan.run(context, shown.payload, self._variables)})
            except Exception:  # noqa: S110
                # graphql-core finds out what went wrong where, with loaders that have seen nothing of it.
                pass
        return orjson.dumps(await self._by_graphql_core(shown))

    async def _by_graphql_core(self, shown: Shown) -> dict[str, Any]:
        result = execute(
            self._schema,
            self._sharable.document,
            root_value=shown.payload,
            context_value=shared_context(self._services, self._viewer, shown.known),
            variable_values=dict(self._variables or {}),
            operation_name=self._sharable.name,
        )
        answered = result if isinstance(result, ExecutionResult) else await result
        answer: dict[str, Any] = {"data": answered.data}
        if answered.errors:
            answer["errors"] = [masked(error, self._sharable.name).formatted for error in answered.errors]
        return answer
