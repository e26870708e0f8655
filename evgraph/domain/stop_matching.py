"""Which session a StopTransaction ends (T3, T7, X2); it may name it by a transactionId, by an idTag, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import WattHours
from evgraph.domain.session_clock import end_time, is_clock_still_wrong, lies_before_start, readings_within
from evgraph.domain.session_end import transaction_ended_at, was_closed_by_us
from evgraph.domain.session_registers import is_beyond
from evgraph.domain.supply import Supply
from evgraph.domain.transactions import TransactionStop, is_one_time, tag

# So long after its port was seen free a session's stop may still be under way (T7), or a first one be corrected (T3).
LATE_BY = timedelta(minutes=10)


def bears(session: ChargingSession, id_tag: str | None) -> bool:
    """The idTag is the session's own, or the one that its StartTransaction bore."""
    if not id_tag:
        return False
    return tag(id_tag) in (tag(session.id_tag), tag(session.reported_id_tag or session.id_tag))


def names(session: ChargingSession, stop: TransactionStop) -> bool:
    """By its transactionId, or by an idTag of its own."""
    return stop.transaction_id == session.id or bears(session, stop.id_tag)


def named_by_id(stop: TransactionStop, sessions: Iterable[ChargingSession]) -> ChargingSession | None:
    """T3 (a): the session whose transactionId the stop bears, whatever its idTag; unless that is another session's
    one-time idTag, or a foreign one and the stamp lies before the session's start."""
    session = next((one for one in sessions if one.id == stop.transaction_id), None)
    if session is None or not stop.id_tag or bears(session, stop.id_tag):
        return session
    # A one-time idTag that is not its own is another's, begun or not.
    return None if is_one_time(stop.id_tag) or lies_before_start(session, stop) else session


def named_by_tag(
    stop: TransactionStop, sessions: Iterable[ChargingSession], supplies: Mapping[int, Supply]
) -> ChargingSession | None:
    """T3 (b): the session whose one-time idTag the stop bears, or the idTag of its StartTransaction. A card begins many
    sessions: the one that this very stop ended before, else the one that runs, or the latest that we closed, and that
    the time fits. Of several that run at once, as where a charger has one idTag of its own for all connectors, the only
    one that the register fits. `supplies`: by port."""
    bearing = sorted((one for one in sessions if bears(one, stop.id_tag)), key=_started_at, reverse=True)
    fitting = [one for one in bearing if not lies_before_start(one, stop)]
    again = next((one for one in bearing if was_ended_by(one, stop)), None)
    if again is not None:
        return again
    # One that goes on after a power cut bears the idTag of the part before it (T8): the time tells which.
    of_its_own = next((one for one in [*fitting, *bearing] if is_one_time(one.id_tag)), None)
    running = [one for one in fitting if one.status is SessionStatus.CHARGING]
    if len(running) > 1:
        return only_one([one for one in running if _register_fits(one, stop, supplies.get(one.port_id))])
    if running or of_its_own is not None:
        return running[0] if running else of_its_own
    ended = next((one for one in fitting if one.status is SessionStatus.ENDED), None)
    return ended or next((one for one in bearing if one.status is SessionStatus.CHARGING), None)


def was_ended_by(session: ChargingSession, stop: TransactionStop) -> bool:
    """T2: this very stop ended it before, and is sent again: the same register at the same instant of the charger's."""
    if session.status is not SessionStatus.ENDED or was_closed_by_us(session) or stop.own_stamp is None:
        return False
    is_same_register = stop.meter_stop_wh is None or stop.meter_stop_wh == session.stop_register_wh
    return is_same_register and _has_its_stamp(session, stop) and end_time(session, stop).is_own


def may_end_only_open(
    session: ChargingSession,
    stop: TransactionStop,
    *,
    supply: Supply | None,
    has_other_connectors: bool,
    rose_later: bool,
) -> bool:
    """T3 (c): a stop that names nothing is that of the charge point's only open session, where neither the time nor the
    register speaks against it. `rose_later`: a reading of the session after the stop shows a higher register."""
    if stop.id_tag or lies_before_start(session, stop):
        return False
    time = end_time(session, stop)
    if has_other_connectors and time.is_own:
        charged_later = session.charging_seen_at is not None and session.charging_seen_at > time.at
        if charged_later or rose_later:
            return False
    if stop.meter_stop_wh is None:
        return not has_other_connectors
    if rose_later:
        # What the later readings told is not the session's (T1): the stop cannot be held against them.
        return True
    return not _falls(session, stop.meter_stop_wh) and _is_within_reach(session, stop.meter_stop_wh, time.at, supply)


def may_end_closed(
    session: ChargingSession, stop: TransactionStop, *, supply: Supply | None, next_start_at: datetime | None
) -> bool:
    """T7: a stop that names nothing is the late truth of a session that we closed, where its stamp is at most ten
    minutes after the port was seen free, and before the next start there. `next_start_at`: null where there was none.
    The register must agree where the port's meter runs on between sessions."""
    if stop.id_tag or not was_closed_by_us(session):
        return False
    time = end_time(session, stop)
    free_at = session.available_since or session.closed_at or session.ended_at
    if not time.is_own or lies_before_start(session, stop) or free_at is None or time.at > free_at + LATE_BY:
        return False
    if next_start_at is not None and time.at >= next_start_at:
        return False
    if stop.meter_stop_wh is None or session.meter_start_wh == 0:
        # A meter that counts each session from 0 says nothing of which session it is.
        return True
    return not _falls(session, stop.meter_stop_wh) and _is_within_reach(session, stop.meter_stop_wh, time.at, supply)


