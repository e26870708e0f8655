"""The sessions that a charge point's words make, by the rules of the domain."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from evgraph.domain import (
    session_end,
    session_metering,
    session_registers,
    session_start,
    session_status,
    stop_matching,
    stopping,
)
from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import Reading, has_inlet, is_same_instant, is_stamp_replaced, with_inlet
from evgraph.domain.port import Port, PortStatus, StatusReport, clock_lag, is_in_order, status_reported
from evgraph.domain.port import away_since as port_away_since
from evgraph.domain.session_clock import (
    StartTime,
    as_first_told,
    end_time,
    is_since_start,
    put_right,
    readings_within,
    start_time,
    time_of_next_start,
    time_within,
)
from evgraph.domain.session_unplug import is_rest, is_rest_of, parted, rest_corrected, rest_emptied
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStart, TransactionStop, is_one_time, tag
from evgraph.ocpp.replay.words import Booted, Metered, Resolved, Seen, Word
from evgraph.services.heard_statuses import HeardStatuses

_SMALLEST = timedelta(microseconds=1)


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
        """When the connection of that moment was opened; null where there was none."""
        open_then = [since for since, until in self.connections if since <= at and (until is None or until > at)]
        return max(open_then, default=None)

    def spans_until(self, at: datetime) -> list[tuple[datetime, datetime | None]]:
        """The connections that were opened by then, as they were then."""
        opened = sorted(span for span in self.connections if span[0] <= at)
        return [(since, until if until is not None and until <= at else None) for since, until in opened]


def derive(
    around: Surroundings, booked: Iterable[ChargingSession], words: Iterable[Word], now: datetime
) -> list[Derived]:
    """One charge point's sessions; see `Deriving`."""
    deriving = Deriving(around, booked)
    deriving.hear(words)
    deriving.pass_time(now)
    return deriving.derived


