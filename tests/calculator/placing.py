"""Which session each frame belongs to (S2, S5, S6, S7, M3, T3, T7).

Placing depends on what was known when a frame arrived, so it goes through the record once in order of arrival. It
computes no energy and no price: sessions only collect what is theirs, and are read as a whole at the end.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from .frames import Answered, Boot, Entry, Message, Readings, Start, Status, Stop, messages, our_calls
from .metering import Point, Read, points, reach
from .record import CheckOut, Record, Request, StopAsked
from .stamps import Clock, Moment, believed, clock_of_start, parse

WINDOW_GRACE = timedelta(seconds=30)
FREE_FOR = timedelta(minutes=5)
SILENT_FOR = timedelta(hours=24)
LATE_STOP = timedelta(minutes=10)
LOST_AFTER_BOOT = timedelta(minutes=2)
LOST_AFTER_REFUSAL = timedelta(seconds=60)
LOST_WITHOUT_READING = timedelta(minutes=5)
IN_ORDER_WITHIN = timedelta(minutes=5)
AWAY_WITHIN = timedelta(minutes=5)
UNPLUGGED = "ev side disconnected"


@dataclass
class Session:
    """What was collected for one transaction. `heard_at` is the receipt of its start."""

    start: Start
    clock: Clock
    request: Request | None
    heard_at: datetime
    bears_own_tag: bool = False
    transaction_ids: set[int] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    was_guessed: bool = False
    was_corrected: bool = False
    closed_at: datetime | None = None
    closed_by_person: bool = False
    is_unconfirmed: bool = False
    free_at: Moment | None = None
    free_told_at: datetime | None = None
    left_at: datetime | None = None
    word_at: datetime | None = None
    refused_at: datetime | None = None
    asked_at: datetime | None = None
    booted_at: datetime | None = None
    next: "Session | None" = None
    ended_where_last_heard: bool = False

    @property
    def connector(self) -> int:
        return self.start.connector

    @property
    def started_at(self) -> datetime:
        return self.clock.started.at

    @property
    def is_open(self) -> bool:
        return not self.stops and self.closed_at is None

    @property
    def one_time_tag(self) -> str | None:
        return self.request.id_tag if self.request else None

    def owns_tag(self, tag: str | None) -> bool:
        return tag is None or tag in (self.one_time_tag, self.start.id_tag)

    def lies_before(self, stamp: object, received_at: datetime) -> bool:
        """Whether a stamp that the charger's clock can be believed in, as it is or put right, lies before the start."""
        read, plain = parse(stamp), believed(stamp, received_at)
        if read is None:
            return False
        if self.clock.error is not None:
            return max(read + self.clock.error, read) < self.started_at
        return plain.is_own and self.clock.started.is_own and plain.at < self.started_at

    @property
    def last_told_at(self) -> datetime:
        """When its last reading was taken, or its start."""
        told = [self.clock.moment(entry.stamp, entry.received_at).at for entry in self.entries]
        return max([self.started_at, *told])

    @property
    def next_began_at(self) -> datetime | None:
        """When the next session there began, by its own time, if it did after this one."""
        return self.next.started_at if self.next is not None and self.next.started_at > self.started_at else None

    @property
    def next_at(self) -> datetime | None:
        """S7, B7: when the next start ended it: by the time of that start where it was asked for, else by the clock of
        this session."""
        if self.next is None:
            return None
        if self.next.request is not None:
            return max(self.next.started_at, self.started_at)
        return self.clock.moment(self.next.start.stamp, self.next.start.at).at

    def reads(self, *, until: datetime | None = None, told_by: datetime | None = None) -> list[Read]:
        """The samples of the session by time; what was told twice counts once, as it came first (M4). `told_by`: only
        what had arrived by then."""
        found: dict[tuple[object, ...], Read] = {}
        told = [(entry, False) for entry in self.entries]
        for stop in self.stops:
            is_wrong = self.clock.is_still_wrong(stop.stamp, stop.at)
            told += [(entry, is_wrong) for entry in stop.entries]
        for entry, is_wrong in sorted(told, key=lambda one: one[0].received_at):
            when = self.clock.moment(entry.stamp, entry.received_at, is_still_wrong=is_wrong)
            if (until is not None and when.at > until) or (told_by is not None and entry.received_at > told_by):
                continue
            for sample in entry.samples:
                found.setdefault((str(entry.stamp), sample), Read(when, sample))
        return sorted(found.values(), key=lambda read: read.when.at)


