"""What of a viewer may decide what a subscription shows: their rights, and nothing of their person."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from evgraph.domain.people import Right, Role, Viewer
from evgraph.execution import Loads
from evgraph.resolvers import permissions
from evgraph.resolvers.known import Known
from evgraph.resolvers.loaders import make_loaders
from evgraph.schema.context import Loaders
from evgraph.services.house import Services

# The organisation, and the role in each of its garages.
Rights: TypeAlias = tuple[int, tuple[tuple[int, Role], ...]]
_NOBODY = 0


def rights_of(viewer: Viewer) -> Rights:
    """Equal for viewers who are shown the same."""
    return viewer.organization_id, tuple(sorted(viewer.roles.items()))


def anyone_with(rights: Rights) -> Viewer:
    organization_id, roles = rights
    return Viewer(id=_NOBODY, organization_id=organization_id, organization="", name="", email=None, roles=dict(roles))


@dataclass(frozen=True, slots=True)
class SharedContext:
    """An OperationContext for all who have the same rights: no name, email, token or request is in it."""

    services: Services
    viewer: Viewer
    loaders: Loaders

    @property
    def loads(self) -> Loads:
        return self.loaders.loads

    def now(self) -> datetime:
        return self.services.clock.now()

    def last_seen(self, identity: str) -> datetime | None:
        return self.services.gateway.last_seen(identity)

    def require(self, right: Right, garage_id: int) -> None:
        permissions.require(self.viewer, right, garage_id)


def shared_context(services: Services, viewer: Viewer, known: Known | None = None) -> SharedContext:
    return SharedContext(services, viewer, make_loaders(services, known))
