"""graphql-transport-ws as Strawberry speaks it, but for subscriptions that are told together."""

from typing import Any, Protocol, cast

from starlette.websockets import WebSocket
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation as OnSocket

from evgraph.resolvers.context import Operation
from evgraph.sharing.hub import Sharing
from evgraph.sharing.lines import line_to
from evgraph.sharing.member import Member


class _View(Protocol):
    sharing: Sharing


class SharingHandler(BaseGraphQLTransportWSHandler[Operation, None]):
    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self._sharing = cast("_View", self.view).sharing
        self._line = line_to(cast("WebSocket", self.context.response))
        self._members: dict[str, Member] = {}

    async def run_operation(self, operation: OnSocket[Operation, None]) -> None:
        """Its task ends when it has joined the others; it is an operation of this socket until it leaves them."""
        member = await self._sharing.join(
            self.context,
            operation.query,
            operation.variables,
            operation.operation_name,
            id_=operation.id,
            line=self._line,
            ended=lambda: self._ended(operation),
        )
        if member is None:
            await super().run_operation(operation)
        else:
            self._members[operation.id] = member

    async def cleanup_operation(self, operation_id: str) -> None:
        member = self._members.pop(operation_id, None)
        if member is not None:
            member.leave()
        await super().cleanup_operation(operation_id)

    def _ended(self, operation: OnSocket[Operation, None]) -> None:
        operation.completed = True
        del self._members[operation.id]
        self.forget_id(operation.id)
