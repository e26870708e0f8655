"""The sessions that a charge point's words make, by the rules of the domain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evgraph.domain import session_end, session_metering, session_start, session_status
from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.port import StatusReport
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStart, TransactionStop, is_one_time, tag
from evgraph.ocpp.replay.words import Metered, Resolved, Seen, Word

SILENT_FOR = timedelta(hours=24)
# So late may be who looks what has run out of time.
LOOKED_LATE = timedelta(seconds=5)


@dataclass(slots=True)
class Derived:
    """A session as its frames tell it. `told_at`: when its StartTransaction came. `booked` is the session in the books
    that it is held against, null where there is none; nothing is taken from it but its id and, where frames leave open
    in which of two orders things went, which of them it was. `history`: what it became, and when."""

    session: ChargingSession
    told_at: datetime
    booked: ChargingSession | None
    transaction_id: int | None
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


class Deriving:
    """One charge point's. `booked`: what the books hold of it, to name what is derived."""

    def __init__(self, around: Surroundings, booked: Iterable[ChargingSession]) -> None:
        self._around = around
        self._booked = {session.id: session for session in booked}
        self._unclaimed = dict(self._booked)
        self._reported_at: dict[int, datetime] = {}
        self._last_seen: datetime | None = None
        self.derived: list[Derived] = []

    def hear(self, words: Iterable[Word]) -> None:
        for word in _without_failed(list(words), self._booked.values()):
            self._give_up_forgotten(word.at)
            match word.message:
                case TransactionStart():
                    self._started(word.message, word)
                case TransactionStop():
                    self._ended(self._meant(word.message), word.message, word.at)
                case Resolved():
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
        if before:
            latest = max(before, key=_started_at)
            latest.become(session_metering.leap_confirmed(latest.session, start.meter_start_wh), word.at)
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
        )
        booked = self._claim(session, word.transaction_id)
        transaction_id = word.transaction_id or (booked.id if booked else None)
        self.derived.append(Derived(session, word.at, booked, transaction_id, [(word.at, session)]))

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
        derived = self._named(metered.transaction_id) or next(
            (
                one
                for one in self._running()
                if one.session.connector_id == metered.connector_id
                and any(reading.at >= _started_at(one) for reading in metered.readings)
            ),
            None,
        )
        if derived is None:
            return
        supply = self._around.supplies.get(derived.session.connector_id)
        derived.session = session_metering.readings_taken(derived.session, metered.readings, supply=supply)

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
        return self._ended_before(stop, id_tag) or (running[0] if len(running) == 1 else None)

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

    def _running(self) -> list[Derived]:
        return [one for one in self.derived if one.session.status is SessionStatus.CHARGING]

    def _give_up_forgotten(self, now: datetime) -> None:
        for derived in self._running():
            # Whether another start came first, or the look that gave this one up, frames do not tell.
            was_superseded = derived.booked is not None and SessionFlag.SUPERSEDED in derived.booked.flags
            self._give_up_if_forgotten(derived, now - LOOKED_LATE if was_superseded else now)

    def _give_up_if_forgotten(self, derived: Derived, now: datetime) -> None:
        session = derived.session
        started_at = _started_at(derived)
        last_words = [started_at, session.last_meter_at or started_at, self._last_seen or derived.told_at]
        deadlines = [max(last_words) + SILENT_FOR]
        if session.available_since is not None:
            deadlines.append(session.available_since + self._around.free_for)
        if min(deadlines) <= now:
            last_known = session.available_since or session.last_meter_at or started_at
            derived.become(session_end.given_up(session, last_known), min(deadlines))


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