class Placing:
    """Goes through a record, and holds its sessions and the stops that belong to none."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.sessions: list[Session] = []
        self.orphans: list[Stop] = []
        self.loose: list[tuple[int, Entry]] = []
        self.faults: list[str] = []
        self._calls = our_calls(record)
        self._messages = messages(record)
        self._statuses: list[Status] = []
        self._held: dict[int, tuple[Status, Moment]] = {}

    def run(self) -> "Placing":
        events: list[tuple[datetime, int, Message | Answered | StopAsked | CheckOut]] = [
            *((message.at, 0, message) for message in self._messages),
            *((call.answered_at or call.at, 1, call) for call in self._calls if call.action == "RemoteStopTransaction"),
            *((asked.at, 2, asked) for asked in self.record.stops_asked),
            *((check_out.at, 2, check_out) for check_out in self.record.check_outs),
        ]
        heard_at: datetime | None = None
        for at, _, event in sorted(events, key=lambda one: one[:2]):
            self._close_forgotten(at, heard_at)
            self._place(event)
            if not isinstance(event, StopAsked | CheckOut):
                heard_at = at
        self._close_forgotten(self.record.until, heard_at)
        return self

    def _place(self, event: Message | Answered | StopAsked | CheckOut) -> None:
        match event:
            case Start():
                self._start(event)
            case Stop():
                if not self._stop(event):
                    self.orphans.append(event)
            case Readings():
                self._readings(event)
            case Status():
                self._status(event)
            case Boot():
                for session in self._open():
                    session.is_unconfirmed, session.booted_at = True, event.at
            case Answered():
                self._remote_stop(event)
            case StopAsked():
                for session in self._open():
                    if session.one_time_tag == event.id_tag:
                        self._ask_to_stop(session, event.at)
            case CheckOut():
                for session in self._open():
                    if session.request is not None and session.request.ticket == event.ticket:
                        self._check_out(session, event.at)

    def _ask_to_stop(self, session: Session, at: datetime) -> None:
        """T7: the first time the charger is asked; after a refusal, the person ends the session."""
        if session.asked_at is not None and self._was_refused(session, session.asked_at, at):
            session.closed_at, session.closed_by_person = at, True
        session.asked_at = session.asked_at or at

    def _check_out(self, session: Session, at: datetime) -> None:
        """T12: while the charger is away, a check-out ends the session at its last reading."""
        if self._was_connected(at, at):
            self._ask_to_stop(session, at)
        else:
            session.closed_at, session.closed_by_person = at, True

    def _was_refused(self, session: Session, since: datetime, until: datetime) -> bool:
        """Whether a RemoteStop of the session was Rejected or never answered."""
        return any(
            since <= call.at <= until and call.status != "Accepted"
            for call in self._calls
            if call.action == "RemoteStopTransaction" and call.payload.get("transactionId") in session.transaction_ids
        )

    def _open(self, connector: int | None = None) -> list[Session]:
        return [one for one in self.sessions if one.is_open and connector in (None, one.connector)]

    # Starting

    def _start(self, start: Start) -> None:
        known = self._resent(start)
        if known is None:
            known = self._opened(start)
            self.sessions.append(known)
            self._end_before(known)
            self._take_readings_before(known)
        if start.answered is not None:
            known.transaction_ids.add(start.answered)
        for orphan in sorted(self.orphans, key=lambda one: known.clock.moment(one.stamp, one.at).at):
            if self._ends_later_start(orphan, known):
                self.orphans.remove(orphan)
                known.stops.append(orphan)

    def _resent(self, start: Start) -> Session | None:
        """S2: by its raw fields. On a replaced stamp an ended session is not meant while a start waits there."""
        for session in reversed(self.sessions):
            if session.start.raw == start.raw:
                is_over = not session.is_open and not session.clock.started.is_own
                return None if is_over and self._waiting(start.connector, start.at) else session
        return None

    def _opened(self, start: Start) -> Session:
        request = self._request_by_tag(start.id_tag)
        if request is not None:
            clock = self._clock(start, request)
            if self._may_open(request, start, clock):
                for other in self.sessions:
                    if other.request is request:
                        # S2: it had begun under the charger's own idTag, or so it seemed.
                        other.request = None
                return Session(start, clock, request, start.at)
            return Session(start, self._clock(start, None), None, start.at)
        plain = self._clock(start, None)
        adopted = self._request_of_own_tag(start)
        if adopted is not None:
            return Session(start, self._clock(start, adopted), adopted, start.at, bears_own_tag=True)
        return Session(start, plain, None, start.at)

    def _request_by_tag(self, tag: str | None) -> Request | None:
        return next((one for one in self.record.requests if one.id_tag == tag), None) if tag else None

    def _clock(self, start: Start, request: Request | None) -> Clock:
        return clock_of_start(
            start.stamp,
            start.at,
            requested_at=request.at if request else None,
            was_connected=request is not None and self._was_connected(request.at, start.at),
        )

    def _was_connected(self, since: datetime, until: datetime) -> bool:
        return any(one.since <= since and (one.until is None or one.until >= until) for one in self.record.connections)

    def _may_open(self, request: Request, start: Start, clock: Clock) -> bool:
        """S2 for an idTag that waits, S5 for one that was given up."""
        if any(one.request is request and not one.bears_own_tag for one in self.sessions):
            return False
        if start.at < self._failed_at(request):
            return True
        in_time = clock.started.at <= request.at + self.record.start_window + WINDOW_GRACE
        stay_open = not any(one.ticket == request.ticket and one.at <= start.at for one in self.record.check_outs)
        others = [
            one
            for one in self.record.requests
            if one is not request and one.ticket == request.ticket and request.at < one.at <= start.at
        ]
        taken = any(
            self._failed_at(one) > start.at or any(session.request is one for session in self.sessions)
            for one in others
        )
        return in_time and stay_open and not taken

    def _request_of_own_tag(self, start: Start) -> Request | None:
        """S2: on the very connector whose RemoteStart is Accepted or unanswered, by the charger's own stamp, within the
        window, and under an idTag that is nobody's card."""
        stamp = believed(start.stamp, start.at)
        if start.id_tag is None or start.id_tag in self.record.cards or not stamp.is_own:
            return None
        for request in self._waiting(start.connector, start.at):
            early = request.at - WINDOW_GRACE
            if early <= stamp.at <= request.at + self.record.start_window + WINDOW_GRACE:
                return request
        return None

    def _waiting(self, connector: int, at: datetime) -> list[Request]:
        return [
            one
            for one in self.record.requests
            if one.connector == connector
            and one.at <= at < self._failed_at(one)
            and not any(session.request is one for session in self.sessions)
        ]

    def _failed_at(self, request: Request) -> datetime:
        """S1, S4: when a start that did not begin was given up."""
        failures = [request.at + self.record.start_window]
        failures += [
            call.answered_at or call.at
            for call in self._calls
            if (call.action, call.payload.get("idTag")) == ("RemoteStartTransaction", request.id_tag)
            and call.status not in (None, "Accepted")
        ]
        failures += [one.until for one in self.record.connections if one.until is not None and one.until > request.at]
        if not self._was_connected(request.at, request.at):
            failures.append(request.at)
        seen = [one for one in self._statuses if one.connector == request.connector and one.at > request.at]
        failures += [one.at for one in seen if one.status == "Faulted"]
        failures += [
            after.at for before, after in pairwise(seen) if (before.status, after.status) == ("Preparing", "Available")
        ]
        return min(failures)

    def _end_before(self, session: Session) -> None:
        """S7: a start ends what is still open on its connector; but not what began later, by two of the charger's own
        stamps: it waited in the queue (X2)."""
        if session.connector not in self.record.power_w:
            return
        started = believed(session.start.stamp, session.start.at)
        for other in self._open(session.connector):
            is_comparable = started.is_own and other.clock.started.is_own and other.clock.error is None
            is_older = is_comparable and started.at < other.started_at
            if other is not session and not is_older:
                other.next, other.closed_at = session, session.start.at
                other.ended_where_last_heard = other.is_unconfirmed

    # Readings and statuses

    def _readings(self, told: Readings) -> None:
        for entry in told.entries:
            session = self._session_of(told, entry)
            if session is None:
                if told.transaction_id is None or told.transaction_id <= 0:
                    self.loose.append((told.connector, entry))
                continue
            rises_from = self._highest(session)
            session.entries.append(entry)
            session.is_unconfirmed, session.word_at = False, told.at
            is_own = told.transaction_id in session.transaction_ids
            rises = rises_from is not None and (self._highest(session) or 0) > rises_from
            is_live = (
                session.closed_at is not None and session.clock.moment(entry.stamp, told.at).at > session.closed_at
            )
            is_over = session.next is not None or bool(session.stops) or self._went_on_elsewhere(session, rises_from)
            if is_own and rises and is_live and not is_over:
                # T7: a session that we closed is open again when readings of after that rise.
                session.closed_at, session.closed_by_person = None, False
                session.free_at = session.free_told_at = session.left_at = None

    def _went_on_elsewhere(self, session: Session, register: int | None) -> bool:
        """T7: another session began there since then, at a meter that runs on between sessions."""
        there = [one for one in self.sessions if one.connector == session.connector]
        later = [one for one in there if one.started_at > session.started_at]
        following = min(later, key=lambda one: one.started_at, default=None)
        if following is None or following.start.register is None or register is None:
            return False
        return following.start.register >= register

    def _highest(self, session: Session) -> int | None:
        """The highest register that is known of a session."""
        told = [int(point.value) for point in points(session.reads(), connectors=len(self.record.power_w))]
        known = [*told, *([session.start.register] if session.start.register is not None else [])]
        return max(known, default=None)

    def _session_of(self, told: Readings, entry: Entry) -> Session | None:
        """M3: by its transactionId, else the connector's open session, if the time fits."""
        by_id = self._by_id(told.transaction_id)
        if by_id is not None or told.connector == 0:
            return by_id
        fitting = [one for one in self._open(told.connector) if not one.lies_before(entry.stamp, told.at)]
        running = max(fitting, key=lambda one: one.started_at, default=None)
        return running or self._closed_meanwhile(told, entry)

    def _closed_meanwhile(self, told: Readings, entry: Entry) -> Session | None:
        """M3, T7, T12: the session that we closed while a reading without an id was under way: one of before its port
        was free, or of before we closed it, and not of before its newest one (M4)."""
        at = believed(entry.stamp, told.at).at
        there = [one for one in self.sessions if one.connector == told.connector and one.started_at <= at]
        latest = max(there, key=lambda one: one.started_at, default=None)
        if latest is None or latest.stops or latest.next is not None or latest.closed_at is None:
            return None
        until = latest.free_at.at if latest.free_at is not None else latest.closed_at
        when = latest.clock.moment(entry.stamp, told.at).at
        return latest if latest.last_told_at <= when <= until else None

    def _take_readings_before(self, session: Session) -> None:
        """M3, X2: readings without an id that came before the start of the session that they can only be of."""
        if not session.clock.started.is_own or session.clock.error is not None:
            return
        later = [
            one.started_at
            for one in self.sessions
            if one.connector == session.connector and one.started_at > session.started_at
        ]
        until = min([session.start.at, *later])
        for connector, entry in list(self.loose):
            at = believed(entry.stamp, entry.received_at).at
            if connector == session.connector and session.started_at <= at < until:
                self.loose.remove((connector, entry))
                session.entries.append(entry)

    def _by_id(self, transaction_id: int | None) -> Session | None:
        if transaction_id is None or transaction_id <= 0:
            return None
        return next((one for one in self.sessions if transaction_id in one.transaction_ids), None)

    def _is_older(self, status: Status) -> bool:
        """B6: by two of the charger's own stamps; not where both came on one connection within five minutes, for
        statuses are told in order and are not queued: nor where it would have been told before the charge point was
        away. Else it is held from now on."""
        when = believed(status.stamp, status.at)
        for session in self._open(status.connector):
            if session.clock.error is not None:
                when = session.clock.moment(status.stamp, status.at)
        held, held_at = self._held.get(status.connector, (None, None))
        if held is not None and held_at is not None and when.is_own and held_at.is_own and when.at < held_at.at:
            is_in_order = held.socket == status.socket and status.at - held.at <= IN_ORDER_WITHIN
            ends = [one.until for one in self.record.connections if one.until is not None and one.until <= status.at]
            if not is_in_order and not (ends and when.at < max(ends) - IN_ORDER_WITHIN):
                return True
        self._held[status.connector] = (status, when)
        return False

    def _status(self, status: Status) -> None:
        if self._is_older(status):
            return
        self._statuses.append(status)
        for session in self.sessions:
            is_here = session.connector == status.connector and session.next is None
            # Where the clock was wrong at the start, its stamps before that say nothing (B7); a status is never queued.
            is_earlier = session.clock.error is None and session.lies_before(status.stamp, status.at)
            if not is_here or is_earlier:
                continue
            session.statuses.append(status)
            when = session.clock.moment(status.stamp, status.at)
            if status.status == "Available":
                session.free_at = session.free_at or when
                session.free_told_at = session.free_told_at or status.at
                session.left_at = session.left_at or self._left_at(session, status)
                # B2: a word of what ran there.
                session.is_unconfirmed = False
            elif session.is_open:
                session.free_at = session.free_told_at = session.left_at = None

    def _left_at(self, session: Session, status: Status) -> datetime:
        """T7: when a vehicle left whose port is reported free: by the status's stamp, but not after the charge point
        was last connected before it, nor before its last reading."""
        when = session.clock.moment(status.stamp, status.at)
        left_at = min(when.at, status.at)
        read = [session.clock.moment(entry.stamp, entry.received_at).at for entry in session.entries]
        opened = [one for one in self.record.connections if one.since <= status.at]
        earlier = self._statuses[:-1]
        told_since = [one for one in earlier if opened and one.connector == status.connector]
        is_first = not any(one.at >= opened[-1].since for one in told_since)
        if len(opened) > 1 and is_first and status.at - opened[-1].since <= AWAY_WITHIN:
            away_since = opened[-2].until
            left_at = min(left_at, away_since) if away_since is not None else left_at
            left_at = max(read) if read and not when.is_own else left_at
        return max([left_at, session.started_at, *read])

    # Stopping

    def _stop(self, stop: Stop) -> bool:
        """T3: puts a stop where it belongs, or says that it belongs nowhere."""
        named = self._named(stop) or self._tagged(stop)
        session = named or self._only(stop)
        if session is None:
            return False
        if not session.stops:
            session.stops.append(stop)
            session.was_guessed = named is None
            return True
        if any(_tells_no_more(session, stop, one) for one in session.stops):
            # T2: it was sent again.
            return True
        if named is not None and session.was_guessed:
            # T7: a stop with the session's own transactionId or one-time idTag always fits, and takes the place of one
            # that named nobody.
            self.orphans += session.stops
            session.stops, session.was_guessed, session.was_corrected = [stop], False, True
            return True
        if not self._corrects(session, stop):
            return False
        session.stops.append(stop)
        return True

    def _named(self, stop: Stop) -> Session | None:
        session = self._by_id(stop.transaction_id)
        if session is None or session.owns_tag(stop.id_tag):
            return session
        another = self._request_by_tag(stop.id_tag)
        if another is not None or session.lies_before(stop.stamp, stop.at):
            return None
        return session

    def _tagged(self, stop: Stop) -> Session | None:
        if stop.id_tag is None:
            return None
        request = self._request_by_tag(stop.id_tag)
        begun = next((one for one in self.sessions if request is not None and one.request is request), None)
        if begun is not None:
            return begun
        bearers = [one for one in self.sessions if one.start.id_tag == stop.id_tag]
        is_open = [one for one in bearers if one.is_open]
        if is_open:
            # A tag that several sessions bear names none of them: the register must leave no choice.
            fitting = [one for one in is_open if not one.lies_before(stop.stamp, stop.at)] or is_open
            if len(fitting) > 1:
                fitting = [one for one in fitting if stop.register is not None and self._agrees(one, stop)]
            return fitting[0] if len(fitting) == 1 else None
        fitting = [one for one in bearers if one.stops or self._fits_closed(one, stop, is_named=True)]
        return max(fitting, key=lambda one: one.started_at, default=None)

    def _only(self, stop: Stop) -> Session | None:
        if stop.id_tag is not None or self._by_id(stop.transaction_id) is not None:
            return None
        ended = [one for one in self.sessions if any(_same(stop, other) for other in one.stops)]
        if ended:
            return ended[-1]
        if stop.register is None and len(self.record.power_w) > 1:
            # It tells nothing at all: it may be of any connector.
            return None
        is_open = self._open()
        if len(is_open) == 1 and self._fits_open(is_open[0], stop):
            return is_open[0]
        closed = [one for one in self.sessions if self._fits_closed(one, stop)]
        return closed[0] if len(closed) == 1 else None

    def _fits_open(self, session: Session, stop: Stop) -> bool:
        """T3 (c): its register agrees with the session's, where it can be read, and nothing says that its connector
        went on after it."""
        if session.lies_before(stop.stamp, stop.at):
            return False
        when = session.clock.moment(stop.stamp, stop.at)
        known = points(session.reads(), connectors=len(self.record.power_w))
        before = [point for point in known if point.when.at <= when.at]
        if not self._agrees(session, stop):
            return False
        if len(self.record.power_w) == 1:
            return True
        after = [*(before[-1:] or _begun_at(session)), *(point for point in known if point.when.at > when.at)]
        rises = any(two.value > one.value for one, two in pairwise(after))
        charges = any(
            one.status == "Charging" and session.clock.moment(one.stamp, one.at).at > when.at
            for one in session.statuses
            if one.at <= stop.at
        )
        return not rises and not charges

    def _agrees(self, session: Session, stop: Stop) -> bool:
        """Whether its register, where it can be read, is not below the session's last one, and within the port's reach
        from there, or from the start (M5)."""
        when = session.clock.moment(stop.stamp, stop.at)
        told = points(session.reads(), connectors=len(self.record.power_w))
        before = [point for point in told if point.when.at <= when.at]
        known = [*_begun_at(session), *before]
        if not known or stop.register is None:
            return True
        last = known[-1]
        if stop.register < last.value - last.step + 1:
            return False
        power = self.record.power_w.get(session.connector)
        if power is None or not when.is_own:
            return True
        within = [
            stop.register - one.value <= reach(one.when.at, when.at, power) + one.step for one in (last, known[0])
        ]
        return any(within) or not last.when.is_own

    def _fits_closed(self, session: Session, stop: Stop, *, is_named: bool = False) -> bool:
        """T7: a stop that names nobody fits a session that we closed until ten minutes after its port was seen free,
        and before the next start there."""
        if session.stops or session.closed_at is None or session.lies_before(stop.stamp, stop.at):
            return False
        moment = session.clock.moment(stop.stamp, stop.at)
        when = moment.at
        free_at = session.free_told_at or session.closed_at
        if session.ended_where_last_heard:
            free_at = session.last_told_at
        if not moment.is_own or when > free_at + LATE_STOP:
            return False
        following = [
            one.started_at
            for one in self.sessions
            if one.connector == session.connector and one.started_at > session.started_at
        ]
        if following and when >= min(following):
            return False
        if is_named:
            return True
        if session.start.register == 0:
            # Its meter may count each session from 0, and says nothing of which one it is.
            return True
        told = points(session.reads(), connectors=len(self.record.power_w))
        if told and stop.register is not None and stop.register < told[-1].value - told[-1].step + 1:
            return False
        return self._agrees(session, stop)

    def _corrects(self, session: Session, stop: Stop) -> bool:
        """T3: a second, different stop of one transaction."""
        first = session.stops[0]
        if stop.id_tag is not None and stop.id_tag != first.id_tag and not session.owns_tag(stop.id_tag):
            return False
        moment = session.clock.moment(stop.stamp, stop.at)
        began = session.clock.moment(first.stamp, first.at)
        # How much later it is than one without a stamp of its own, nobody knows.
        is_comparable = began.is_own or not moment.is_own
        if is_comparable and moment.at > began.at + LATE_STOP:
            return False
        return not any(
            session.started_at < one.started_at <= moment.at
            for one in self.sessions
            if one.connector == session.connector
        )

    def _ends_later_start(self, orphan: Stop, session: Session) -> bool:
        """T3: an orphan ends a session opened after it only by its one-time idTag, or by the same card where both
        stamps are the charger's own and in order."""
        if orphan.id_tag is None:
            return False
        if session.stops and (orphan.id_tag != session.one_time_tag or not self._corrects(session, orphan)):
            return False
        if orphan.id_tag == session.one_time_tag:
            return True
        stamp = believed(orphan.stamp, orphan.at)
        own = session.clock.started
        return orphan.id_tag == session.start.id_tag and stamp.is_own and own.is_own and own.at <= stamp.at

    # Closing what was forgotten (T7)

    def _remote_stop(self, call: Answered) -> None:
        session = self._by_id(call.payload.get("transactionId"))
        if session is not None and session.is_open and call.status == "Rejected":
            session.refused_at = call.answered_at

    def _close_forgotten(self, now: datetime, heard_at: datetime | None) -> None:
        for session in self._open():
            closings = []
            if heard_at is not None:
                closings.append(max(heard_at, session.heard_at) + SILENT_FOR)
            if session.free_told_at is not None:
                closings.append(max(session.free_told_at, session.word_at or session.free_told_at) + FREE_FOR)
            if session.refused_at is not None:
                word = session.word_at or session.heard_at
                closings.append(max(word + LOST_WITHOUT_READING, session.refused_at))
                if session.booted_at is not None and session.refused_at >= session.booted_at + LOST_AFTER_BOOT:
                    closings.append(max(word, session.refused_at) + LOST_AFTER_REFUSAL)
            due = [at for at in closings if at < now]
            if due:
                session.closed_at = min(due)


def _tells_no_more(session: Session, stop: Stop, held: Stop) -> bool:
    """T2, T3: no other register than the one that is held, no other time of the charger's own, and no reading where
    neither has a register."""
    if stop.register not in (None, held.register):
        return False
    if session.clock.moment(stop.stamp, stop.at).is_own and stop.stamp != held.stamp:
        return False
    told = [(one.stamp, one.samples) for one in stop.entries]
    has_new = any(one not in [(entry.stamp, entry.samples) for entry in held.entries] for one in told)
    return stop.register is not None or held.register is not None or not has_new


def _same(one: Stop, two: Stop) -> bool:
    return (one.register, one.stamp, one.id_tag) == (two.register, two.stamp, two.id_tag)


def _begun_at(session: Session) -> list[Point]:
    """The register of its start, where that can be read."""
    register = session.start.register
    started = Moment(session.started_at, is_own=session.clock.started.is_own and session.clock.error is None)
    return [] if register is None else [Point(started, Decimal(register), Decimal(1))]
