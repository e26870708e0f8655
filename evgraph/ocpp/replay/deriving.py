"""The sessions that a charge point's words make, by the rules of the domain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from evgraph.domain import session_end, session_metering, session_start, session_status, stop_matching, stopping
from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import Reading, has_inlet, is_same_instant, with_inlet
from evgraph.domain.port import Port, PortStatus, StatusReport, is_in_order, status_reported
from evgraph.domain.session_clock import (
    StartTime,
    end_time,
    lies_before_start,
    readings_within,
    start_time,
    time_of_next_start,
    time_within,
)
from evgraph.domain.session_unplug import parted
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStart, TransactionStop, is_one_time, tag
from evgraph.ocpp.replay.words import Booted, Metered, Resolved, Seen, Word
from evgraph.services.heard_statuses import HeardStatuses


@dataclass(slots=True)
class Derived:
    """A session as its frames tell it. `told_at`: when its StartTransaction came. `booked` is the session in the books
    that it is held against, null where there is none; nothing is taken from it but what frames cannot tell: its id,
    which idTag it was asked for with, and when, and when it was closed by us. `readings`: all that were told of it.
    `history`: what it became, and when."""

    session: ChargingSession
    told_at: datetime
    booked: ChargingSession | None
    transaction_id: int | None
    readings: list[Reading] = field(default_factory=list)
    history: list[tuple[datetime, ChargingSession]] = field(default_factory=list)

    def become(self, session: ChargingSession, at: datetime) -> None:
        if session is not self.session:
            self.session = session
            self.history.append((at, session))

    def as_of(self, at: datetime) -> ChargingSession:
        """What it was then."""
        then = [session for since, session in self.history if since <= at]
        return then[-1] if then else self.history[0][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What frames do not tell. `supplies`: by connector (M5). `reported`: the connectors that a StatusNotification has
    named (B4). `connections`: when each was opened, and closed (B7)."""

    garage_id: int
    charge_point_id: int
    supplies: Mapping[int, Supply]
    reported: frozenset[int]
    connections: Sequence[tuple[datetime, datetime | None]] = ()

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
        self._heard: set[tuple[str | None, str]] = set()
        self._booked = {session.id: session for session in booked}
        self._unclaimed = dict(self._booked)
        self._ports: dict[int, Port] = {}
        self._repeats = HeardStatuses()
        self.derived: list[Derived] = []

    def hear(self, words: Iterable[Word]) -> None:
        for word in _without_failed(list(words), self._booked.values()):
            self.pass_time(word.at)
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
            if derived.booked is None or closed_at is None or closed_at > now:
                continue
            if session_end.was_ended_by_person(derived.booked):
                derived.become(session_end.ended_by_person(derived.session, closed_at), closed_at)
            else:
                last_known = session_end.last_known(derived.session)
                derived.become(session_end.given_up(derived.session, last_known, closed_at=closed_at), closed_at)

    # One method a word.

    def _started(self, start: TransactionStart, word: Word) -> None:
        if self._known(start, word) is not None:
            return
        booked = self._claim(start, word.transaction_id)
        if booked is not None and start.connector_id < 1:
            # It was asked to begin there.
            start = replace(start, connector_id=booked.connector_id)
        time = self._start_time(start, word, booked)
        supply = self._around.supplies.get(start.connector_id)
        if start.connector_id in self._around.reported:
            for derived in self._running():
                if derived.session.connector_id == start.connector_id:
                    ended = session_end.superseded(
                        derived.session,
                        start.meter_start_wh,
                        time_of_next_start(derived.session, start, time if self._was_asked_for(booked, word) else None),
                        supply=supply,
                    )
                    derived.become(ended, word.at)
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
            last_register_wh=self._left_by_the_one_before(start, time.at, word.at),
        )
        if booked is not None and booked.reported_id_tag is not None:
            session = replace(session, id_tag=booked.id_tag, reported_id_tag=booked.reported_id_tag)
        transaction_id = word.transaction_id or (booked.id if booked else None)
        begun = Derived(session, word.at, booked, transaction_id, history=[(word.at, session)])
        self.derived.append(begun)
        for stop in sorted(self._waiting, key=lambda stop: stop.at):
            if stop_matching.was_waiting_for(begun.session, stop):
                self._waiting.remove(stop)
                self._ended(begun, stop, word.at)

    def _start_time(self, start: TransactionStart, word: Word, booked: ChargingSession | None) -> StartTime:
        """B7. A session that nobody asked for is booked when it is told of, not before."""
        return start_time(
            start,
            asked_at=booked.asked_at if booked is not None and self._was_asked_for(booked, word) else None,
            connected_since=self._around.connected_since(word.at),
        )

    @staticmethod
    def _was_asked_for(booked: ChargingSession | None, word: Word) -> bool:
        return booked is not None and is_one_time(booked.id_tag) and booked.asked_at < word.at

    def _left_by_the_one_before(self, start: TransactionStart, began_at: datetime, at: datetime) -> int | None:
        """T11, M5."""
        if start.connector_id not in self._around.reported:
            return None
        before = [
            one
            for one in self.derived
            if one.session.connector_id == start.connector_id
            and one.session.status is SessionStatus.ENDED
            and _started_at(one) <= began_at
        ]
        if not before:
            return None
        latest = max(reversed(before), key=_started_at)
        if start.meter_start_wh is not None:
            latest.become(session_metering.leap_confirmed(latest.session, start.meter_start_wh), at)
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
        readings = stopping.readings_of(session, stop, time)
        if is_running and not stopping.must_recount(session, readings, time):
            ended = stopping.ended(session, stop, time, readings=readings, supply=supply)
        else:
            until = [one for one in [*derived.readings, *readings] if not time.is_own or one.at <= time.at]
            counted = session_metering.recounted(session, until, supply=supply)
            ended = stopping.ended(counted, stop, time, supply=supply)
        derived.readings += readings
        ended, rest = parted(ended, stop.meter_stop_wh, at)
        if not is_running:
            ended = session_end.truth_told(session, ended, is_own_time=time.is_own)
        derived.become(ended, at)
        if rest is not None and (is_running or is_closed_by_us):
            booked = self._claim_rest(rest)
            self.derived.append(Derived(rest, at, booked, booked.id if booked else None, history=[(at, rest)]))

    def _is_corrected(self, derived: Derived, stop: TransactionStop) -> bool:
        """T3: by a second, different stop."""
        next_start_at = self._next_start_at(derived)
        is_different = stop_matching.differs(derived.session, stop)
        return is_different and stop_matching.is_correction(derived.session, stop, next_start_at=next_start_at)

    def _metered(self, metered: Metered, at: datetime) -> None:
        derived = (
            self._named(metered.transaction_id)
            or next((one for one in self._running() if _holds(one.session, metered)), None)
            or self._given_up_before(metered)
        )
        if derived is None:
            return
        session = derived.session
        is_named = metered.transaction_id is not None and derived is self._named(metered.transaction_id)
        usable = metered.readings
        if len(self._around.reported) <= 1:
            usable = tuple(with_inlet(one) if has_inlet(one) else one for one in usable)
        readings = readings_within(session, usable, are_named=is_named)
        derived.readings += readings
        supply = self._around.supplies.get(session.connector_id)
        if session.status is SessionStatus.CHARGING:
            derived.session = self._taken(derived, readings, supply)
            return
        if session_end.misses_readings(session):
            by_then = [one for one in derived.readings if session.ended_at is None or one.at <= session.ended_at]
            counted = session_metering.recounted(session, by_then, supply=supply)
            derived.become(session_end.end_completed(session, counted), at)
            return
        following = self._next_start_at(derived)
        in_time = [one for one in derived.readings if following is None or one.at < following]
        counted = session_metering.recounted(session, in_time, supply=supply)
        if is_named and not self._is_taken(derived):
            again = session_end.reopened(session, counted, readings)
            if again is not None:
                derived.become(again, at)
                return
        derived.become(session_end.readings_told(session, counted), at)

    @staticmethod
    def _taken(derived: Derived, readings: Sequence[Reading], supply: Supply | None) -> ChargingSession:
        """M4: what is not newer than the newest changes nothing, but completes what was told of the same instant."""
        session = derived.session
        newest = session.last_meter_at
        if newest is None or all(one.at > newest for one in readings):
            return session_metering.readings_taken(session, readings, supply=supply)
        counted = session_metering.recounted(session, derived.readings, supply=supply)
        is_completed = any(is_same_instant(one, Reading(at=newest)) for one in readings)
        later = [one for one in readings if one.at > newest]
        return counted if is_completed else session_metering.readings_taken(session, later, supply=supply)

    def _is_taken(self, derived: Derived) -> bool:
        """Another session has its port."""
        connector_id = derived.session.connector_id
        return any(one is not derived and one.session.connector_id == connector_id for one in self._running())

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
        at = _started_at(derived)
        starts = (_started_at(one) for one in self.derived if one.session.connector_id == derived.session.connector_id)
        return min((start for start in starts if start > at), default=None)

    def _status(self, report: StatusReport, at: datetime) -> None:
        if self._repeats.is_repeated(report.connector_id, report):
            return
        there = [one for one in self._running() if one.session.connector_id == report.connector_id]
        for derived in there:
            if derived.session.clock_error_us is not None:
                time = time_within(derived.session, report.stamped_at or report.at, at)
                report = replace(report, at=time.at, is_stamped=time.is_own)
        if self._is_older(report, at):
            return
        for derived in there:
            derived.session = session_status.reported(derived.session, report, at)

    def _is_older(self, report: StatusReport, at: datetime) -> bool:
        """B6, as the port decides."""
        port = self._ports.get(report.connector_id) or _port_of(report, at)
        spans = self._around.spans_until(at)
        after = status_reported(port, report, at, is_in_order=is_in_order(port, report, at, spans))
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
        for derived in reversed(self.derived):
            if word.transaction_id is not None and derived.transaction_id is not None:
                # Both were answered, and not the same.
                continue
            if session_start.was_opened_by(derived.session, start, another_waits=False):
                return derived
        return None

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
        if by_id is not None:
            is_anothers = is_one_time(stop.id_tag or "") and bool(bearing)
            if not is_anothers and not lies_before_start(by_id.session, stop):
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
    return (
        session.connector_id == metered.connector_id
        and session.started_at is not None
        and any(reading.at >= session.started_at for reading in metered.readings)
    )


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
