"""How a session begins: asked for, accepted, begun by its charger, or come to nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from evgraph.domain.charging_session import (
    START_WINDOW,
    AuthorizationStatus,
    ChargingSession,
    SessionFlag,
    SessionStatus,
)
from evgraph.domain.energy import WattHours
from evgraph.domain.refusals import ErrorCode, IllegalMove
from evgraph.domain.session_clock import (
    START_GRACE,
    StartTime,
    began_ahead,
    corrected_stamp,
    is_own_stamp,
    start_time,
)
from evgraph.domain.session_end import was_cut_off
from evgraph.domain.transactions import TransactionStart, is_one_time, tag

# S2, S5: a clock that is a little off, and a charger that is a little late.
WINDOW_GRACE = timedelta(seconds=30)


def asked(
    *,
    garage_id: int,
    charge_point_id: int,
    port_id: int,
    connector_id: int,
    request_id: int,
    stay_id: int,
    id_tag: str,
    now: datetime,
    window: timedelta = START_WINDOW,
) -> ChargingSession:
    """S1: a session that holds the port, before the charger is asked. The deadline stands from the first moment,
    so that a restart between the asking and the answer leaves nothing stuck."""
    return ChargingSession(
        id=0,
        garage_id=garage_id,
        charge_point_id=charge_point_id,
        port_id=port_id,
        connector_id=connector_id,
        request_id=request_id,
        stay_id=stay_id,
        rate_id=None,
        status=SessionStatus.STARTING,
        flags=frozenset(),
        id_tag=id_tag,
        asked_at=now,
        start_deadline=now + window,
    )


def remote_start_accepted(session: ChargingSession, now: datetime, window: timedelta = START_WINDOW) -> ChargingSession:
    """S1. A session that is past STARTING stays as it is: StartTransaction overtook the answer, or it was given up."""
    if session.status is not SessionStatus.STARTING:
        return session
    return replace(session, accepted_at=now, start_deadline=now + window)


def start_failed(session: ChargingSession, code: ErrorCode, why: str, now: datetime) -> ChargingSession:
    """S1, S4: nothing came of it, `why` in an attendant's words. Its deadline stays: the charger may begin by then, and
    be late to say so (S5). One that runs already stays as it is."""
    if session.status is not SessionStatus.STARTING:
        return session
    return replace(
        session,
        status=SessionStatus.FAILED,
        failure_code=code,
        failure=why,
        ended_at=now,
    )


def rate_taken_at(asked_for: ChargingSession | None, at: datetime) -> datetime:
    """T10: the rate is the one in force at the session's start, also when the charger tells of it hours later; and
    never one from before the session was asked for, whatever a slow clock says."""
    return at if asked_for is None else max(at, asked_for.asked_at)


def transaction_started(
    session: ChargingSession,
    *,
    meter_start_wh: WattHours | None,
    at: datetime,
    reported_start: str,
    rate_id: int | None,
    flat_fee_paid: bool = False,
    clock_replaced: bool = False,
    clock_error_us: int | None = None,
    last_register_wh: WattHours | None = None,
    reported_id_tag: str | None = None,
) -> ChargingSession:
    """S2, and S5 out of FAILED: the charger began; the rate in force at that moment applies (T10). `meter_start_wh`:
    null where it could not be read (S6). `last_register_wh`: where the session before it left the port's meter (T11).
    `reported_id_tag`: what the charger put in the place of our idTag, null where it did not."""
    if session.status.has_begun or session.started_at is not None:
        raise IllegalMove("transaction started", expected="STARTING or FAILED", got=session.status)
    register_wh = _first_register(meter_start_wh, last_register_wh)
    flags = _flags_of_start(meter_start_wh, last_register_wh, clock_replaced)
    return replace(
        session,
        status=SessionStatus.CHARGING,
        flags=session.flags | flags | ({SessionFlag.OTHER_ID_TAG} if reported_id_tag is not None else frozenset()),
        authorization=AuthorizationStatus.ACCEPTED,
        rate_id=rate_id,
        failure_code=None,
        failure=None,
        # S2: until then our own idTag may still come, and prove that this start was another's.
        start_deadline=session.start_deadline if reported_id_tag is not None else None,
        started_at=at,
        ended_at=None,
        reported_start=reported_start,
        reported_id_tag=reported_id_tag,
        clock_error_us=clock_error_us,
        meter_start_wh=register_wh,
        base_register_wh=register_wh,
        register_at=None if clock_replaced or meter_start_wh is None else at,
        flat_fee_paid=flat_fee_paid,
    )


def unassigned(
    *,
    garage_id: int,
    charge_point_id: int,
    port_id: int,
    connector_id: int,
    id_tag: str,
    authorization: AuthorizationStatus,
    meter_start_wh: WattHours | None,
    at: datetime,
    reported_start: str,
    rate_id: int | None,
    clock_replaced: bool,
    now: datetime,
    clock_error_us: int | None = None,
    last_register_wh: WattHours | None = None,
) -> ChargingSession:
    """S6: a transaction that nobody asked for; it runs, is metered, and belongs to no ticket yet. `meter_start_wh`:
    null where it could not be read. `last_register_wh`: where the session before it left the port's meter (T11)."""
    register_wh = _first_register(meter_start_wh, last_register_wh)
    return ChargingSession(
        id=0,
        garage_id=garage_id,
        charge_point_id=charge_point_id,
        port_id=port_id,
        connector_id=connector_id,
        request_id=None,
        stay_id=None,
        rate_id=rate_id,
        status=SessionStatus.CHARGING,
        flags=_flags_of_start(meter_start_wh, last_register_wh, clock_replaced),
        id_tag=id_tag,
        authorization=authorization,
        asked_at=now,
        started_at=at,
        reported_start=reported_start,
        clock_error_us=clock_error_us,
        meter_start_wh=register_wh,
        base_register_wh=register_wh,
        register_at=None if clock_replaced or meter_start_wh is None else at,
    )


