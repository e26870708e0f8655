"""Readings, saved together: while one commit runs the next readings queue, and go into one transaction after it.

No timer: the linger is the commit before. Each charger is answered after the commit that holds its reading; boards are
told from memory. Nearly all readings move a session that the batch before moved too: they are worked out from memory,
and saved at once where nothing else was saved in their garage meanwhile. All others are worked out within a change.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
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
from evgraph.domain.supply import Supply
from evgraph.models import ChargePointRow
from evgraph.models.at_once import Version
from evgraph.models.failures import DatabaseUnavailable
from evgraph.models.meter_samples import samples_at
from evgraph.models.plain import execute
from evgraph.services import reading, recount
from evgraph.services.batch import Batch, Message, meant, shows_on_boards
from evgraph.services.books import Books
from evgraph.services.late_readings import late_readings_applied
from evgraph.services.newest_instants import NewestInstant, NewestInstants
from evgraph.services.own_limits import full_unless_limited
from evgraph.services.placing import hidden_places, keep_in_quarantine, kept_beside
from evgraph.services.reading_lookup import given_up_before, is_of_a_later_one, sessions_of
from evgraph.services.running import Running, RunningInGarage
from evgraph.services.supplies import Supplies

MOST_TOGETHER = 500

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
            sessions = await sessions_of(messages)
            before = dict(sessions)
            beside = await self._kept_beside(sessions.values())
            supplies = await self._supplies.at({message.charge_point_id for message in messages})
            batch = Batch(change.now, self._newest)
            habitual: set[int] = set()
            for message in messages:
                session = meant(message, sessions)
                if session is not None and session.id in beside and await is_of_a_later_one(message, session):
                    session = None
                session = as_it_was = session or await given_up_before(message)
                if session is not None and session.status is SessionStatus.ENDED:
                    session = before[session.id] = sessions[session.id] = await late_readings_applied(
                        change, self._supplies, session, message
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

    async def _kept_beside(self, sessions: Iterable[ChargingSession]) -> set[int]:
        """S7, T7: the ids of those that are kept beside what holds their port."""
        sessions = list(sessions)
        unknown = {session.port_id for session in sessions} - self._shown
        if not unknown:
            return set()
        hidden = await hidden_places(unknown)
        self._shown |= unknown - hidden
        return await kept_beside(sessions, hidden)

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
