"""What one operation works with."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

import strawberry
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket

from evgraph.domain.people import Right, Viewer
from evgraph.execution import Loads
from evgraph.models.reads import note_anything
from evgraph.resolvers import permissions
from evgraph.resolvers.known import Known
from evgraph.resolvers.loaders import make_loaders
from evgraph.schema.context import Loaders
from evgraph.services.house import Services


@dataclass(frozen=True, slots=True)
class Done:
    """What a mutation gave, or why it failed: it is not done again to tell what of its answer cannot be told."""

    payload: Any = None
    failure: Exception | None = None

    def again(self) -> Any:
        """Raises what it failed with."""
        if self.failure is not None:
            raise self.failure
        return self.payload


@dataclass(kw_only=True)
class Operation:
    """`done`: where its mutation is done already. `connection_params` is filled by Strawberry from connection_init. One
    object serves a whole socket, and gives each operation on it a copy of its own (`begin`)."""

    services: Services
    loaders: Loaders
    viewer: Viewer | None
    token: str | None = field(repr=False)
    request: HTTPConnection
    response: Response | WebSocket
    connection_params: dict[str, Any] | None = field(default=None, repr=False)
    done: Done | None = None

    @property
    def loads(self) -> Loads:
        return self.loaders.loads

    def now(self) -> datetime:
        self._note_what_passes()
        return self.services.clock.now()

    def last_seen(self, identity: str) -> datetime | None:
        self._note_what_passes()
        return self.services.gateway.last_seen(identity)

    def _note_what_passes(self) -> None:
        """What is told here is another soon, and nothing in the database says so."""
        self.loads.spoil()
        note_anything()

    def require(self, right: Right, garage_id: int) -> None:
        permissions.require(self.viewer, right, garage_id)

    def renew(self, known: Known | None = None) -> None:
        """Fresh loaders: what was loaded before a change is not shown after it."""
        self.loaders = make_loaders(self.services, known)

    async def begin(self) -> "Operation":
        """This operation's own context. On a socket that has been open for hours, the token may be no more."""
        viewer = self.viewer
        if isinstance(self.response, WebSocket) and self.token:
            viewer = await self.services.people.viewer_of(self.token)
        return replace(self, viewer=viewer, loaders=make_loaders(self.services))


Info: TypeAlias = strawberry.Info[Operation, None]
