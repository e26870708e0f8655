"""A batch of readings: which session each message means, what it makes of it, and the rows that say so."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.energy import Reading
from evgraph.domain.session_metering import readings_taken
from evgraph.domain.supply import Supply
from evgraph.models import MeterSampleRow, SessionRow
from evgraph.models.bulk import Save, insert, update
from evgraph.models.records import flags_column

# All that readings change.
_SAVE_SESSIONS = update(
    SessionRow,
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
# M4: a reading that is sent again is stored once.
_SAVE_SAMPLES = insert(
    MeterSampleRow,
    "charge_point_id",
    "connector_id",
    "session_id",
    "at",
    "received_at",
    "register_wh",
    "power_w",
    "energy_wh",
)


@dataclass(slots=True)
class Message:
    """One MeterValues that waits for its commit; its readings in the order of their time."""

    charge_point_id: int
    garage_id: int
    connector_id: int
    transaction_id: int | None
    readings: tuple[Reading, ...]
    raw: str
    saved: asyncio.Future[None] = field(repr=False)


class Batch:
    """Sessions as the readings before found them, and as these leave them."""

    def __init__(self, received_at: datetime) -> None:
        self._received_at = received_at
        self._samples: list[tuple[Any, ...]] = []
        self._moved: dict[int, ChargingSession] = {}

    @property
    def moved(self) -> Iterable[ChargingSession]:
        return self._moved.values()

    @property
    def saves(self) -> list[Save]:
        return [Save(_SAVE_SAMPLES, self._samples), Save(_SAVE_SESSIONS, [_columns(one) for one in self.moved])]

    def latest(self, session: ChargingSession) -> ChargingSession:
        return self._moved.get(session.id, session)

    def take(self, message: Message, session: ChargingSession | None, supply: Supply | None) -> None:
        """`session` as it is so far; null for the charge point's own meter."""
        for reading in message.readings:
            if session is not None:
                session = self._taken(session, reading, supply)
            self._samples.append(self._sample(message, reading, session))

    def take_quietly(self, message: Message, session: ChargingSession, supply: Supply | None) -> bool:
        """As `take`; false, and nothing is taken, where a board would show more of it than the energy."""
        before = session
        samples = []
        for reading in message.readings:
            session = readings_taken(session, (reading,), supply=supply)
            samples.append(self._sample(message, reading, session))
        if shows_on_boards(before, session):
            return False
        if session is not before:
            self._moved[session.id] = session
        self._samples += samples
        return True

    def _taken(self, session: ChargingSession, reading: Reading, supply: Supply | None) -> ChargingSession:
        taken = readings_taken(session, (reading,), supply=supply)
        if taken is not session:
            self._moved[taken.id] = taken
        return taken

    def _sample(self, message: Message, one: Reading, session: ChargingSession | None) -> tuple[Any, ...]:
        """A reading that moved nothing, since a newer one came first, tells no energy (M4)."""
        moved = session is not None and session.last_meter_at == one.at
        return (
            message.charge_point_id,
            message.connector_id,
            session.id if session else None,
            one.at,
            self._received_at,
            one.register_wh,
            one.power_w,
            session.energy_wh if session and moved else None,
        )


def meant(message: Message, sessions: Mapping[int, ChargingSession]) -> ChargingSession | None:
    """M3: the session of its transactionId, else the connector's open one, if the time fits."""
    named = sessions.get(message.transaction_id or 0)
    if named is not None and named.charge_point_id == message.charge_point_id:
        return named
    for session in sessions.values():
        if (
            session.charge_point_id == message.charge_point_id
            and session.connector_id == message.connector_id
            and session.status is SessionStatus.CHARGING
            and session.started_at is not None
            and any(one.at >= session.started_at for one in message.readings)
        ):
            return session
    return None


def shows_on_boards(before: ChargingSession, after: ChargingSession) -> bool:
    """Energy goes by EnergyMetered; a flag, and that a vehicle is full (M6), are changes of the board."""
    return (before.flags, before.full_since) != (after.flags, after.full_since)


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