def only_one(sessions: Sequence[ChargingSession]) -> ChargingSession | None:
    """What names nothing must leave no choice."""
    return sessions[0] if len(sessions) == 1 else None


def is_correction(session: ChargingSession, stop: TransactionStop, *, next_start_at: datetime | None) -> bool:
    """T3: a second, different stop of a session that its charger ended: with no idTag, its own, or the first stop's; at
    most ten minutes after the first and before the next start there. Of two, the one with the later stamp counts,
    one whose stamp can be believed before any other, and one that has a register before all, whichever came first (X2).
    One that names the session counts at any time where the first one did not; and one with a stamp, where nobody knows
    how much later than the first it is, since that had none."""
    if session.ended_at is None:
        return False
    if stop.meter_stop_wh is not None and not session.stop_was_named and names(session, stop):
        return True
    if stop.id_tag and not bears(session, stop.id_tag) and tag(stop.id_tag) != session.stop_id_tag:
        return False
    time = end_time(session, stop)
    stopped_at = transaction_ended_at(session) or session.ended_at
    this = (stop.meter_stop_wh is not None, time.is_own, time.at, stop.meter_stop_wh or 0)
    first = (
        session.stop_register_wh is not None, session.stop_was_stamped, stopped_at, session.stop_register_wh or 0
    )  # fmt: skip
    # One that tells its readings is no other one because of them.
    if this < first or (this == first and not stop.readings):
        return False
    # A stamp that was put in its place says nothing of how late it is.
    told_at = time.at if time.is_own else (stop.received_at or time.at)
    is_in_time = told_at <= stopped_at + LATE_BY or (time.is_own and not session.stop_was_stamped)
    return is_in_time and (next_start_at is None or time.at < next_start_at)


def differs(session: ChargingSession, stop: TransactionStop) -> bool:
    """T2, T3, B7: the stop tells something else than the one that ended the session: another register; another time,
    by a stamp that can be believed; or newer readings, where neither has a register."""
    if stop.meter_stop_wh is not None and stop.meter_stop_wh != session.stop_register_wh:
        return True
    time = end_time(session, stop)
    if time.is_own and not _has_its_stamp(session, stop):
        return True
    if stop.meter_stop_wh is not None or session.stop_register_wh is not None:
        return False
    newest = session.last_meter_at
    told = readings_within(session, stop.readings, is_still_wrong=is_clock_still_wrong(session, stop))
    return any((newest is None or one.at > newest) and one.at <= time.at for one in told)


def was_waiting_for(session: ChargingSession, stop: TransactionStop, *, next_start_at: datetime | None = None) -> bool:
    """X2: an orphan, a stop that came before its session began, ends it only by its one-time idTag; or by the same
    card, where both stamps are the charger's own and the start is not after the stop. One without an idTag never does.
    Where an orphan with its one-time idTag ended the session, a later one corrects it as if both had come after the
    start (T3); another one with a card may be of the card's next session.
    `next_start_at`: when the next session began there, null where none did."""
    if not bears(session, stop.id_tag):
        return False
    bears_its_own = is_one_time(session.id_tag) and tag(stop.id_tag or "") == tag(session.id_tag)
    if session.status is not SessionStatus.CHARGING:
        # One that came twice ends it once.
        if not bears_its_own or not differs(session, stop):
            return was_ended_by(session, stop)
        return not lies_before_start(session, stop) and is_correction(session, stop, next_start_at=next_start_at)
    if bears_its_own:
        return not lies_before_start(session, stop)
    is_own = not stop.clock_replaced and SessionFlag.CLOCK_REPLACED not in session.flags
    return is_own and not lies_before_start(session, stop)


def _has_its_stamp(session: ChargingSession, stop: TransactionStop) -> bool:
    """T2: the stamp of the stop that ended the session, as the charger wrote it. Of an older session only its end is
    known."""
    if session.stop_stamp is not None:
        return stop.own_stamp == session.stop_stamp
    return session.stop_was_stamped and end_time(session, stop).at == session.ended_at


def _started_at(session: ChargingSession) -> tuple[datetime, int]:
    return (session.started_at or session.asked_at, session.id)


def _falls(session: ChargingSession, register_wh: WattHours) -> bool:
    """Below the last register by more than its rounding (M2)."""
    return register_wh + (session.register_step_wh or 1) <= session.base_register_wh


def _register_fits(session: ChargingSession, stop: TransactionStop, supply: Supply | None) -> bool:
    """Not below its last register, and within the port's reach from there, or from its start (M5)."""
    if stop.meter_stop_wh is None or _falls(session, stop.meter_stop_wh):
        return False
    return _is_within_reach(session, stop.meter_stop_wh, end_time(session, stop).at, supply)


def _is_within_reach(session: ChargingSession, register_wh: WattHours, at: datetime, supply: Supply | None) -> bool:
    """M5: from the last register, or from that of the start, where that was read (S6)."""
    if not is_beyond(session, register_wh, at, supply) or supply is None or session.started_at is None:
        return True
    if SessionFlag.METER_START_ESTIMATED in session.flags:
        return False
    counted_wh = session.carried_wh + register_wh - session.base_register_wh
    return supply.could_deliver(counted_wh, at - session.started_at, step_wh=session.register_step_wh or 1)
