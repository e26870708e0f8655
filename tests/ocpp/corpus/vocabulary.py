"""The words that a case is told in: what a charger says, what it is answered, what stands in the books afterwards.

It is 12:00:00 UTC on 2026-03-01. A ticket's session asked for at 11:00:00 began at that moment with the register at
1000 Wh, at a port of 11.5 kW and a rate of 25 c/kWh.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BEGUN = datetime(2026, 3, 1, 11, 0, tzinfo=UTC)
METER_START = 1000

# In a frame: the session's transactionId, as a number and as a text, and its idTag.
TX = "@transaction@"
TX_TEXT = "@transaction as text@"
TAG = "@tag@"
# The id of our CALL that waits.
COMMAND = "@command@"
# A garage's card that may start without a ticket; and one that is blocked in no way, but expired.
CARD, OLD_CARD = "STAFF-1", "STAFF-OLD"
EXPIRED_AT = "2026-02-27T11:00:00.000Z"


class Given(Enum):
    """What was there before the charger spoke."""

    CONNECTED = "a registered charge point with one connector, free"
    ASKED = "a start that was asked for and accepted; the vehicle is not plugged in yet"
    CHARGING = "a ticket's session that runs"
    METERED = "the same, of a card and without a ticket: what is metered is metered alike"
    ENDED = "a ticket's session that ended at 6000 Wh, and was billed"
    COMMANDED = "as connected, and our Reset waits for its answer"
    PENDING = "a charge point that is not accepted yet"
    REJECTED = "a charge point that an operator rejected"


class Quiet(Enum):
    """It is not answered."""

    NOTHING = "nothing"
    AGAIN = "the answer to the frame before, letter by letter"


NOTHING, AGAIN = Quiet.NOTHING, Quiet.AGAIN


@dataclass(frozen=True)
class Result:
    """A CALLRESULT with exactly this payload."""

    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Started:
    """A CALLRESULT with a transactionId that is a positive int32. `same`: the given session's. `expires`: the card."""

    status: str = "Accepted"
    same: bool = False
    expires: str | None = None


@dataclass(frozen=True)
class Time:
    """A CALLRESULT with the present time in UTC, with Z, and this besides."""

    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Error:
    """A CALLERROR of five elements."""

    code: str


@dataclass(frozen=True)
class Closed:
    """The connection ends."""

    code: int


Answer = Quiet | Result | Started | Time | Error | Closed

FINE = Result()


@dataclass(frozen=True)
class Binary:
    content: bytes


@dataclass(frozen=True)
class Said:
    """One frame: its text, the bytes of a text frame, or a binary one. `message_id` is what the answer bears; `times`
    it is sent, one after the other, before the answer is looked for."""

    frame: "str | bytes | Binary"
    answer: Answer
    message_id: Any = "m1"
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class Books:
    """All that a frame can move. `session` is the given one, or else the one that was begun; `quarantined` a piece of
    each reason, in their order; `sessions` counts all of the charge point."""

    session: str | None = None
    sessions: int = 0
    energy_wh: int = 0
    cents: int = 0
    power_w: int | None = None
    reason: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    flags: frozenset[str] = frozenset()
    samples: int = 0
    quarantined: tuple[str, ...] = ()
    port: str = "Available"
    error: str | None = None
    info: str | None = None
    connectors: tuple[int, ...] = (1,)


class Command(Enum):
    """What became of a CALL of ours."""

    ACCEPTED = "it was answered Accepted"
    REFUSED = "it failed at once: a CALLERROR, or an answer that cannot be read"
    WAITING = "it still waits for its answer"


BEFORE = {
    Given.CONNECTED: Books(),
    Given.COMMANDED: Books(),
    Given.PENDING: Books(),
    Given.REJECTED: Books(),
    Given.ASKED: Books(session="STARTING", sessions=1),
    Given.CHARGING: Books(session="CHARGING", sessions=1, started_at=BEGUN),
    Given.METERED: Books(session="CHARGING", sessions=1, started_at=BEGUN),
    Given.ENDED: Books(
        session="ENDED",
        sessions=1,
        energy_wh=5000,
        cents=125,
        reason="Local",
        started_at=BEGUN,
        ended_at=datetime(2026, 3, 1, 11, 40, tzinfo=UTC),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """`rules` are those of docs/rules.md. `command` is what our Reset came to, where one was waiting."""

    rules: str
    name: str
    given: Given
    said: tuple[Said, ...]
    books: Books
    command: Command | None = None

    def __str__(self) -> str:
        return f"{self.rules} {self.name}"


def case(rules: str, name: str, given: Given, *said: Said, command: Command | None = None, **changed: Any) -> Case:
    """What is not `changed` stays in the books as it was."""
    if "flags" in changed:
        changed["flags"] = frozenset(changed["flags"].split())
    for stamp in ("started_at", "ended_at"):
        if isinstance(changed.get(stamp), str):
            changed[stamp] = datetime.fromisoformat(changed[stamp])
    return Case(
        rules=rules, name=name, given=given, said=said, books=replace(BEFORE[given], **changed), command=command
    )


def call(action: Any, payload: Any, answer: Answer = FINE, message_id: Any = "m1") -> Said:
    """A well-formed CALL."""
    return Said(json.dumps([2, message_id, action, payload]), answer, message_id)


def without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in names}
