"""Who may listen, asked again while they do."""

from datetime import timedelta

from evgraph.domain.people import Right
from evgraph.resolvers.context import Operation
from evgraph.resolvers.permissions import may_see, require
from evgraph.schema.errors import bad_user_input

ASKED_AGAIN_AFTER = timedelta(seconds=30)


def garage_in_sight(operation: Operation, right: Right, garage_id: int | None) -> int:
    """Raises Unauthenticated or Forbidden, or BAD_USER_INPUT for a garage that the viewer does not see."""
    if not may_see(operation.viewer, right, garage_id or 0) or garage_id is None:
        raise bad_user_input("There is no such garage.")
    return garage_id


class Watch:
    """A subscription ends soon after its viewer signed out, or lost the right."""

    def __init__(self, operation: Operation, right: Right, garage_id: int) -> None:
        self._operation = operation
        self._right = right
        self._garage_id = garage_id
        self._asked_at = operation.now()

    @classmethod
    def over_garage(cls, operation: Operation, right: Right, garage_id: int | None) -> "Watch":
        """Raises Unauthenticated or Forbidden, or BAD_USER_INPUT for a garage that the viewer does not see."""
        return cls(operation, right, garage_in_sight(operation, right, garage_id))

    async def check(self) -> None:
        """Before each event is told. Raises Unauthenticated or Forbidden."""
        operation, now = self._operation, self._operation.now()
        if operation.token is None or now - self._asked_at < ASKED_AGAIN_AFTER:
            return
        self._asked_at = now
        operation.viewer = await operation.services.people.viewer_of(operation.token)
        require(operation.viewer, self._right, self._garage_id)
