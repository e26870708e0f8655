"""Readings, saved together: while one commit runs the next readings queue, and go into one transaction after it.

No timer: the linger is the commit before. Each charger is answered after the commit that holds its reading; boards are
told from memory.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from tortoise.exceptions import DBConnectionError, OperationalError

from evgraph.bus import EventBus
from evgraph.domain import session_end
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import Reading
from evgraph.domain.events import EnergyMetered
from evgraph.domain.rate import Rate
from evgraph.domain.session_metering import readings_taken
from evgraph.models import ChargePointRow, SessionRow
from evgraph.models.plain import execute_many, select_values
from evgraph.models.records import flags_column
from evgraph.services import reading
from evgraph.services.books import Books, Change
from evgraph.services.placing import keep_in_quarantine
from evgraph.services.settling import correct
from evgraph.services.supplies import Supplies

MOST_TOGETHER = 500
_RUNNING = "charge_point_id IN (?) AND status = ?"
_SAVE_SESSION = (
    "UPDATE charging_session SET flags = ?, carried_wh = ?, base_register_wh = ?, energy_wh = ?, power_w = ?,"
    " last_meter_at = ?, available_since = ?, register_at = ?, leapt_to_wh = ?, leapt_at = ?, low_power_since = ?,"
    " full_since = ? WHERE id = ?"
)
_SAVE_SAMPLE = (
    "INSERT INTO meter_sample"
    " (charge_point_id, connector_id, session_id, at, received_at, register_wh, power_w, energy_wh)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    # M4: a reading that is sent again is stored once.
    " ON CONFLICT DO NOTHING"
)

log = structlog.get_logger("evgraph.metering")


@dataclass(slots=True)
class _Message:
    """One MeterValues that waits for its commit."""

    charge_point_id: int
    garage_id: int
    connector_id: int
    transaction_id: int | None
    readings: tuple[Reading, ...]
    raw: str
    saved: asyncio.Future[None] = field(repr=False)


class Metering:
    """Its `run` is a task that the app owns; without it nothing is saved."""

    def __init__(self, books: Books, bus: EventBus, supplies: Supplies) -> None:
        self._books = books
        self._bus = bus
        self._supplies = supplies
        self._waiting: deque[_Message] = deque()
        self._news = asyncio.Event()
        self._garages: dict[int, int] = {}
        self._rates: dict[int, Rate] = {}

    async def record(
        self,
        charge_point_id: int,
        *,
        connector_id: int,
        transaction_id: int | None,
        readings: Sequence[Reading],
        raw: str,
    ) -> None:
        """Returns when the readings are durable (M1 to M4). Raises what the database raised."""
        garage_id = await self._garage(charge_point_id)
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(
            _Message(
                charge_point_id=charge_point_id,
                garage_id=garage_id,
                connector_id=connector_id,
                transaction_id=transaction_id,
                readings=tuple(readings),
                raw=raw,
                saved=saved,
            )
        )
        self._news.set()
        await saved

    async def run(self) -> None:
        """Saves what waits, until cancelled."""
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    together = min(len(self._waiting), MOST_TOGETHER)
                    await self._save_each([self._waiting.popleft() for _ in range(together)])
        finally:
            for message in self._waiting:
                message.saved.cancel()

    async def _save_each(self, batch: list[_Message]) -> None:
        try:
            await self._save(batch)
        except Exception as failure:
            # A database that is locked or gone is so for all; else one message must not take the others with it.
            if len(batch) > 1 and not isinstance(failure, (OperationalError, DBConnectionError, OSError)):
                for message in batch:
                    await self._save_each([message])
                return
            log.warning("readings not saved", messages=len(batch), error=repr(failure))
            for message in batch:
                _resolve(message, failure)
        else:
            for message in batch:
                _resolve(message, None)

    async def _save(self, batch: list[_Message]) -> None:
        async with self._books.change(*(message.garage_id for message in batch)) as change:
            before = await _sessions_of(batch)
            supplies = await self._supplies.at({session.charge_point_id for session in before.values()})
            after = dict(before)
            samples: list[tuple[Any, ...]] = []
            for message in batch:
                session = _meant(message, after) or await _given_up(message)
                if session is not None and session.status is SessionStatus.ENDED:
                    session = before[session.id] = after[session.id] = await self._told_late(change, session, message)
                # One that names no transaction is what an idle meter says, by the clock or when it is asked.
                if session is None and message.transaction_id is not None and message.connector_id != 0:
                    await keep_in_quarantine(
                        change,
                        message.charge_point_id,
                        action="MeterValues",
                        frame=message.raw,
                        why=f"No session was open at connector {message.connector_id} for these readings.",
                    )
                    continue
                for one in sorted(message.readings, key=lambda reading: reading.at):
                    if session is not None:
                        session = after[session.id] = readings_taken(
                            session, (one,), supply=supplies.get(session.port_id)
                        )
                    samples.append(_sample(message, one, session, change.now))
            moved = [session for id_, session in after.items() if session is not before[id_]]
            await execute_many(_SAVE_SAMPLE, samples)
            await execute_many(_SAVE_SESSION, [_moved(session) for session in moved])
            _tell_boards(change, before, moved)
            prices = await self._rates_of(moved)
        for session in moved:
            self._bus.publish(_metered(session, prices))

    async def _told_late(self, change: Change, session: ChargingSession, message: _Message) -> ChargingSession:
        """T5, T7: what was given up while these readings were under way is corrected; else it stays as it is."""
        if SessionFlag.ESTIMATED not in session.flags:
            return session
        following = SessionRow.filter(port_id=session.port_id, started_at__gt=session.started_at)
        next_one = await following.order_by("started_at").first()
        told = session_end.readings_told(
            session,
            message.readings,
            supply=await self._supplies.of_port(session.port_id),
            next_start_at=next_one.started_at if next_one is not None else None,
        )
        return await correct(change, told) if told is not session else session

    async def _rates_of(self, sessions: list[ChargingSession]) -> dict[int, Rate]:
        """A rate never changes (T10), so that it is asked for once."""
        wanted = {session.rate_id for session in sessions} - self._rates.keys()
        self._rates |= await reading.rates(None, wanted)
        return self._rates

    async def _garage(self, charge_point_id: int) -> int:
        """A charge point stays in its garage, so that it is asked for once."""
        garage_id = self._garages.get(charge_point_id)
        if garage_id is None:
            garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
            self._garages[charge_point_id] = garage_id
        return garage_id


async def _sessions_of(batch: list[_Message]) -> dict[int, ChargingSession]:
    """What runs at the batch's charge points, and what the batch names that runs no more."""
    charge_points = list({message.charge_point_id for message in batch})
    running = await select_values(SessionRow, ChargingSession, _RUNNING, charge_points, SessionStatus.CHARGING)
    found = {session.id: session for session in running}
    named = {m.transaction_id for m in batch if m.transaction_id is not None and 0 < m.transaction_id < 2**31}
    named -= found.keys()
    if named:
        rows = await SessionRow.filter(id__in=list(named), charge_point_id__in=charge_points, started_at__isnull=False)
        found |= {row.id: row.value() for row in rows}
    return found