class Deriving:
    """One charge point's. `booked`: what the books hold of it, to name what is derived. That we closed a session, and
    when, is a decision of ours or of a person, and is taken from there (T7, T12); what it was billed is not."""

    def __init__(self, around: Surroundings, booked: Iterable[ChargingSession]) -> None:
        self._around = around
        # Stops that wait for their start (X2).
        self._waiting: list[TransactionStop] = []
        # Readings that were of no session, by connector (M3).
        self._loose: defaultdict[int, list[Reading]] = defaultdict(list)
        self._heard: set[tuple[str | None, str]] = set()
        self._booked = {session.id: session for session in booked}
        self._unclaimed = dict(self._booked)
        self._ports: dict[int, Port] = {}
        self._repeats = HeardStatuses()
        self.derived: list[Derived] = []

    def hear(self, words: Iterable[Word]) -> None:
        for word in _without_failed(list(words), self._booked.values()):
            self.pass_time(word.heard_at or word.at)
            match word.message:
                case TransactionStart():
                    self._started(word.message, word)
                case TransactionStop():
                    self._stopped(word.message, word)
                case Resolved():
                    self._waiting = [stop for stop in self._waiting if stop != word.message.stop]
                    self._ended(self._named(word.message.session_id), word.message.stop, word.at)
                case Metered():
                    self._metered(word.message, word.at)
                case StatusReport():
                    self._status(word.message, word.at)
                case Booted():
                    for derived in self._running():
                        derived.session = session_status.booted(derived.session)
                case Seen():
                    pass

    def pass_time(self, now: datetime) -> None:
        """What we closed by then."""
        for derived in self._running():
            closed_at = derived.booked.closed_at if derived.booked is not None else None
            if derived.booked is None or closed_at is None or closed_at > now or derived.was_closed:
                continue
            derived.was_closed = True
            session = self._settled(derived, heard_at=closed_at)
            if session_end.was_ended_by_person(derived.booked):
                self._become_parted(derived, session_end.ended_by_person(session, closed_at), closed_at)
            else:
                last_known = session_end.last_known(session, closed_at)
                ended = session_end.given_up(session, last_known, closed_at=closed_at)
                self._become_parted(derived, ended, closed_at)

    def _settled(
        self, derived: Derived, *, until: datetime | None = None, heard_at: datetime | None = None
    ) -> ChargingSession:
        """X2: counted anew where its energy may depend on what came first; as services.recount does."""
        session = derived.session
        newest = session.last_meter_at
        is_told_later = until is not None and newest is not None and newest > until
        if not is_told_later and not stopping.depends_on_order(session, has_unmoved=derived.has_unmoved):
            return session
        return self._recounted(derived, until=until, heard_at=heard_at)

    def _recounted(
        self,
        derived: Derived,
        *,
        until: datetime | None = None,
        also: Iterable[Reading] = (),
        session: ChargingSession | None = None,
        heard_at: datetime | None = None,
    ) -> ChargingSession:
        session = session or derived.session
        supply = self._around.supplies.get(session.connector_id)
        told = put_right([*derived.readings, *also], heard_at)
        return session_metering.recounted(session, told, supply=supply, until=until)

    # One method a word.

    def _started(self, start: TransactionStart, word: Word) -> None:
        if self._known(start, word) is not None:
            return
        booked = self._claim(start, word.transaction_id)
        if booked is not None and start.connector_id < 1:
            # It was asked to begin there.
            start = replace(start, connector_id=booked.connector_id)
        supply = self._around.supplies.get(start.connector_id)
        time = self._start_time(start, word, booked)
        there = self._at_port(start.connector_id)
        is_beside = self._is_before_what_waits(start, word, booked)
        is_beside |= any(session_start.is_older(start, one.session) for one in there)
        for derived in there if not is_beside else []:
            running = derived.session
            at = time_of_next_start(running, start, time if self._was_asked_for(booked, word) else None)
            running = self._settled(derived, until=at.at if at.is_own else None, heard_at=start.received_at)
            self._become_parted(
                derived, session_end.superseded(running, start.meter_start_wh, at, supply=supply), word.at
            )
        # What ended now may be what goes on (T8).
        time = self._start_time(start, word, booked)
        session = session_start.unassigned(
            garage_id=self._around.garage_id,
            charge_point_id=self._around.charge_point_id,
            port_id=start.connector_id,
            connector_id=start.connector_id,
            id_tag=tag(start.id_tag),
            authorization=AuthorizationStatus.ACCEPTED,
            meter_start_wh=start.meter_start_wh,
            at=time.at,
            reported_start=start.reported_at,
            rate_id=None,
            clock_replaced=time.is_replaced,
            clock_error_us=time.clock_error_us,
            now=word.at,
            last_register_wh=self._left_by_the_one_before(start, time.at) if not is_beside else None,
        )
        if booked is not None and booked.reported_id_tag is not None:
            session = replace(session, id_tag=booked.id_tag, reported_id_tag=booked.reported_id_tag)
        transaction_id = word.transaction_id or (booked.id if booked else None)
        session = replace(session, id=transaction_id or 0)
        begun = Derived(session, word.at, booked, transaction_id, is_beside=is_beside)
        self.derived.append(begun)
        if not is_beside:
            self._take_readings_before(begun, word.at, supply)
        for stop in sorted(self._waiting, key=lambda stop: stop.at):
            if stop_matching.was_waiting_for(begun.session, stop, next_start_at=self._next_start_at(begun)):
                self._waiting.remove(stop)
                self._ended(begun, stop, word.at)

    def _at_port(self, connector_id: int) -> list[Derived]:
        """What holds the port of the connector, if it has one (B4)."""
        if connector_id not in self._around.reported:
            return []
        return [one for one in self._running() if one.session.connector_id == connector_id and not one.is_beside]

    def _is_before_what_waits(self, start: TransactionStart, word: Word, booked: ChargingSession | None) -> bool:
        """S4: another start waits at the connector, and was asked for after this one was."""
        if start.connector_id not in self._around.reported:
            return False
        port = self._ports.get(start.connector_id)
        asked = [
            (one.connector_id, one.asked_at, None)
            for one in self._unclaimed.values()
            if one is not booked and is_one_time(one.id_tag) and one.request_id is not None
        ]
        return any(
            connector_id == start.connector_id
            and asked_at <= word.at
            and (given_up_at is None or word.at < given_up_at)
            and session_start.is_from_before(start, asked_at, clock_lag=clock_lag(port))
            for connector_id, asked_at, given_up_at in [*asked, *self._around.given_up]
        )

    def _take_readings_before(self, begun: Derived, at: datetime, supply: Supply | None) -> None:
        """M3, X2: readings without an id that came before the start."""
        session, loose = begun.session, self._loose[begun.session.connector_id]
        until = min(at, self._next_start_at(begun) or at)
        if session.started_at is None or SessionFlag.CLOCK_REPLACED in session.flags:
            return
        taken = [one for one in loose if session.started_at <= one.at < until]
        loose[:] = [one for one in loose if one not in taken]
        begun.readings += self._usable(tuple(taken))
        begun.session = session_metering.readings_taken(session, begun.readings, supply=supply)

    def _start_time(self, start: TransactionStart, word: Word, booked: ChargingSession | None) -> StartTime:
        """B7. A session that nobody asked for is booked when it is told of, not before."""
        cut = self._continued_by(start, booked)
        if cut is not None:
            return session_start.continued_time(start, cut.session)
        return start_time(
            start,
            asked_at=booked.asked_at if booked is not None and self._was_asked_for(booked, word) else None,
            connected_since=self._around.connected_since(word.at),
        )

    @staticmethod
    def _was_asked_for(booked: ChargingSession | None, word: Word) -> bool:
        return booked is not None and is_one_time(booked.id_tag) and _was_asked_before(booked, word.at)

    def _continued_by(self, start: TransactionStart, booked: ChargingSession | None) -> Derived | None:
        """T8: the part before it, cut off and with the same one-time idTag."""
        if booked is None or not is_one_time(start.id_tag) or booked.authorization is not AuthorizationStatus.ACCEPTED:
            return None
        before = [one for one in self.derived if one.session.id_tag == tag(start.id_tag)]
        return before[-1] if before and session_end.was_cut_off(before[-1].session) else None

    def _left_by_the_one_before(self, start: TransactionStart, began_at: datetime) -> int | None:
        """T11, M5."""
        if start.connector_id not in self._around.reported:
            return None
        before = [
            one
            for one in self.derived
            if one.session.connector_id == start.connector_id
            and not one.is_beside
            and one.session.status is SessionStatus.ENDED
            and _started_at(one) <= began_at
        ]
        if not before:
            return None
        latest = max(reversed(before), key=_started_at)
        if start.meter_start_wh is not None:
            latest.session = session_registers.leap_confirmed(latest.session, start.meter_start_wh)
        return session_end.last_register_wh(latest.session)

    def _stopped(self, stop: TransactionStop, word: Word) -> None:
        told = (word.message_id, word.content)
        if word.message_id is not None and told in self._heard:
            # C9: answered from memory.
            return
        if word.is_answered:
            self._heard.add(told)
        meant = self._meant(stop)
        if meant is not None:
            self._ended(meant, stop, word.at)
        elif self._named(stop.transaction_id) is None:
            self._waiting.append(stop)

    def _ended(self, derived: Derived | None, stop: TransactionStop, at: datetime) -> None:
        if derived is None:
            return
        session = derived.session
        is_running = session.status is SessionStatus.CHARGING
        is_closed_by_us = session_end.was_closed_by_us(session)
        if not (is_running or is_closed_by_us or self._is_corrected(derived, stop)):
            return
        time = end_time(session, stop)
        supply = self._around.supplies.get(session.connector_id)
        stop = replace(stop, readings=self._usable(stop.readings))
        readings = self._as_first_told(derived, stopping.readings_of(session, stop, time))
        if is_running and not stopping.must_recount(session, readings, time, has_unmoved=derived.has_unmoved):
            ended = stopping.ended(session, stop, time, readings=readings, supply=supply)
        else:
            until = time.at if time.is_own else None
            counted = self._recounted(derived, until=until, also=readings, heard_at=stop.received_at)
            ended = stopping.ended(counted, stop, time, supply=supply)
        derived.readings += readings
        ended = self._leap_confirmed(derived, ended)
        ended, rest = parted(ended, stop.meter_stop_wh, at)
        if not is_running:
            ended = session_end.truth_told(session, ended, is_own_time=time.is_own)
        derived.session = ended
        self._keep_rest(derived, rest, at, before=session)

    def _become_parted(self, derived: Derived, ended: ChargingSession, at: datetime) -> None:
        """T4: a session that ended without a StopTransaction, or that late readings correct."""
        if ended is derived.session:
            return
        ended, rest = parted(ended, ended.stop_register_wh, at)
        before, derived.session = derived.session, ended
        has_ended = before.status is SessionStatus.ENDED
        self._keep_rest(derived, rest, at, before=before, keeps_end=has_ended)

    def _keep_rest(
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
        since = [one is derived for one in self.derived].index(True)
        later = self.derived[since + 1 :] if before.held_back_from_wh is not None else []
        held = next((one for one in later if is_rest_of(one.session, before)), None)
        if held is not None:
            held.session = (
                rest_corrected(held.session, rest, keeps_end=keeps_end)
                if rest is not None
                else rest_emptied(held.session)
            )
            if held.booked is None:
                held.booked = self._claim_rest(held.session)
                held.transaction_id = held.booked.id if held.booked is not None else None
            return
        if rest is None:
            return
        booked = self._claim_rest(rest)
        self.derived.append(Derived(rest, at, booked, booked.id if booked else None))

    def _usable(self, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        """M1: at a charge point with one connector its inlet's meter counts."""
        if len(self._around.reported) > 1:
            return readings
        return tuple(with_inlet(one) if has_inlet(one) else one for one in readings)

    def _is_corrected(self, derived: Derived, stop: TransactionStop) -> bool:
        """T3: by a second, different stop."""
        next_start_at = self._next_start_at(derived)
        is_different = stop_matching.differs(derived.session, stop)
        return is_different and stop_matching.is_correction(derived.session, stop, next_start_at=next_start_at)

    def _metered(self, metered: Metered, at: datetime) -> None:
        derived = self._named(metered.transaction_id) or self._running_there(metered) or self._given_up_before(metered)
        if derived is None:
            if metered.transaction_id is None and metered.connector_id is not None:
                self._loose[metered.connector_id] += metered.readings
            return
        session = derived.session
        is_named = metered.transaction_id is not None and derived is self._named(metered.transaction_id)
        readings = readings_within(session, self._usable(metered.readings), are_named=is_named)
        readings = self._as_first_told(derived, readings)
        is_late = session.status is not SessionStatus.CHARGING
        if is_late and not is_named:
            readings = session_end.unnamed_told(session, readings)
            if not readings:
                return
        derived.readings += readings
        newest = session.last_meter_at
        derived.has_unmoved |= is_late or any(newest is not None and one.at < newest for one in readings)
        supply = self._around.supplies.get(session.connector_id)
        if not is_late:
            derived.session = self._taken(derived, readings, supply)
            return
        if session_end.misses_readings(session, readings) or (
            not session_end.was_closed_by_us(session) and self._tell_otherwise(derived, readings)
        ):
            counted = self._recounted(
                derived, until=session_end.transaction_ended_at(session) if session.stop_has_stamp else None
            )
            told = session_end.end_completed(session, counted, supply=supply)
            self._become_parted(derived, self._leap_confirmed(derived, told), at)
            return
        if is_named and self._is_open_again(derived, readings, at, supply):
            return
        following = self._next_start_at(derived)
        counted = self._recounted(derived, until=following - _SMALLEST if following is not None else None)
        self._become_parted(derived, session_end.readings_told(session, counted), at)

    def _is_open_again(
        self, derived: Derived, readings: Sequence[Reading], at: datetime, supply: Supply | None
    ) -> bool:
        """T7: it runs on, beside its port where another session holds that."""
        following = self._next(derived)
        next_start_wh = None
        if following is not None and SessionFlag.METER_START_ESTIMATED not in following.session.flags:
            next_start_wh = following.session.meter_start_wh
        if not session_end.may_be_reopened(derived.session, readings, next_start_wh):
            return False
        counted = session_metering.recounted(derived.session, put_right(derived.readings), supply=supply)
        again = session_end.reopened(derived.session, counted, readings)
        if again is None:
            return False
        derived.is_beside |= bool(self._at_port(again.connector_id)) or self._is_waited_for(again.connector_id, at)
        derived.session = again
        return True

    def _is_waited_for(self, connector_id: int, at: datetime) -> bool:
        """A start that was asked for holds the port of the connector."""
        waiting = any(
            one.connector_id == connector_id and one.asked_at <= at and is_one_time(one.id_tag)
            for one in self._unclaimed.values()
        )
        given_up = any(
            place == connector_id and asked_at <= at and (until is None or at < until)
            for place, asked_at, until in self._around.given_up
        )
        return waiting or given_up

    def _running_there(self, metered: Metered) -> Derived | None:
        """M3: the one that began last before the readings."""
        there = [one for one in self._running() if _holds(one.session, metered)]
        found = max(there, key=_started_at, default=None)
        if found is None or not found.is_beside:
            return found
        # What began there later may be over by now.
        until = max(one.at for one in metered.readings)
        began = (one for one in self.derived if one.session.connector_id == metered.connector_id)
        return None if any(_started_at(found) < _started_at(one) <= until for one in began) else found

    @staticmethod
    def _taken(derived: Derived, readings: Sequence[Reading], supply: Supply | None) -> ChargingSession:
        """M4: what is not newer than the newest changes nothing, but completes what was told of the same instant."""
        session = derived.session
        newest = session.last_meter_at
        if newest is None:
            return session_metering.readings_taken(session, readings, supply=supply)
        held = [Reading(at=newest)]
        if any(map(is_stamp_replaced, readings)):
            # A clock that stands still stamps several messages of one instant alike.
            held += [one for one in derived.readings[: -len(readings)] if one.at == newest]
        is_completed = any(is_same_instant(one, other) for one in readings for other in held)
        if not is_completed and all(session_metering.is_newer(session, one) for one in readings):
            return session_metering.readings_taken(session, readings, supply=supply)
        counted = session_metering.recounted(session, put_right(derived.readings), supply=supply)
        later = [one for one in readings if session_metering.is_newer(session, one)]
        return counted if is_completed else session_metering.readings_taken(session, later, supply=supply)

    @staticmethod
    def _as_first_told(derived: Derived, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
        return readings if derived.session.clock_error_us is None else as_first_told(readings, derived.readings)

    def _leap_confirmed(self, derived: Derived, ended: ChargingSession) -> ChargingSession:
        """M5: by the next start there."""
        following = self._next(derived)
        if following is None or SessionFlag.METER_START_ESTIMATED in following.session.flags:
            return ended
        return session_registers.leap_confirmed(ended, following.session.meter_start_wh)

    @staticmethod
    def _tell_otherwise(derived: Derived, readings: Sequence[Reading]) -> bool:
        for one in readings:
            told = sorted((r for r in derived.readings if r.register_wh is not None), key=lambda r: r.at)
            before = [r.register_wh for r in told if r.at < one.at]
            after = [r.register_wh for r in told if r.at > one.at]
            if session_end.tells_otherwise(
                derived.session, one, before[-1] if before else None, after[0] if after else None
            ):
                return True
        return False

    def _given_up_before(self, metered: Metered) -> Derived | None:
        """M3, T7: readings without an id, of a session that was given up while they were under way."""
        first_at = min(reading.at for reading in metered.readings)
        there = [
            one
            for one in reversed(self.derived)
            if one.session.connector_id == metered.connector_id
            and one.session.status is SessionStatus.ENDED
            and _started_at(one) <= first_at
        ]
        latest = max(there, key=_started_at, default=None)
        return latest if latest is not None and session_end.may_hold(latest.session, metered.readings) else None

    def _next_start_at(self, derived: Derived) -> datetime | None:
        following = self._next(derived)
        return _started_at(following) if following is not None else None

    def _next(self, derived: Derived) -> Derived | None:
        """What began next at its connector."""
        if derived.is_beside:
            return None
        at, connector_id = _started_at(derived), derived.session.connector_id
        there = (one for one in self.derived if one.session.connector_id == connector_id and not one.is_beside)
        later = (one for one in there if _started_at(one) > at and not is_rest_of(one.session, derived.session))
        return min(later, key=_started_at, default=None)

    def _status(self, report: StatusReport, at: datetime) -> None:
        if self._repeats.is_repeated(report.connector_id, report):
            return
        ended = self._ended_last(report)
        there = self._at_port(report.connector_id) or ([ended] if ended is not None else [])
        for derived in there:
            if derived.session.clock_error_us is not None:
                time = time_within(derived.session, report.stamped_at or report.at, at)
                report = replace(report, at=time.at, is_stamped=time.is_own)
        before = self._ports.get(report.connector_id) or _port_of(report, at)
        if self._is_older(report, at):
            return
        away_since = port_away_since(before, at, self._around.spans_until(at))
        for derived in there:
            if derived is ended:
                derived.session = session_status.reported_after_end(derived.session, report)
                continue
            before_it = derived.session
            told = session_status.reported(before_it, report, at, away_since=away_since)
            has_changed = (told.ev_gone_at, told.charging_again_at) != (
                before_it.ev_gone_at,
                before_it.charging_again_at,
            )
            if has_changed and told.last_meter_at is not None and told.last_meter_at >= report.at:
                told = self._recounted(derived, session=told, heard_at=at)
            derived.session = told

    def _ended_last(self, report: StatusReport) -> Derived | None:
        """T4, X2: the status may be of the session that ended there last, and came after its end."""
        if report.connector_id not in self._around.reported:
            return None
        there = [
            one
            for one in self.derived
            if one.session.connector_id == report.connector_id
            and one.session.status is SessionStatus.ENDED
            and _started_at(one) <= report.at
            and not is_rest(one.session)
        ]
        return max(reversed(there), key=_started_at, default=None)

    def _is_older(self, report: StatusReport, at: datetime) -> bool:
        """B6, as the port decides."""
        port = self._ports.get(report.connector_id) or _port_of(report, at)
        spans = self._around.spans_until(at)
        after = status_reported(port, report, at, is_in_order=is_in_order(port.status_received_at, report, at, spans))
        if after is port and report.connector_id in self._ports:
            return True
        self._ports[report.connector_id] = after
        return False

    # Which session is meant.

    def _known(self, start: TransactionStart, word: Word) -> Derived | None:
        """S2: this start came before: it was answered the same, or says the same."""
        named = self._named(word.transaction_id)
        if named is not None:
            return named
        # Where both were answered, they were not answered the same.
        told = [one for one in reversed(self.derived) if word.transaction_id is None or one.transaction_id is None]
        very = next((one for one in told if session_start.was_opened_by_the_very(one.session, start)), None)
        if very is not None:
            return very
        return next((one for one in told if session_start.was_opened_by(one.session, start, another_waits=False)), None)

    def _named(self, transaction_id: int | None) -> Derived | None:
        if transaction_id is None or transaction_id <= 0:
            return None
        return next((one for one in self.derived if one.transaction_id == transaction_id), None)

    def _meant(self, stop: TransactionStop) -> Derived | None:
        """T3, T2, T7; as services.stop_lookup asks the database."""
        by_id = self._named(stop.transaction_id)
        if by_id is not None and (not stop.id_tag or stop_matching.bears(by_id.session, stop.id_tag)):
            return by_id
        bearing = [one for one in self.derived if stop_matching.bears(one.session, stop.id_tag)]
        if by_id is not None and stop_matching.named_by_id(stop, [by_id.session]) is not None:
            return by_id
        if bearing:
            found = stop_matching.named_by_tag(stop, [one.session for one in bearing], self._around.supplies)
            return next((one for one in bearing if one.session is found), None)
        if stop.id_tag or by_id is not None:
            return None
        return self._ended_before(stop) or self._only_open(stop) or self._only_closed(stop)

    def _ended_before(self, stop: TransactionStop) -> Derived | None:
        return next((one for one in reversed(self.derived) if stop_matching.was_ended_by(one.session, stop)), None)

    def _only_open(self, stop: TransactionStop) -> Derived | None:
        running = self._running()
        if len(running) != 1:
            return None
        session = running[0].session
        may_end = stop_matching.may_end_only_open(
            session,
            stop,
            supply=self._around.supplies.get(session.connector_id),
            has_other_connectors=len(self._around.reported) > 1,
            rose_later=_rose_after(running[0], end_time(session, stop).at),
        )
        return running[0] if may_end else None

    def _only_closed(self, stop: TransactionStop) -> Derived | None:
        if stop.meter_stop_wh is None and len(self._around.reported) > 1:
            return None
        found = [
            one
            for one in self.derived
            if stop_matching.may_end_closed(
                one.session,
                stop,
                supply=self._around.supplies.get(one.session.connector_id),
                next_start_at=self._next_start_at(one),
            )
        ]
        return found[0] if len(found) == 1 else None

    def _claim(self, start: TransactionStart, transaction_id: int | None) -> ChargingSession | None:
        """The booked session of this start: by what it was answered, else by what it told."""
        if transaction_id is not None:
            return self._unclaimed.pop(transaction_id, None)
        for booked in self._unclaimed.values():
            if session_start.was_opened_by(booked, start, another_waits=False):
                return self._unclaimed.pop(booked.id)
        return None

    def _claim_rest(self, rest: ChargingSession) -> ChargingSession | None:
        """The booked session of what was held back (T4)."""
        place = (rest.connector_id, rest.meter_start_wh)
        for booked in self._unclaimed.values():
            is_rest = SessionFlag.AFTER_UNPLUG in booked.flags
            if is_rest and (booked.connector_id, booked.meter_start_wh) == place:
                return self._unclaimed.pop(booked.id)
        return None

    def _running(self) -> list[Derived]:
        return [one for one in self.derived if one.session.status is SessionStatus.CHARGING]


def _port_of(report: StatusReport, at: datetime) -> Port:
    """The connector's port, before it said anything."""
    return Port(
        id=report.connector_id,
        garage_id=0,
        charge_point_id=0,
        connector_id=report.connector_id,
        identity="",
        is_online=True,
        custom_name=None,
        reported_status=PortStatus.UNAVAILABLE,
        reported_at=None,
        status_changed_at=at,
        error_code=None,
        info=None,
        max_power_w=None,
        active_session_id=None,
    )


def _rose_after(derived: Derived, at: datetime) -> bool:
    registers = sorted((one for one in derived.readings if one.register_wh is not None), key=lambda one: one.at)
    before = [one.register_wh for one in registers if one.at <= at]
    after = [one.register_wh for one in registers if one.at > at]
    floor_wh = before[-1] if before else derived.session.meter_start_wh
    return bool(after) and after[-1] is not None and floor_wh is not None and after[-1] > floor_wh


def _holds(session: ChargingSession, metered: Metered) -> bool:
    """M3: it runs at the connector, and the time fits."""
    return session.connector_id == metered.connector_id and any(
        is_since_start(session, reading) for reading in metered.readings
    )


def _was_asked_before(booked: ChargingSession, at: datetime) -> bool:
    return booked.asked_at < at or (booked.asked_at == at and booked.accepted_at is not None)


def _started_at(derived: Derived) -> datetime:
    return derived.session.started_at or derived.told_at


def _without_failed(words: list[Word], booked: Iterable[ChargingSession]) -> list[Word]:
    """Without the starts and stops that were stamped by our clock, had no answer and came again: all but one of them
    failed, and the books tell which (B7). With the charger's own stamp they are all the same."""
    stamps = {stamp for session in booked for stamp in (session.started_at, session.ended_at)}
    kept: list[Word] = []
    for place, word in enumerate(words):
        message = word.message
        if (
            isinstance(message, TransactionStart | TransactionStop)
            and message.clock_replaced
            and not word.is_answered
            and word.at not in stamps
            and any(later.content == word.content for later in words[place + 1 :])
        ):
            continue
        kept.append(word)
    return kept
