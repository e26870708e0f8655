"""The sessions that a charge point's words make, by the rules of the domain: one method a word."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

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
from evgraph.domain.energy import Reading, is_same_instant, is_stamp_replaced
from evgraph.domain.port import Port, PortStatus, StatusReport, clock_lag, is_in_order, status_reported
from evgraph.domain.port import away_since as port_away_since
from evgraph.domain.session_clock import (
    StartTime,
    end_time,
    put_right,
    readings_within,
    start_time,
    time_of_next_start,
    time_within,
)
from evgraph.domain.session_unplug import parted
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStart, TransactionStop, is_one_time, tag
from evgraph.ocpp.replay.derived_sessions import Derived, DerivedSessions, Surroundings, started_at
from evgraph.ocpp.replay.late_readings import hear_late_readings
from evgraph.ocpp.replay.session_lookup import (
    session_of_readings,
    session_of_start,
    session_of_stop,
    sessions_of_late_status,
)
from evgraph.ocpp.replay.words import Booted, Metered, Resolved, Seen, Word
from evgraph.services.heard_statuses import HeardStatuses


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
        booked = list(booked)
        self._around = around
        self._sessions = DerivedSessions(around, booked)
        # Stops that wait for their start (X2).
        self._waiting: list[TransactionStop] = []
        # Readings that were of no session, by connector (M3).
        self._loose: defaultdict[int, list[Reading]] = defaultdict(list)
        self._heard: set[tuple[str | None, str]] = set()
        self._booked = booked
        self._ports: dict[int, Port] = {}
        self._repeats = HeardStatuses()

    @property
    def derived(self) -> list[Derived]:
        return self._sessions.all

    def hear(self, words: Iterable[Word]) -> None:
        for word in _without_failed(list(words), self._booked):
            self.pass_time(word.heard_at or word.at)
            match word.message:
                case TransactionStart():
                    self._started(word.message, word)
                case TransactionStop():
                    self._stopped(word.message, word)
                case Resolved():
                    self._waiting = [stop for stop in self._waiting if stop != word.message.stop]
                    self._ended(self._sessions.named(word.message.session_id), word.message.stop, word.at)
                case Metered():
                    self._metered(word.message, word.at)
                case StatusReport():
                    self._status(word.message, word.at)
                case Booted():
                    for derived in self._sessions.running():
                        derived.session = session_status.booted(derived.session)
                case Seen():
                    pass

    def pass_time(self, now: datetime) -> None:
        """What we closed by then."""
        for derived in self._sessions.running():
            closed_at = derived.booked.closed_at if derived.booked is not None else None
            if derived.booked is None or closed_at is None or closed_at > now or derived.was_closed:
                continue
            derived.was_closed = True
            session = self._sessions.settled(derived, heard_at=closed_at)
            if session_end.was_ended_by_person(derived.booked):
                self._sessions.become_parted(derived, session_end.ended_by_person(session, closed_at), closed_at)
            else:
                last_known = session_end.last_known(session, closed_at)
                ended = session_end.given_up(session, last_known, closed_at=closed_at)
                self._sessions.become_parted(derived, ended, closed_at)

    def _started(self, start: TransactionStart, word: Word) -> None:
        if session_of_start(self._sessions, start, word) is not None:
            return
        booked = self._sessions.claim(start, word.transaction_id)
        if booked is not None and start.connector_id < 1:
            # It was asked to begin there.
            start = replace(start, connector_id=booked.connector_id)
        supply = self._around.supplies.get(start.connector_id)
        time = self._start_time(start, word, booked)
        there = self._sessions.at_port(start.connector_id)
        is_beside = self._is_before_what_waits(start, word, booked)
        is_beside |= any(session_start.is_older(start, one.session) for one in there)
        for derived in there if not is_beside else []:
            running = derived.session
            at = time_of_next_start(running, start, time if self._was_asked_for(booked, word) else None)
            running = self._sessions.settled(derived, until=at.at if at.is_own else None, heard_at=start.received_at)
            running = self._sessions.with_start(derived, running)
            self._sessions.become_parted(
                derived, session_end.superseded(running, start.meter_start_wh, at, supply=supply), word.at
            )
        for derived in self._sessions.beside(start.connector_id):
            if not session_start.is_older(start, derived.session):
                self._end_beside(derived, start, time if self._was_asked_for(booked, word) else None, word.at)
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
        self._sessions.all.append(begun)
        if not is_beside:
            self._take_readings_before(begun, word.at, supply)
        for stop in sorted(self._waiting, key=lambda stop: stop.at):
            if stop_matching.was_waiting_for(begun.session, stop, next_start_at=self._sessions.next_start_at(begun)):
                self._waiting.remove(stop)
                self._ended(begun, stop, word.at)

    def _end_beside(self, derived: Derived, start: TransactionStart, time: StartTime | None, at: datetime) -> None:
        """S7, as services.transactions does."""
        running = derived.session
        ends = time_of_next_start(running, start, time)
        until = ends.at if ends.is_own else None
        running = self._sessions.settled(derived, until=until, heard_at=start.received_at)
        there = (one for one in self._sessions.all if one.session.connector_id == running.connector_id)
        has_begun = any(started_at(one) >= started_at(derived) for one in there if one is not derived)
        register_wh = None if has_begun else start.meter_start_wh
        supply = self._around.supplies.get(running.connector_id)
        ended = session_end.superseded(running, register_wh, ends, supply=supply)
        self._sessions.become_parted(derived, ended, at)

    def _is_before_what_waits(self, start: TransactionStart, word: Word, booked: ChargingSession | None) -> bool:
        """S4: another start waits at the connector, and was asked for after this one was."""
        if start.connector_id not in self._around.reported:
            return False
        port = self._ports.get(start.connector_id)
        asked = [
            (one.connector_id, one.asked_at, None)
            for one in self._sessions.unclaimed.values()
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
        until = min(at, self._sessions.next_start_at(begun) or at)
        if session.started_at is None or SessionFlag.CLOCK_REPLACED in session.flags:
            return
        taken = [one for one in loose if session.started_at <= one.at < until]
        loose[:] = [one for one in loose if one not in taken]
        begun.readings += self._sessions.usable(tuple(taken))
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
        before = [one for one in self._sessions.all if one.session.id_tag == tag(start.id_tag)]
        return before[-1] if before and session_end.was_cut_off(before[-1].session) else None

    def _left_by_the_one_before(self, start: TransactionStart, began_at: datetime) -> int | None:
        """T11, M5."""
        latest = self._sessions.left_before(start.connector_id, began_at)
        if latest is None:
            return None
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
        meant = session_of_stop(self._sessions, stop)
        if meant is not None:
            self._ended(meant, stop, word.at)
        elif self._sessions.named(stop.transaction_id) is None:
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
        stop = replace(stop, readings=self._sessions.usable(stop.readings))
        readings = self._sessions.as_first_told(derived, stopping.readings_of(session, stop, time))
        if is_running and not stopping.must_recount(session, readings, time, has_unmoved=derived.has_unmoved):
            ended = stopping.ended(session, stop, time, readings=readings, supply=supply)
        else:
            until = time.at if time.is_own else None
            counted = self._sessions.recounted(derived, until=until, also=readings, heard_at=stop.received_at)
            counted = self._sessions.with_start(derived, counted)
            ended = stopping.ended(counted, stop, time, supply=supply)
        derived.readings += readings
        ended = self._sessions.leap_confirmed(derived, ended)
        ended, rest = parted(ended, stop.meter_stop_wh, at)
        if not is_running:
            ended = session_end.truth_told(session, ended, is_own_time=time.is_own)
        derived.session = ended
        self._sessions.keep_rest(derived, rest, at, before=session)

    def _is_corrected(self, derived: Derived, stop: TransactionStop) -> bool:
        """T3: by a second, different stop."""
        next_start_at = self._sessions.next_start_at(derived)
        is_different = stop_matching.differs(derived.session, stop)
        return is_different and stop_matching.is_correction(derived.session, stop, next_start_at=next_start_at)

    def _metered(self, metered: Metered, at: datetime) -> None:
        derived = session_of_readings(self._sessions, metered)
        if derived is None:
            if metered.transaction_id is None and metered.connector_id is not None:
                self._loose[metered.connector_id] += metered.readings
            return
        session = derived.session
        is_named = metered.transaction_id is not None and derived is self._sessions.named(metered.transaction_id)
        readings = readings_within(session, self._sessions.usable(metered.readings), are_named=is_named)
        readings = self._sessions.as_first_told(derived, readings)
        is_late = session.status is not SessionStatus.CHARGING
        if is_late and not is_named:
            readings = session_end.unnamed_told(session, readings)
            if not readings:
                return
        derived.readings += readings
        newest = session.last_meter_at
        derived.has_unmoved |= is_late or any(newest is not None and one.at < newest for one in readings)
        if not is_late:
            derived.session = self._taken(derived, readings, self._around.supplies.get(session.connector_id))
            return
        hear_late_readings(self._sessions, derived, readings, at, is_named=is_named)

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

    def _status(self, report: StatusReport, at: datetime) -> None:
        if self._repeats.is_repeated(report.connector_id, report):
            return
        said, there = report, self._sessions.at_port(report.connector_id)
        for derived in there:
            report = _by_its_clock(derived.session, report, at)
        before = self._ports.get(report.connector_id) or _port_of(report, at)
        if self._is_older(report, at):
            return
        if not there or any(session_status.is_of_the_one_before(one.session, report) for one in there):
            self._tell_ended(said, at)
        away_since = port_away_since(before, at, self._around.spans_until(at))
        if session_status.tells_those_beside(report, there[0].session if there else None):
            there = [*there, *self._sessions.beside(report.connector_id)]
        for derived in there:
            report = report if not derived.is_beside else _by_its_clock(derived.session, said, at)
            before_it = derived.session
            told = session_status.reported(before_it, report, at, away_since=away_since)
            has_moved = session_status.has_unplugging_moved(before_it, told)
            if has_moved and told.last_meter_at is not None and told.last_meter_at >= report.at:
                told = self._sessions.recounted(derived, session=told, heard_at=at)
            derived.session = told

    def _tell_ended(self, report: StatusReport, at: datetime) -> None:
        """T4, X2: the status may be of a session that ended there, and came after its end."""
        for derived in sessions_of_late_status(self._sessions, report):
            by_its_clock = _by_its_clock(derived.session, report, at)
            if started_at(derived) <= by_its_clock.at:
                self._tell_the_ended(derived, by_its_clock, at)
                return

    def _tell_the_ended(self, derived: Derived, report: StatusReport, at: datetime) -> None:
        session = derived.session
        told = session_status.reported_after_end(session, report)
        has_moved = session_status.has_unplugging_moved(session, told)
        is_closed_by_us = session_end.was_closed_by_us(told)
        derived.session = told
        if not has_moved or not session_status.is_before_end(session, report):
            return
        if is_closed_by_us and SessionFlag.SUPERSEDED in told.flags:
            return
        if is_closed_by_us:
            ended = session_end.readings_told(told, self._sessions.recounted(derived))
        else:
            until = session_end.transaction_ended_at(told) if told.stop_has_stamp else None
            supply = self._around.supplies.get(told.connector_id)
            ended = session_end.end_completed(told, self._sessions.recounted(derived, until=until), supply=supply)
        if ended is told:
            return
        ended, rest = parted(self._sessions.leap_confirmed(derived, ended), ended.stop_register_wh, at)
        derived.session = ended
        self._sessions.keep_rest(derived, rest, at, before=session, keeps_end=True)

    def _is_older(self, report: StatusReport, at: datetime) -> bool:
        """B6, as the port decides."""
        port = self._ports.get(report.connector_id) or _port_of(report, at)
        spans = self._around.spans_until(at)
        after = status_reported(port, report, at, is_in_order=is_in_order(port.status_received_at, report, at, spans))
        if after is port and report.connector_id in self._ports:
            return True
        self._ports[report.connector_id] = after
        return False


def _by_its_clock(session: ChargingSession, report: StatusReport, at: datetime) -> StatusReport:
    """B7: of a charger whose clock is known to be wrong."""
    if session.clock_error_us is None:
        return report
    time = time_within(session, report.stamped_at or report.at, at)
    return replace(report, at=time.at, is_stamped=time.is_own)


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


def _was_asked_before(booked: ChargingSession, at: datetime) -> bool:
    return booked.asked_at < at or (booked.asked_at == at and booked.accepted_at is not None)


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
