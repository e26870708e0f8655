"""What went over the wire, and over which connection: where to look when a charger is in doubt (C1, C10)."""

from dataclasses import dataclass
from datetime import datetime

from evgraph.domain.charge_point import FrameDirection, FrameKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedFrame:
    """One OCPP-J frame, secrets redacted (C10). Ids rise with time, in the order in which the frames came and went.
    `at` of a frame received is the instant that its handler went by; `action` is that of the CALL, also on its answer,
    and null where it cannot be read. `frame` is the text; of a binary frame its bytes as hex digits."""

    id: int
    charge_point_id: int
    at: datetime
    direction: FrameDirection
    kind: FrameKind
    message_id: str | None
    action: str | None
    frame: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointConnection:
    """One connection of a charge point (C1). `disconnected_at` is null while it is open. `security_profile`: 0 without
    a key, 1 with one, 2 with one over TLS, 3 with a certificate of its own."""

    id: int
    charge_point_id: int
    remote: str
    subprotocol: str | None
    security_profile: int
    connected_at: datetime
    disconnected_at: datetime | None
    close_code: int | None
    close_reason: str | None
