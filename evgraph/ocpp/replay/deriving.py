"""The sessions that a charge point's words make, by the rules of the domain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from evgraph.domain import session_end, session_metering, session_start, session_status
from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.port import StatusReport
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStart, TransactionStop, is_one_time, tag
from evgraph.ocpp.replay.words import Metered, Resolved, Seen, Word

# So late may be who looks what has run out of time.
LOOKED_LATE = timedelta(seconds=5)
# So many messages may come between the time of a look and the look.
MOST_CHANCES = 30


@dataclass(slots=True)
class Derived:
    """A session as its frames tell it. `told_at`: when its StartTransaction came. `booked` is the session in the books
    that it is held against, null where there is none; nothing is taken from it but its id and, where frames leave open
    in which of two orders things went, which of them it was. `history`: what it became, and when. `chances`: how
    often something else came when its time was over, before the look that gave it up (T7)."""

    session: ChargingSession
    told_at: datetime
    booked: ChargingSession | None
    transaction_id: int | None
    chances: int = 0
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
    """What frames do not tell. `supplies`: by connector (M5). `free_for`: T7."""

    garage_id: int
    charge_point_id: int
    supplies: Mapping[int, Supply]
    free_for: timedelta


def derive(
    around: Surroundings, booked: Sequence[ChargingSession], words: Sequence[Word], last_told: datetime, now: datetime
) -> list[Derived]:
    """One charge point's sessions; see `Deriving`. Where the look that gives a session up came late, it comes when it
    must have, for the books to be right; where there is no such moment, when it was due."""
    passed: dict[int, int] = {}
    derived = _derive(around, booked, words, last_told, now, passed)
    for place in range(len(derived)):
        for chances in range(1, MOST_CHANCES + 1):
            # Where one is given up later, a start may be another's that is sent again (S2, T8): there are fewer then.
            if place >= len(derived) or _agrees(derived[place]):
                break
            other = _derive(around, booked, words, last_told, now, {**passed, place: chances})
            if place < len(other) and _agrees(other[place]):
                passed[place], derived = chances, other
            elif place >= len(other) or other[place].chances < chances:
                break
    return derived


def _derive(
    around: Surroundings,
    booked: Sequence[ChargingSession],
    words: Sequence[Word],
    last_told: datetime,
    now: datetime,
    passed: Mapping[int, int],
) -> list[Derived]:
    deriving = Deriving(around, booked, passed)
    deriving.hear(words)
    deriving.pass_time(last_told, now)
    return deriving.derived


def _agrees(derived: Derived) -> bool:
    told, booked = derived.session, derived.booked
    return booked is None or (told.ended_at, told.energy_wh) == (booked.ended_at, booked.energy_wh)


class Deriving:
    """One charge point's. `booked`: what the books hold of it, to name what is derived. `passed`: how many such chances
    a session let pass, by its place among those that are derived: a look may be late, and frames do not tell when it
    came (T7)."""

    def __init__(
        self, around: Surroundings, booked: Iterable[ChargingSession], passed: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        self._around = around
        self._passed = passed
        # Stops that wait for their start (X2).
        self._waiting: list[TransactionStop] = []
        self._heard: set[tuple[str | None, str]] = set()
        self._booked = {session.id: session for session in booked}
        self._unclaimed = dict(self._booked)
        self._reported_at: dict[int, datetime] = {}
        self._last_seen: datetime | None = None
        self.derived: list[Derived] = []

    def hear(self, words: Iterable[Word]) -> None:
        for word in _without_failed(list(words), self._booked.values()):
            self._end_by_people(word.at)
            self._give_up_forgotten(word.at)
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
                case Seen():
                    self._last_seen = word.at

    def pass_time(self, last_told: datetime, now: datetime) -> None:
        """What ran out of time since the last frame. `last_told`: when the server was last at work for certain; what
        the books gave up later, they may have given up until now."""
        self._end_by_people(now)
        for derived in self._running():
            is_ended = derived.booked is not None and derived.booked.status is SessionStatus.ENDED
            self._give_up_if_forgotten(derived, now if is_ended else last_told - LOOKED_LATE)

    # One method a word.

    def _started(self, start: TransactionStart, word: Word) -> None:
        connector_id = max(start.connector_id, 1)
        if self._known(start, connector_id) is not None:
            return
        supply = self._around.supplies.get(connector_id)
        for derived in self._running():
            if derived.session.connector_id == connector_id:
                ended = session_end.superseded(
                    derived.session, start.meter_start_wh, start.at, supply=supply, clock_replaced=start.clock_replaced
                )
                derived.become(ended, word.at)
        before = [
            one
            for one in self.derived
            if one.session.connector_id == connector_id
            and one.session.status is SessionStatus.ENDED
            and _started_at(one) <= start.at
        ]
        last_register_wh = None
        if before:
            latest = max(reversed(before), key=_started_at)
            latest.become(session_metering.leap_confirmed(latest.session, start.meter_start_wh), word.at)
            last_register_wh = session_end.last_register_wh(latest.session)
        session = session_start.unassigned(
            garage_id=self._around.garage_id,
            charge_point_id=self._around.charge_point_id,
            port_id=connector_id,
            connector_id=connector_id,
            id_tag=tag(start.id_tag),
            authorization=AuthorizationStatus.ACCEPTED,
            meter_start_wh=start.meter_start_wh,
            at=start.at,
            reported_start=start.reported_at,
            rate_id=None,
            clock_replaced=start.clock_replaced,
            now=word.at,
            last_register_wh=last_register_wh,
        )
        booked = self._claim(session, word.transaction_id)
        transaction_id = word.transaction_id or (booked.id if booked else None)
        begun = Derived(session, word.at, booked, transaction_id, history=[(word.at, session)])
        self.derived.append(begun)
        self._end_if_told_before(begun, word.at)

    def _end_if_told_before(self, begun: Derived, at: datetime) -> None:
        """X2: a stop that could not be placed is the end of what begins after it."""
        is_alone = self._running() == [begun]
        for stop in sorted(self._waiting, key=lambda stop: stop.at):
            if session_end.was_ended_by(begun.session, stop, is_alone=is_alone):
                self._waiting.remove(stop)
                self._ended(begun, stop, at)

    def _stopped(self, stop: TransactionStop, word: Word) -> None:
        told = (word.message_id, word.content)
        if word.message_id is not None and told in self._heard:
            # C9: answered from memory.
            return
        if word.is_answered:
            self._heard.add(told)
        meant = self._meant(stop)
        if meant is None or word.is_doubtful:
            self._waiting.append(stop)
        self._ended(meant, stop, word.at)

    def _ended(self, derived: Derived | None, stop: TransactionStop, at: datetime) -> None:
        if derived is None:
            return
        is_running = derived.session.status is SessionStatus.CHARGING
        end = session_end.transaction_stopped if is_running else session_end.truth_told
        derived.become(
            end(
                derived.session,
                meter_stop_wh=stop.meter_stop_wh,
                at=stop.at,
                reason=stop.reason,
                supply=self._around.supplies.get(derived.session.connector_id),
                readings=stop.readings,
                clock_replaced=stop.clock_replaced,
            ),
            at,
        )

    def _metered(self, metered: Metered, at: datetime) -> None:
        derived = (
            self._named(metered.transaction_id)
            or next((one for one in self._running() if _holds(one.session, metered)), None)
            or self._given_up_before(metered)
        )
        if derived is None:
            return
        supply = self._around.supplies.get(derived.session.connector_id)
        if derived.session.status is SessionStatus.CHARGING:
            derived.session = session_metering.readings_taken(derived.session, metered.readings, supply=supply)
            return
        told = session_end.readings_told(
            derived.session, metered.readings, supply=supply, next_start_at=self._next_start_at(derived)
        )
        derived.become(told, at)

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
        held = self._reported_at.get(report.connector_id)
        if held is not None and report.at < held:
            return
        self._reported_at[report.connector_id] = min(report.at, at)
        for derived in self._running():
            if derived.session.connector_id == report.connector_id:
                derived.session = session_status.status_seen(derived.session, report.status, report.at, at)

    # Which session is meant.

    def _known(self, start: TransactionStart, connector_id: int) -> Derived | None:
        """S2: this start came before."""
        for derived in reversed(self.derived):
            session = derived.session
            if (session.id_tag, session.meter_start_wh) == (tag(start.id_tag), start.meter_start_wh) and (
                session_start.was_opened_by(session, connector_id=connector_id, reported_start=start.reported_at)
            ):
                return derived
        return None

    def _named(self, transaction_id: int | None) -> Derived | None:
        if transaction_id is None or transaction_id <= 0:
            return None
        return next((one for one in self.derived if one.transaction_id == transaction_id), None)

    def _meant(self, stop: TransactionStop) -> Derived | None:
        """T3, T2."""
        named = self._named(stop.transaction_id)
        if named is not None:
            return named
        running = [
            one
            for one in self._running()
            if session_end.may_end_at(one.session, stop.at, clock_replaced=stop.clock_replaced)
        ]
        id_tag = tag(stop.id_tag) if stop.id_tag else None
        same = [one for one in running if id_tag and one.session.id_tag == id_tag]
        if len(same) == 1:
            return same[0]
        before = self._ended_before(stop, id_tag)
        if before is not None or len(running) == 1:
            return before or running[0]
        return None if running else self._given_up_and_meant(stop)

    def _given_up_and_meant(self, stop: TransactionStop) -> Derived | None:
        """T3, T7."""
        latest: dict[int, Derived] = {}
        for derived in sorted(self.derived, key=_started_at):
            if _started_at(derived) <= stop.at:
                latest[derived.session.connector_id] = derived
        found = session_end.given_up_before(stop, [one.session for one in latest.values()])
        return next((one for one in latest.values() if one.session is found), None)

    def _ended_before(self, stop: TransactionStop, id_tag: str | None) -> Derived | None:
        if id_tag is not None and is_one_time(id_tag):
            latest = next((one for one in reversed(self.derived) if one.session.id_tag == id_tag), None)
            if latest is not None and latest.session.status is SessionStatus.ENDED:
                return latest
        if stop.clock_replaced:
            return None
        ended = (one for one in reversed(self.derived) if one.session.status is SessionStatus.ENDED)
        return next((one for one in ended if one.session.ended_at == stop.at), None)

    def _claim(self, session: ChargingSession, transaction_id: int | None) -> ChargingSession | None:
        """The booked session of this start: by what it was answered, else by what it told."""
        if transaction_id is not None:
            return self._unclaimed.pop(transaction_id, None)
        for booked in self._unclaimed.values():
            if _start_of(booked) == _start_of(session):
                return self._unclaimed.pop(booked.id)
        return None

    # What only time tells (T7).

    def _end_by_people(self, now: datetime) -> None:
        """T7, T12: frames do not tell that a person ended a session whose charger did not; the books do."""
        for derived in self._running():
            closed_at = derived.booked.closed_at if derived.booked is not None else None
            if derived.booked is None or closed_at is None or not session_end.was_ended_by_person(derived.booked):
                continue
            if closed_at <= now:
                derived.become(session_end.ended_by_person(derived.session, closed_at), closed_at)

    def _running(self) -> list[Derived]:
        return [one for one in self.derived if one.session.status is SessionStatus.CHARGING]

    def _give_up_forgotten(self, now: datetime) -> None:
        for place, derived in enumerate(self.derived):
            deadline = self._deadline(derived)
            if deadline is None or deadline > now:
                continue
            # It ran until another began there, or runs still: the look had not come yet.
            ran_on = derived.booked is not None and (
                SessionFlag.SUPERSEDED in derived.booked.flags or derived.booked.status is SessionStatus.CHARGING
            )
            derived.chances += 1
            if not ran_on and derived.chances > self._passed.get(place, 0):
                _give_up(derived, deadline)

    def _give_up_if_forgotten(self, derived: Derived, now: datetime) -> None:
        deadline = self._deadline(derived)
        if deadline is not None and deadline <= now:
            _give_up(derived, deadline)

    def _deadline(self, derived: Derived) -> datetime | None:
        return session_end.deadline(derived.session, self._last_seen or derived.told_at, self._around.free_for)


def _give_up(derived: Derived, at: datetime) -> None:
    derived.become(session_end.given_up(derived.session, session_end.last_known(derived.session)), at)


def _holds(session: ChargingSession, metered: Metered) -> bool:
    """M3: it runs at the connector, and the time fits."""
    return (
        session.connector_id == metered.connector_id
        and session.started_at is not None
        and any(reading.at >= session.started_at for reading in metered.readings)
    )


def _started_at(derived: Derived) -> datetime:
    return derived.session.started_at or derived.told_at


def _start_of(session: ChargingSession) -> tuple[object, ...]:
    return (session.connector_id, tag(session.id_tag), session.meter_start_wh, session.reported_start)


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
