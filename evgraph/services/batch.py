"""A batch of readings: which session each message means, what it makes of it, and the rows that say so."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.energy import Reading, has_inlet, is_same_instant, is_stamp_replaced
from evgraph.domain.session_clock import is_since_start, readings_within
from evgraph.domain.session_metering import readings_taken
from evgraph.domain.supply import Supply
from evgraph.models import SessionRow
from evgraph.models.bulk import Save, update
from evgraph.models.meter_samples import COMPLETE, INSERT, INSERT_DETAILED, detail_of
from evgraph.models.records import flags_column
from evgraph.services.newest_instants import NewestInstant, NewestInstants

_NEARLY_ALWAYS = (
    "flags",
    "carried_wh",
    "base_register_wh",
    "energy_wh",
    "power_w",
    "last_meter_at",
    "available_since",
    "register_at",
    "leapt_to_wh",
    "leapt_at",
    "low_power_since",
    "full_since",
)
# What readings change once or twice a session.
_SELDOM = (
    "meter_start_wh",
    "register_source",
    "register_step_wh",
    "free_at",
    "ev_gone_register_wh",
    "held_back_from_wh",
    "held_back_since",
    "held_back_to_wh",
)
_SAVE_SESSIONS = update(SessionRow, *_NEARLY_ALWAYS)
_SAVE_WHOLE_SESSIONS = update(SessionRow, *_SELDOM, *_NEARLY_ALWAYS)


@dataclass(slots=True)
class Message:
    """One MeterValues that waits for its commit; its readings, one for each instant, in the order of their time.
    `connector_id` is None if it makes no sense; then its transactionId says which session is meant. `since`: when it
    came, by the loop's clock."""

    charge_point_id: int
    garage_id: int
    connector_id: int | None
    transaction_id: int | None
    readings: tuple[Reading, ...]
    raw: str
    saved: asyncio.Future[None] = field(repr=False)
    since: float = 0.0


class Batch:
    """Sessions as the readings before found them, and as these leave them. `newest`: what is known of the newest
    instants of the batches before; `instants` is what this batch adds, once it is saved."""

    def __init__(self, received_at: datetime, newest: NewestInstants) -> None:
        self._received_at = received_at
        self._newest = newest
        self._plain: list[tuple[Any, ...]] = []
        self._detailed: list[tuple[Any, ...]] = []
        self._completed: dict[tuple[int, datetime], tuple[Any, ...]] = {}
        self._moved: dict[int, ChargingSession] = {}
        self._whole: set[int] = set()
        self.instants: dict[int, NewestInstant] = {}
        self.older: dict[tuple[int, datetime], Reading] = {}

    @property
    def moved(self) -> Iterable[ChargingSession]:
        return self._moved.values()

    @property
    def saves(self) -> list[Save]:
        """In their order: a row may be inserted and completed in one batch."""
        usual = [_columns(one) for id_, one in self._moved.items() if id_ not in self._whole]
        whole = [_seldom_columns(one) + _columns(one) for id_, one in self._moved.items() if id_ in self._whole]
        return [
            Save(INSERT, self._plain),
            Save(INSERT_DETAILED, self._detailed),
            Save(COMPLETE, list(self._completed.values())),
            Save(_SAVE_SESSIONS, usual),
            Save(_SAVE_WHOLE_SESSIONS, whole),
        ]

    def latest(self, session: ChargingSession) -> ChargingSession:
        return self._moved.get(session.id, session)

    def newest_of(self, session: ChargingSession) -> NewestInstant | None:
        """What is known of the newest instant of the session as this batch has it."""
        found = self.instants.get(session.id)
        if found is not None and found.reading.at == session.last_meter_at:
            return found
        return self._newest.get(session)

    def take(self, message: Message, session: ChargingSession | None, reading: Reading) -> None:
        """A reading that moves nothing: of the charge point's own meter, of an ended session, or an older one (M4)."""
        self._add(message, reading, session)
        if session is not None:
            self.older[session.id, reading.at] = reading

    def move(self, message: Message, before: ChargingSession, after: ChargingSession, reading: Reading) -> None:
        """A reading of a new instant, and what it made of its session."""
        self.become(before, after)
        if after.last_meter_at == reading.at:
            self.instants[after.id] = NewestInstant(before, reading)
        self._add(message, reading, after)

    def complete(self, message: Message, session: ChargingSession, reading: Reading, energy_wh: int | None) -> None:
        """M4: all that is known by now of an instant that has a sample; `energy_wh`: what the session had delivered."""
        row = _sample(message, reading, session, energy_wh, self._received_at)
        self._completed[session.id, reading.at] = (*row, detail_of(reading))

    def become(self, before: ChargingSession, after: ChargingSession) -> None:
        """What readings made of a session."""
        if after is before:
            return
        self._moved[after.id] = after
        if _seldom_columns(before) != _seldom_columns(after):
            self._whole.add(after.id)

    def take_quietly(self, message: Message, session: ChargingSession, supply: Supply | None) -> bool:
        """Takes readings of new instants; false, and nothing is taken, if there are others, or if a board would show
        more of it than the energy."""
        if session.clock_error_us is not None:
            return False
        before = session
        # Hardly any session is kept there.
        is_kept = session.id in self._newest
        taken = []
        for reading in message.readings:
            if session.last_meter_at is not None and reading.at <= session.last_meter_at:
                return False
            if reading.samples and has_inlet(reading):
                return False
            if reading.reported_at is not reading.at and is_stamp_replaced(reading):
                newest = self.newest_of(session) if is_kept else None
                if newest is None or is_same_instant(newest.reading, reading):
                    return False
            earlier, session = session, readings_taken(session, (reading,), supply=supply)
            taken.append((reading, session, NewestInstant(earlier, reading) if is_kept else None))
        if shows_on_boards(before, session):
            return False
        self.become(before, session)
        for reading, after, instant in taken:
            self._add(message, reading, after)
            if instant is not None:
                self.instants[session.id] = instant
        return True

    def _add(self, message: Message, reading: Reading, session: ChargingSession | None) -> None:
        """A reading that moved nothing, since a newer one came first, tells no energy (M4)."""
        has_moved = session is not None and session.last_meter_at == reading.at
        energy_wh = session.energy_wh if session is not None and has_moved else None
        row = _sample(message, reading, session, energy_wh, self._received_at)
        detail = detail_of(reading)
        if detail is None:
            self._plain.append(row)
        else:
            self._detailed.append((*row, detail))