def was_opened_by(session: ChargingSession, start: TransactionStart, *, another_waits: bool) -> bool:
    """S2: this StartTransaction is the one that opened the session, sent again; known by what it says, as it was sent.
    A one-time idTag is proof enough, until its charger was cut off and may begin anew with it (T8). `another_waits`: a
    start waits at the connector, so that a stamp that cannot be believed does not make this one an ended session's."""
    if not _says_the_same(session, start):
        return False
    bore = tag(session.reported_id_tag if session.reported_id_tag is not None else session.id_tag)
    is_there = start.connector_id in (session.connector_id, 0)
    if is_one_time(bore) and is_there and not was_cut_off(session):
        return not is_begun_anew(session, start)
    if another_waits and start.clock_replaced and session.status is SessionStatus.ENDED:
        return False
    return _is_stamped_alike(session, start)


def was_opened_by_the_very(session: ChargingSession, start: TransactionStart) -> bool:
    """S2: as of `was_opened_by`, with a one-time idTag, and by all that the start says: of two sessions of one idTag
    (T8) it is this one's."""
    return is_one_time(start.id_tag) and _says_the_same(session, start) and _is_stamped_alike(session, start)


def _says_the_same(session: ChargingSession, start: TransactionStart) -> bool:
    bore = tag(session.reported_id_tag if session.reported_id_tag is not None else session.id_tag)
    was_read = SessionFlag.METER_START_ESTIMATED not in session.flags
    return tag(start.id_tag) == bore and start.meter_start_wh == (session.meter_start_wh if was_read else None)


def _is_stamped_alike(session: ChargingSession, start: TransactionStart) -> bool:
    return session.connector_id == start.connector_id and session.reported_start == start.reported_at


def is_older(start: TransactionStart, running: ChargingSession, *, clock_lag: timedelta = timedelta(0)) -> bool:
    """S7: by the charger's own stamps the start was before what runs on its connector: it waited in the queue, and ends
    nothing. Of a start that waits there (STARTING): before that was asked for (B7). `clock_lag`: how far behind the
    charger's clock is known to be."""
    if running.status is SessionStatus.STARTING:
        return is_from_before(start, running.asked_at, clock_lag=clock_lag)
    is_comparable = is_own_stamp(start) and SessionFlag.CLOCK_REPLACED not in running.flags
    if not is_comparable or running.started_at is None or began_ahead(running, start.received_at):
        return False
    return start.at < running.started_at


def is_from_before(start: TransactionStart, asked_at: datetime, *, clock_lag: timedelta) -> bool:
    """S4, B7: by its own stamp the start was before another one was asked for at its connector, which it does not give
    up. A time that our own clock said, and that lies in our future, says nothing."""
    is_past = start.received_at is None or asked_at <= start.received_at
    return is_past and is_own_stamp(start) and start.at + clock_lag < asked_at - START_GRACE


