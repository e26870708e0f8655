"""Who was connected when, from where, and why it ended (C1)."""

from evgraph.models import ConnectionRow
from evgraph.services.interfaces import Clock

RESTARTED = "The server was restarted."
_LONGEST_REMOTE = 100
_LONGEST_SUBPROTOCOL = 40
_LONGEST_REASON = 200


class Connections:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def opened(self, charge_point_id: int, *, remote: str, subprotocol: str | None, security_profile: int) -> int:
        """The connection's id, to close it by."""
        row = await ConnectionRow.create(
            charge_point_id=charge_point_id,
            remote=remote[:_LONGEST_REMOTE],
            subprotocol=subprotocol[:_LONGEST_SUBPROTOCOL] if subprotocol is not None else None,
            security_profile=security_profile,
            connected_at=self._clock.now(),
        )
        return row.id

    async def closed(self, connection_id: int, *, code: int | None, reason: str | None) -> None:
        """`code`: of the WebSocket close (RFC 6455 section 7.4). What was closed stays as it was told first."""
        await ConnectionRow.filter(id=connection_id, disconnected_at__isnull=True).update(
            disconnected_at=self._clock.now(),
            close_code=code,
            close_reason=reason[:_LONGEST_REASON].replace("\x00", "") if reason else None,
        )

    async def forget(self) -> None:
        """At our own start: what a process that was killed left open ended with it (X1)."""
        await ConnectionRow.filter(disconnected_at__isnull=True).update(
            disconnected_at=self._clock.now(), close_reason=RESTARTED
        )