def _sample(
    message: Message, reading: Reading, session: ChargingSession | None, energy_wh: int | None, received_at: datetime
) -> tuple[Any, ...]:
    connector_id = message.connector_id
    if connector_id is None:
        connector_id = session.connector_id if session is not None else 0
    return (
        message.charge_point_id,
        connector_id,
        session.id if session is not None else None,
        reading.at,
        received_at,
        reading.register_wh,
        reading.power_w,
        energy_wh,
    )


def meant(message: Message, sessions: Mapping[int, ChargingSession]) -> ChargingSession | None:
    """M3: the session of its transactionId, else the connector's open one, if the time fits: of several the one that
    began last before the reading."""
    named = sessions.get(message.transaction_id or 0)
    if named is not None and named.charge_point_id == message.charge_point_id:
        return named
    found: ChargingSession | None = None
    for session in sessions.values():
        if (
            session.charge_point_id == message.charge_point_id
            and session.connector_id == message.connector_id
            # 0 is the charge point's own meter, also where a session is kept for want of a connector (B4).
            and message.connector_id != 0
            and session.status is SessionStatus.CHARGING
            and session.started_at is not None
            and (found is None or found.started_at is None or session.started_at > found.started_at)
            and any(is_since_start(session, one) for one in readings_within(session, message.readings))
        ):
            found = session
    return found


def shows_on_boards(before: ChargingSession, after: ChargingSession) -> bool:
    """Energy goes by EnergyMetered; a flag, and that a vehicle is full (M6), are changes of the board."""
    return (before.flags, before.full_since) != (after.flags, after.full_since)


_seldom_columns = attrgetter(*_SELDOM)


def _columns(session: ChargingSession) -> tuple[Any, ...]:
    return (
        flags_column(session.flags),
        session.carried_wh,
        session.base_register_wh,
        session.energy_wh,
        session.power_w,
        session.last_meter_at,
        session.available_since,
        session.register_at,
        session.leapt_to_wh,
        session.leapt_at,
        session.low_power_since,
        session.full_since,
        session.id,
    )