def is_begun_anew(session: ChargingSession, start: TransactionStart) -> bool:
    """T8: a start with the one-time idTag of the session that runs on that very connector, later than that began: its
    charger was cut off, and goes on with the same vehicle. One with the same register is that start, sent again (S2),
    where either stamp is not the charger's own: a clock that is put right stamps what waits anew."""
    if session.status is not SessionStatus.CHARGING or session.started_at is None:
        return False
    is_its_tag = session.reported_id_tag is None and tag(start.id_tag) == tag(session.id_tag)
    if not is_its_tag or not is_one_time(session.id_tag) or session.connector_id != start.connector_id:
        return False
    stamp = start.own_stamp
    corrected = corrected_stamp(session, stamp) if stamp is not None else None
    if (corrected or start.at) < session.started_at:
        return False
    if start.meter_start_wh != session.meter_start_wh:
        return True
    is_own = is_own_stamp(start) and SessionFlag.CLOCK_REPLACED not in session.flags
    return is_own and start.reported_at != session.reported_start


def continued_time(start: TransactionStart, cut: ChargingSession) -> StartTime:
    """B7, T8: when a session began that goes on where `cut` ended: never before that, and by the clock of `cut` where
    that was wrong."""
    ended_at = cut.ended_at or cut.asked_at
    received_at = start.received_at or start.at
    stamp = start.own_stamp
    corrected = corrected_stamp(cut, stamp) if stamp is not None else None
    if corrected is not None and ended_at <= corrected <= received_at:
        return StartTime(corrected, is_replaced=True, clock_error_us=cut.clock_error_us)
    time = start_time(start, asked_at=ended_at, connected_since=None)
    if time.at >= ended_at or ended_at > received_at:
        return time
    # A little before, by a clock that is a little slow.
    return StartTime(ended_at, is_replaced=True, clock_error_us=None)


def takes_tag_of_its_own(session: ChargingSession, start: TransactionStart, *, is_card: bool) -> bool:
    """S2: a charger that puts an idTag of its own into the start that it was asked for: while that start waits, within
    its window by the charger's own stamp, and with an idTag that is nobody's card (`is_card`) and no other start's."""
    if session.status is not SessionStatus.STARTING or session.start_deadline is None:
        return False
    if not start.id_tag or is_card or is_one_time(start.id_tag) or not is_own_stamp(start):
        return False
    return session.asked_at - WINDOW_GRACE <= start.at <= session.start_deadline + WINDOW_GRACE


def may_be_revived(session: ChargingSession, at: datetime) -> bool:
    """S5: a start that was given up may still begin, within its window. `at`: when it began (B7)."""
    if session.status is not SessionStatus.FAILED or session.started_at is not None:
        return False
    return session.start_deadline is None or is_within_window(session, at)


def is_within_window(session: ChargingSession, at: datetime) -> bool:
    """S5: `at` (B7) is within the session's start window and its grace; false where no window is on record."""
    return session.start_deadline is not None and at <= session.start_deadline + WINDOW_GRACE


def released(session: ChargingSession) -> ChargingSession:
    """S2: the start that the session was taken for has come after all, with our idTag: this one is nobody's (S6)."""
    return replace(with_reported_tag(session), request_id=None, stay_id=None, flat_fee_paid=False)


def with_reported_tag(session: ChargingSession) -> ChargingSession:
    """S2: the session bears the idTag of its StartTransaction alone: ours has turned out to be another session's."""
    return replace(session, id_tag=session.reported_id_tag or "", reported_id_tag=None, start_deadline=None)


def _first_register(meter_start_wh: WattHours | None, last_register_wh: WattHours | None) -> WattHours:
    """S6, T11: until a register of the session is read, the port's last one stands in for a meterStart that could not
    be read."""
    return meter_start_wh if meter_start_wh is not None else last_register_wh or 0


def _flags_of_start(
    meter_start_wh: WattHours | None, last_register_wh: WattHours | None, clock_replaced: bool
) -> frozenset[SessionFlag]:
    """T11: energy flowed between two sessions that nobody was billed for. A lower start is no gap: another meter, one
    that was reset, or one that counts each session from 0, as some chargers do for good; what is missing, if anything,
    it does not tell."""
    flags = set()
    if clock_replaced:
        flags.add(SessionFlag.CLOCK_REPLACED)
    if meter_start_wh is None:
        flags.add(SessionFlag.METER_START_ESTIMATED)
    elif last_register_wh is not None and meter_start_wh > last_register_wh:
        flags.add(SessionFlag.METER_GAP)
    return frozenset(flags)
