"""What is derived of a charge point so far: its sessions, what is asked of them, and what all messages do with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from evgraph.domain import session_end, session_metering, session_registers, session_start, stopping
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import Reading, has_inlet, with_inlet
from evgraph.domain.session_clock import as_first_told, put_right
from evgraph.domain.session_unplug import is_rest_of, parted, rest_corrected, rest_emptied
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStart, is_one_time


@dataclass(slots=True)
class Derived:
    """A session as its frames tell it. `told_at`: when its StartTransaction came. `booked` is the session in the books
    that it is held against, null where there is none; nothing is taken from it but what frames cannot tell: its id,
    which idTag it was asked for with, and when, and when it was closed by us. `readings`: all that were told of it;
    `has_unmoved`: one of them came after a newer one, and moved nothing (M4). `is_beside`: it is kept beside what holds
    its port (S7, T7). `was_closed`: by us; it may be open again (T7)."""

    session: ChargingSession
    told_at: datetime
    booked: ChargingSession | None
    transaction_id: int | None
    readings: list[Reading] = field(default_factory=list)
    has_unmoved: bool = False
    is_beside: bool = False
    was_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What frames do not tell. `supplies`: by connector (M5). `reported`: the connectors that a StatusNotification has
    named (B4). `connections`: when each was opened, and closed (B7). `given_up`: of each start that came to nothing
    its connector, and when it was asked for and given up (S4)."""

    garage_id: int
    charge_point_id: int
    supplies: Mapping[int, Supply]
    reported: frozenset[int]
    connections: Sequence[tuple[datetime, datetime | None]] = ()
    given_up: Sequence[tuple[int, datetime, datetime | None]] = ()

    def connected_since(self, at: datetime) -> datetime | None:
        """When the connection of that moment was opened, which may have ended in it; null where there was none."""
        open_then = [since for since, until in self.connections if since <= at and (until is None or until >= at)]
        return max(open_then, default=None)

    def spans_until(self, at: datetime) -> list[tuple[datetime, datetime | None]]:
        """The connections that were opened by then, as they were then."""
        opened = sorted(span for span in self.connections if span[0] <= at)
        return [(since, until if until is not None and until <= at else None) for since, until in opened]