def _meant(message: _Message, sessions: dict[int, ChargingSession]) -> ChargingSession | None:
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


async def _given_up(message: _Message) -> ChargingSession | None:
    """M3, T7: the session that was closed as forgotten while these readings of its time were under way."""
    if message.connector_id == 0 or not message.readings:
        return None
    ended = SessionRow.filter(
        charge_point_id=message.charge_point_id,
        connector_id=message.connector_id,
        status=SessionStatus.ENDED,
        started_at__lte=min(one.at for one in message.readings),
    )
    row = await ended.order_by("-started_at", "-id").first()
    session = row.value() if row is not None else None
    return session if session is not None and session_end.may_hold(session, message.readings) else None


def _sample(message: _Message, one: Reading, session: ChargingSession | None, received_at: datetime) -> tuple[Any, ...]:
    """For _SAVE_SAMPLE. A reading that moved nothing, since a newer one came first, tells no energy (M4)."""
    moved = session is not None and session.last_meter_at == one.at
    return (
        message.charge_point_id,
        message.connector_id,
        session.id if session else None,
        one.at,
        received_at,
        one.register_wh,
        one.power_w,
        session.energy_wh if session and moved else None,
    )


def _moved(session: ChargingSession) -> tuple[Any, ...]:
    """For _SAVE_SESSION: all that readings change."""
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


def _tell_boards(change: Change, before: dict[int, ChargingSession], moved: list[ChargingSession]) -> None:
    """Energy goes by EnergyMetered; a flag, and that a vehicle is full (M6), are changes of the board."""
    for session in moved:
        was = before[session.id]
        if (session.flags, session.full_since) != (was.flags, was.full_since):
            change.touch_session(session)


def _metered(session: ChargingSession, prices: dict[int, Rate]) -> EnergyMetered:
    return EnergyMetered(
        garage_id=session.garage_id,
        session=session,
        rate=prices.get(session.rate_id) if session.rate_id is not None else None,
        at=session.last_meter_at or session.started_at or session.asked_at,
    )


def _resolve(message: _Message, failure: Exception | None) -> None:
    if message.saved.done():
        return
    if failure is None:
        message.saved.set_result(None)
    else:
        message.saved.set_exception(failure)
