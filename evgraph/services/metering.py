"""Readings, saved together: while one commit runs the next readings queue, and go into one transaction after it.

No timer: the linger is the commit before. Each charger is answered after the commit that holds its reading; boards are
told from memory. Nearly all readings move a session that the batch before moved too: they are worked out from memory,
and saved at once where nothing else was saved in their garage meanwhile. All others are worked out within a change.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain

import structlog

from evgraph.bus import EventBus
from evgraph.domain import session_end
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.energy import Reading, instants, is_same_instant, is_stamp_replaced, merged_reading
from evgraph.domain.events import EnergyMetered
from evgraph.domain.rate import Rate
from evgraph.domain.session_clock import readings_within
from evgraph.domain.session_metering import instant_completed, is_newer, readings_taken
from evgraph.domain.session_registers import leap_confirmed
from evgraph.domain.session_unplug import parted
from evgraph.domain.supply import Supply
from evgraph.models import ChargePointRow, SessionRow
from evgraph.models.at_once import Version
from evgraph.models.failures import DatabaseUnavailable
from evgraph.models.meter_samples import registers_around, samples_at
from evgraph.models.plain import execute, select_values
from evgraph.services import reading, recount
from evgraph.services.batch import Batch, Message, meant, shows_on_boards
from evgraph.services.books import Books, Change
from evgraph.services.newest_instants import NewestInstant, NewestInstants
from evgraph.services.own_limits import full_unless_limited
from evgraph.services.placing import hidden_places, keep_in_quarantine, kept_beside, place_beside
from evgraph.services.running import Running, RunningInGarage
from evgraph.services.settling import correct, open_again, save_rest
from evgraph.services.stop_lookup import next_register_wh, next_start_at
from evgraph.services.supplies import Supplies

MOST_TOGETHER = 500
_RUNNING = "charge_point_id IN (?) AND status = ?"
_SMALLEST = timedelta(microseconds=1)

log = structlog.get_logger("evgraph.metering")


class Metering:
    """Its `run` is a task that the app owns; without it nothing is saved."""

    def __init__(self, books: Books, bus: EventBus, supplies: Supplies) -> None:
        self._books = books
        self._bus = bus
        self._supplies = supplies
        self._waiting: deque[Message] = deque()
        self._news = asyncio.Event()
        # When the oldest reading of the batch under way came.
        self._oldest_at: float | None = None
        self._garages: dict[int, int] = {}
        self._rates: dict[int, Rate] = {}
        self._running = Running()
        self._newest = NewestInstants()
        # Ports, and not places that no board shows; nearly all sessions are there (B4).
        self._shown: set[int] = set()

    @property
    def oldest_s(self) -> float:
        """For how many seconds the oldest reading has waited for its commit; 0 where none waits."""
        oldest_at = self._oldest_at
        if oldest_at is None and self._waiting:
            oldest_at = self._waiting[0].since
        return asyncio.get_running_loop().time() - oldest_at if oldest_at is not None else 0.0

    async def record(
        self,
        charge_point_id: int,
        *,
        connector_id: int | None,
        transaction_id: int | None,
        readings: Sequence[Reading],
        raw: str,
    ) -> None:
        """Returns when the readings are durable (M1 to M4). `connector_id`: None if it makes no sense. Raises what the
        database raised."""
        garage_id = self._garages.get(charge_point_id) or await self._garage(charge_point_id)
        loop = asyncio.get_running_loop()
        saved: asyncio.Future[None] = loop.create_future()
        self._waiting.append(
            Message(
                charge_point_id=charge_point_id,
                garage_id=garage_id,
                connector_id=connector_id,
                transaction_id=transaction_id,
                readings=tuple(readings) if len(readings) < 2 else tuple(instants(readings)),
                raw=raw,
                saved=saved,
                since=loop.time(),
            )
        )
        self._news.set()
        await saved

    async def run(self) -> None:
        """Saves what waits, until cancelled."""
        batch: list[Message] = []
        try:
            while True:
                while not self._waiting:
                    self._news.clear()
                    await self._news.wait()
                together = min(len(self._waiting), MOST_TOGETHER)
                batch = [self._waiting.popleft() for _ in range(together)]
                self._oldest_at = batch[0].since
                await self._save_each(batch)
                self._oldest_at = None
        finally:
            self._oldest_at = None
            # Who waits for them is not answered, and says them again.
            for message in chain(batch, self._waiting):
                message.saved.cancel()
            self._waiting.clear()

    async def _save_each(self, batch: list[Message]) -> None:
        try:
            await self._save_in_a_change(await self._save_from_memory(batch))
        except Exception as failure:
            # A database that is locked or gone is so for all; else one message must not take the others with it.
            if len(batch) > 1 and not isinstance(failure, DatabaseUnavailable):
                for message in batch:
                    if not message.saved.done():
                        await self._save_each([message])
                return
            log.warning("readings not saved", messages=len(batch), error=repr(failure))
            for message in batch:
                _resolve(message, failure)

    async def _save_from_memory(self, messages: list[Message]) -> list[Message]:
        """Those that need more than that: their session is not known, or a board shows what became of it."""
        batch = Batch(self._books.now(), self._newest)
        garages: dict[int, RunningInGarage] = {}
        taken, rest = [], []
        held_back: set[int] = set()
        for message in messages:
            garage = self._running.get(message.garage_id)
            if (
                garage is not None
                and message.charge_point_id not in held_back
                and _taken_from_memory(message, garage, batch)
            ):
                garages[message.garage_id] = garage
                taken.append(message)
            else:
                # What it says next stays behind it.
                held_back.add(message.charge_point_id)
                rest.append(message)
        if not taken:
            return rest
        versions = {garage_id: garage.version for garage_id, garage in garages.items()}
        if not await self._books.save_at_once(versions, batch.saves):
            self._running.forget(garages)
            return messages
        moved = defaultdict(list)
        for session in batch.moved:
            moved[session.garage_id].append(session)
        for garage_id, garage in garages.items():
            garage.saved(moved[garage_id])
        self._newest.follow(batch.instants)
        self._tell(batch.moved)
        for message in taken:
            _resolve(message, None)
        return rest

    async def _save_in_a_change(self, messages: list[Message]) -> None:
        if not messages:
            return
        async with self._books.change(*(message.garage_id for message in messages)) as change:
            sessions = await _sessions_of(messages)
            before = dict(sessions)
            beside = await self._kept_beside(sessions.values())
            supplies = await self._supplies.at({message.charge_point_id for message in messages})
            batch = Batch(change.now, self._newest)
            habitual: set[int] = set()
            for message in messages:
                session = meant(message, sessions)
                if session is not None and session.id in beside and await _is_of_a_later_one(message, session):
                    session = None
                session = as_it_was = session or await _given_up(message)
                if session is not None and session.status is SessionStatus.ENDED:
                    session = before[session.id] = sessions[session.id] = await self._told_late(
                        change, session, message
                    )
                if session is None and message.connector_id is None:
                    # Nothing says whose it is: it is in quarantine for its connector (C8).
                    continue
                # One that names no transaction is what an idle meter says, by the clock or when it is asked.
                if session is None and message.transaction_id is not None and message.connector_id != 0:
                    await keep_in_quarantine(
                        change,
                        message.charge_point_id,
                        action="MeterValues",
                        frame=message.raw,
                        why=_why_unplaced(message),
                        connector_id=message.connector_id,
                    )
                    continue
                if session is None:
                    for one in message.readings:
                        batch.take(message, None, one)
                    continue
                supply = supplies.get(session.port_id)
                if await self._take(batch, message, session, supply, as_it_was=as_it_was or session):
                    habitual.add(session.id)
                sessions[session.id] = batch.latest(session)
            for save in batch.saves:
                await execute(save)
            for session in batch.moved:
                if shows_on_boards(before[session.id], session):
                    change.touch_session(session)
            await self._know_rates_of(sessions.values())
            # Of those nothing is taken from memory.
            beside = await self._kept_beside(sessions.values())
        self._newest.follow(batch.instants)
        for session_id in habitual & batch.instants.keys():
            self._newest.keep(session_id, batch.instants[session_id])
        self._tell(batch.moved)
        known = [session for session in sessions.values() if session.id not in beside]
        self._learn(messages, change.versions, known, supplies)
        for message in messages:
            _resolve(message, None)

    async def _take(
        self,
        batch: Batch,
        message: Message,
        session: ChargingSession,
        supply: Supply | None,
        *,
        as_it_was: ChargingSession,
    ) -> bool:
        """M1, M4, M6: each reading as one of a new instant, of the newest, which it completes, or of an older one.
        True if its charger may need several messages for an instant: then its newest instants are kept in memory.
        `as_it_was`: the session before this message, if that corrected it."""
        before, needs_memory = session, False
        usable = await recount.usable(message.charge_point_id, message.readings)
        is_named = message.transaction_id == session.id
        has_ended = session.status is SessionStatus.ENDED
        for one in await recount.as_first_told(session, readings_within(session, usable, are_named=is_named)):
            if has_ended and not is_named and not session_end.unnamed_told(as_it_was, (one,)):
                await self._keep_apart(batch, message, session, one)
                continue
            newest = await self._newest_of(batch, session, one)
            if newest is not None and is_same_instant(newest.reading, one):
                was, session = session, await self._complete(batch, message, session, newest, one, supply)
                needs_memory |= session is not was
            elif session.status is SessionStatus.CHARGING and is_newer(session, one):
                after = readings_taken(session, (one,), supply=supply)
                batch.move(message, session, after, one)
                session = after
            else:
                await self._keep_older(batch, message, session, one)
            needs_memory |= is_stamp_replaced(one)
        if before.full_since is None and session.full_since is not None and session.last_meter_at is not None:
            batch.become(session, await full_unless_limited(session, supply, session.last_meter_at))
        return needs_memory

    @staticmethod
    async def _newest_of(batch: Batch, session: ChargingSession, one: Reading) -> NewestInstant | None:
        """The newest instant of a running session, where this reading may be of it."""
        if session.last_meter_at is None or session.status is not SessionStatus.CHARGING:
            return None
        if one.at != session.last_meter_at and not is_stamp_replaced(one):
            return None
        known = batch.newest_of(session)
        if known is not None:
            return known
        stored = await samples_at(session.id, [session.last_meter_at])
        return NewestInstant(None, stored[0].reading()) if stored else None

    @staticmethod
    async def _complete(
        batch: Batch,
        message: Message,
        session: ChargingSession,
        newest: NewestInstant,
        one: Reading,
        supply: Supply | None,
    ) -> ChargingSession:
        """M4: the same session if this reading was sent before."""
        whole = merged_reading(newest.reading, one)
        if whole == newest.reading:
            return session
        before = newest.before or await recount.before_instant(session, newest.reading.at, supply)
        completed = instant_completed(session, before, whole, supply=supply)
        batch.become(session, completed)
        batch.complete(message, completed, whole, completed.energy_wh)
        batch.instants[session.id] = NewestInstant(before, whole)
        return completed

    @staticmethod
    async def _keep_apart(batch: Batch, message: Message, session: ChargingSession, one: Reading) -> None:
        """M4, T7: stored, but not as one of the session, so that it moves nothing when that is counted anew."""
        if (session.id, one.at) not in batch.older and not await samples_at(session.id, [one.at]):
            batch.take(message, None, one)

    @staticmethod
    async def _keep_older(batch: Batch, message: Message, session: ChargingSession, one: Reading) -> None:
        """M4: stored once, and it moves nothing; one of a stored instant completes its sample."""
        held = batch.older.get((session.id, one.at))
        energy_wh = None
        if held is None:
            for stored in await samples_at(session.id, [one.at]):
                held, energy_wh = stored.reading(), stored.energy_wh
        if held is None:
            batch.take(message, session, one)
            return
        whole = merged_reading(held, one)
        if whole != held:
            batch.complete(message, session, whole, energy_wh)

    def _learn(
        self,
        messages: Sequence[Message],
        versions: Mapping[int, Version],
        sessions: Iterable[ChargingSession],
        supplies: Mapping[int, Supply],
    ) -> None:
        for garage_id, version in versions.items():
            of_garage = {message.charge_point_id for message in messages if message.garage_id == garage_id}
            here = [session for session in sessions if session.charge_point_id in of_garage]
            self._running.learn(garage_id, version, of_garage, here, supplies)

    async def _told_late(self, change: Change, session: ChargingSession, message: Message) -> ChargingSession:
        """T5, T7: what we had closed while these readings were under way is corrected; where they show that it runs on,
        it is open again, beside its port if another session holds that. Else it stays as it is."""
        was_closed_by_us = session_end.was_closed_by_us(session)
        misses_readings = session_end.misses_readings(session, message.readings)
        is_named = message.transaction_id == session.id
        if (was_closed_by_us or misses_readings) and not _may_move(
            session, readings_within(session, message.readings, are_named=is_named)
        ):
            return session
        supply = await self._supplies.of_port(session.port_id)
        usable = await recount.usable(message.charge_point_id, message.readings)
        readings = tuple(await recount.as_first_told(session, readings_within(session, usable, are_named=is_named)))
        if not is_named:
            readings = session_end.unnamed_told(session, readings)
            if not readings:
                return session
        if not was_closed_by_us and not misses_readings:
            misses_readings = await _tell_otherwise(session, readings)
            if not misses_readings:
                return session
        if misses_readings:
            until = session_end.transaction_ended_at(session) if session.stop_has_stamp else None
            counted = await recount.recounted(session, supply, until=until, also=readings)
            told = session_end.end_completed(session, counted, supply=supply)
            if told.leapt_to_wh is not None:
                told = leap_confirmed(told, await next_register_wh(session))
            return await _corrected(change, session, told)
        again = await self._open_again(change, session, readings, supply) if is_named else None
        if again is not None:
            return again
        following = await next_start_at(session)
        # What the port counted for the next vehicle is in neither.
        until = following - _SMALLEST if following is not None else None
        counted = await recount.recounted(session, supply, until=until, also=readings)
        return await _corrected(change, session, session_end.readings_told(session, counted))

    async def _kept_beside(self, sessions: Iterable[ChargingSession]) -> set[int]:
        """S7, T7: the ids of those that are kept beside what holds their port."""
        sessions = list(sessions)
        unknown = {session.port_id for session in sessions} - self._shown
        if not unknown:
            return set()
        hidden = await hidden_places(unknown)
        self._shown |= unknown - hidden
        return await kept_beside(sessions, hidden)

    async def _open_again(
        self, change: Change, session: ChargingSession, readings: Sequence[Reading], supply: Supply | None
    ) -> ChargingSession | None:
        """T7: the session that we had closed, open again where these readings of its own show that it runs on; beside
        its port, where another session holds that. Null where they do not show it."""
        if not session_end.may_be_reopened(session, readings, await next_register_wh(session)):
            return None
        counted = await recount.recounted(session, supply, also=readings)
        again = session_end.reopened(session, counted, readings)
        if again is None:
            return None
        if await change.holder(session.port_id) is not None:
            place = await place_beside(change, session.garage_id, session.charge_point_id)
            again = replace(again, port_id=place.id)
        return await open_again(change, again)

    async def _know_rates_of(self, sessions: Iterable[ChargingSession]) -> None:
        """A rate never changes (T10), so that it is asked for once."""
        wanted = {session.rate_id for session in sessions} - self._rates.keys()
        self._rates |= await reading.rates(None, wanted)

    def _tell(self, moved: Iterable[ChargingSession]) -> None:
        for session in moved:
            self._bus.publish(_metered(session, self._rates))

    async def _garage(self, charge_point_id: int) -> int:
        """A charge point stays in its garage, so that it is asked for once."""
        garage_id = self._garages.get(charge_point_id)
        if garage_id is None:
            garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
            self._garages[charge_point_id] = garage_id
        return garage_id


def _may_move(session: ChargingSession, readings: Iterable[Reading]) -> bool:
    """Readings that came late, or that tell more than was counted; to count a session anew is dear, and a meter that
    stands still is read for ever."""
    newest, counted_wh = session.last_meter_at, session.base_register_wh
    by = session_end.transaction_ended_at(session)
    return any(
        newest is None
        or one.at <= newest
        or one.interval_wh is not None
        or bool(one.samples)
        # T4: it may show that another vehicle's energy flowed.
        or (session.ev_gone_at is not None and session.ev_gone_at < one.at <= (by or one.at))
        or (one.register_wh is not None and one.register_wh > counted_wh)
        for one in readings
    )


async def _tell_otherwise(session: ChargingSession, readings: Iterable[Reading]) -> bool:
    """X2: to count a session anew is dear: only where one of them does not lie in line with those around it."""
    for one in readings:
        if session_end.tells_otherwise(session, one, *await registers_around(session.id, one.at)):
            return True
    return False


async def _corrected(change: Change, session: ChargingSession, told: ChargingSession) -> ChargingSession:
    """T4, T5: the ended session as late readings leave it."""
    if told is session:
        return session
    told, rest = parted(told, told.stop_register_wh, change.now)
    told = await correct(change, told)
    await save_rest(change, told, rest, before=session, keeps_end=True)
    return told


def _taken_from_memory(message: Message, garage: RunningInGarage, batch: Batch) -> bool:
    sessions = garage.sessions.get(message.charge_point_id)
    if sessions is None or (message.transaction_id is not None and message.transaction_id not in sessions):
        return False
    session = meant(message, sessions)
    if session is None:
        if message.connector_id == 0:
            for one in message.readings:
                batch.take(message, None, one)
        return message.connector_id == 0
    session = batch.latest(session)
    return batch.take_quietly(message, session, garage.supplies.get(session.port_id))


async def _sessions_of(batch: list[Message]) -> dict[int, ChargingSession]:
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


async def _is_of_a_later_one(message: Message, session: ChargingSession) -> bool:
    """M3, S7: readings without an id, of after another session began at the connector, be that over by now."""
    if message.transaction_id == session.id or not message.readings:
        return False
    began = SessionRow.filter(
        charge_point_id=session.charge_point_id,
        connector_id=session.connector_id,
        started_at__gt=session.started_at,
        started_at__lte=max(one.at for one in message.readings),
    )
    return await began.exists()


async def _given_up(message: Message) -> ChargingSession | None:
    """M3, T7: the session that was closed as forgotten while these readings of its time were under way."""
    if not message.connector_id or not message.readings:
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


def _why_unplaced(message: Message) -> str:
    """M3, for an operator; the same for each reading of one transaction (C8)."""
    return (
        f"No session was open at connector {message.connector_id} for these readings."
        f" They name transactionId {message.transaction_id}."
    )


def _metered(session: ChargingSession, prices: dict[int, Rate]) -> EnergyMetered:
    return EnergyMetered(
        garage_id=session.garage_id,
        session=session,
        rate=prices.get(session.rate_id) if session.rate_id is not None else None,
        at=session.last_meter_at or session.started_at or session.asked_at,
    )


def _resolve(message: Message, failure: Exception | None) -> None:
    if message.saved.done():
        return
    if failure is None:
        message.saved.set_result(None)
    else:
        message.saved.set_exception(failure)