class DerivedSessions:
    """Those of one charge point, in the order in which they were told of. `unclaimed`: the booked sessions that none of
    them is held against yet, by id."""

    def __init__(self, around: Surroundings, booked: Iterable[ChargingSession]) -> None:
        self.around = around
        self.unclaimed = {session.id: session for session in booked}
        self.all: list[Derived] = []

    def named(self, transaction_id: int | None) -> Derived | None:
        if transaction_id is None or transaction_id <= 0:
            return None
        return next((one for one in self.all if one.transaction_id == transaction_id), None)

    def running(self) -> list[Derived]:
        return [one for one in self.all if one.session.status is SessionStatus.CHARGING]

    def at_port(self, connector_id: int) -> list[Derived]:
        """What holds the port of the connector, if it has one (B4)."""
        if connector_id not in self.around.reported:
            return []
        return [one for one in self.running() if one.session.connector_id == connector_id and not one.is_beside]

    def next_start_at(self, derived: Derived) -> datetime | None:
        following = self.next(derived)
        return started_at(following) if following is not None else None

    def next(self, derived: Derived) -> Derived | None:
        """What began next at its connector."""
        if derived.is_beside:
            return None
        at, connector_id = started_at(derived), derived.session.connector_id
        there = (one for one in self.all if one.session.connector_id == connector_id and not one.is_beside)
        later = (one for one in there if started_at(one) > at and not is_rest_of(one.session, derived.session))
        return min(later, key=started_at, default=None)

    def beside(self, connector_id: int) -> list[Derived]:
        """What runs beside the port of the connector (S7, T7)."""
        return [one for one in self.running() if one.is_beside and one.session.connector_id == connector_id]

    def left_before(self, connector_id: int, at: datetime, *, but: Derived | None = None) -> Derived | None:
        """T11: as services.stop_lookup finds it."""
        if connector_id not in self.around.reported:
            return None
        before = [
            one
            for one in self.all
            if one.session.connector_id == connector_id
            and one is not but
            and not one.is_beside
            and one.session.status is SessionStatus.ENDED
            and started_at(one) <= at
            and session_end.left_register(one.session)
        ]
        return max(reversed(before), key=started_at, default=None)

    def with_start(self, derived: Derived, session: ChargingSession) -> ChargingSession:
        """S6: by where the session before it left the port's meter."""
        if derived.is_beside or not session_end.has_no_start(session):
            return session
        before = self.left_before(session.connector_id, started_at(derived), but=derived)
        return session_end.begun_at_last_register(session) if before is not None else session

    def is_waited_for(self, connector_id: int, at: datetime) -> bool:
        """A start that was asked for holds the port of the connector."""
        waiting = any(
            one.connector_id == connector_id and one.asked_at <= at and is_one_time(one.id_tag)
            for one in self.unclaimed.values()
        )
        given_up = any(
            place == connector_id and asked_at <= at and (until is None or at < until)
            for place, asked_at, until in self.around.given_up
        )
        return waiting or given_up

    def claim(self, start: TransactionStart, transaction_id: int | None) -> ChargingSession | None:
        """The booked session of this start: by what it was answered, else by what it told."""
        if transaction_id is not None:
            return self.unclaimed.pop(transaction_id, None)
        for booked in self.unclaimed.values():
            if session_start.was_opened_by(booked, start, another_waits=False):
                return self.unclaimed.pop(booked.id)
        return None

    def claim_rest(self, rest: ChargingSession) -> ChargingSession | None:
        """The booked session of what was held back (T4)."""
        place = (rest.connector_id, rest.meter_start_wh)
        for booked in self.unclaimed.values():
            is_rest = SessionFlag.AFTER_UNPLUG in booked.flags
            if is_rest and (booked.connector_id, booked.meter_start_wh) == place:
                return self.unclaimed.pop(booked.id)
        return None

    def usable(self, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        """M1: at a charge point with one connector its inlet's meter counts."""
        if len(self.around.reported) > 1:
            return readings
        return tuple(with_inlet(one) if has_inlet(one) else one for one in readings)

    @staticmethod
    def as_first_told(derived: Derived, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        return readings if derived.session.clock_error_us is None else as_first_told(readings, derived.readings)

    def settled(
        self, derived: Derived, *, until: datetime | None = None, heard_at: datetime | None = None
    ) -> ChargingSession:
        """X2: counted anew where its energy may depend on what came first; as services.recount does."""
        session = derived.session
        newest = session.last_meter_at
        is_told_later = until is not None and newest is not None and newest > until
        if not is_told_later and not stopping.depends_on_order(session, has_unmoved=derived.has_unmoved):
            return session
        return self.recounted(derived, until=until, heard_at=heard_at)

    def recounted(
        self,
        derived: Derived,
        *,
        until: datetime | None = None,
        also: Iterable[Reading] = (),
        session: ChargingSession | None = None,
        heard_at: datetime | None = None,
    ) -> ChargingSession:
        session = session or derived.session
        supply = self.around.supplies.get(session.connector_id)
        told = put_right([*derived.readings, *also], heard_at)
        return session_metering.recounted(session, told, supply=supply, until=until)

    def leap_confirmed(self, derived: Derived, ended: ChargingSession) -> ChargingSession:
        """M5: by the next start there."""
        following = self.next(derived)
        if following is None or SessionFlag.METER_START_ESTIMATED in following.session.flags:
            return ended
        return session_registers.leap_confirmed(ended, following.session.meter_start_wh)

    def become_parted(self, derived: Derived, ended: ChargingSession, at: datetime) -> None:
        """T4: a session that ended without a StopTransaction, or that late readings correct."""
        if ended is derived.session:
            return
        ended, rest = parted(ended, ended.stop_register_wh, at)
        before, derived.session = derived.session, ended
        has_ended = before.status is SessionStatus.ENDED
        self.keep_rest(derived, rest, at, before=before, keeps_end=has_ended)

    def keep_rest(
        self,
        derived: Derived,
        rest: ChargingSession | None,
        at: datetime,
        *,
        before: ChargingSession,
        keeps_end: bool = False,
    ) -> None:
        """T4: what flowed after the vehicle left; reported again, it is the same session, corrected. `before`: the
        session as it was."""
        since = [one is derived for one in self.all].index(True)
        later = self.all[since + 1 :] if before.held_back_from_wh is not None else []
        held = next((one for one in later if is_rest_of(one.session, before)), None)
        if held is not None:
            held.session = (
                rest_corrected(held.session, rest, keeps_end=keeps_end)
                if rest is not None
                else rest_emptied(held.session)
            )
            if held.booked is None:
                held.booked = self.claim_rest(held.session)
                held.transaction_id = held.booked.id if held.booked is not None else None
            return
        if rest is None:
            return
        booked = self.claim_rest(rest)
        self.all.append(Derived(rest, at, booked, booked.id if booked else None))


def started_at(derived: Derived) -> datetime:
    return derived.session.started_at or derived.told_at
