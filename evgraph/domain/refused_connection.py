"""A handshake that was turned away (C1)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedConnection:
    """`identity` is what it said that it is, known or not; `remote` where it came from."""

    id: int
    identity: str
    remote: str
    reason: str
    at: datetime
