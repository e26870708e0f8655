"""Which session a StopTransaction ends: what is asked of the database for it; `domain.stop_matching` decides (T3,
T7)."""

from datetime import datetime

from evgraph.domain import session_end, stop_matching
from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import WattHours
from evgraph.domain.session_clock import end_time
from evgraph.domain.session_unplug import is_rest_of
from evgraph.domain.transactions import TransactionStop, is_one_time, tag
from evgraph.models import MeterSampleRow, PortRow, SessionRow
from evgraph.models.plain import select_values
from evgraph.services.recount import has_one_connector
from evgraph.services.start_lookup import begun_with
from evgraph.services.supplies import Supplies

_RUNNING = "charge_point_id = ? AND status = ?"
_BY_ID = "id = ? AND charge_point_id = ? AND started_at IS NOT NULL"
# A card may have begun thousands of sessions; a stop is never that late.
_MOST_OF_A_CARD = 20
# So many sessions in a row that told no register at all mean a port that has no meter.
_MOST_BEFORE = 4


async def named_by_id(charge_point_id: int, stop: TransactionStop) -> ChargingSession | None:
    """The session whose transactionId the stop bears, ended by it or not."""
    if stop.transaction_id is None:
        return None
    found = await select_values(SessionRow, ChargingSession, _BY_ID, stop.transaction_id, charge_point_id)
    return found[0] if found else None


async def meant(charge_point_id: int, stop: TransactionStop, supplies: Supplies) -> ChargingSession | None:
    """T3: by its transactionId (a), its idTag (b), or as the charge point's only open session (c); T7: as the late
    truth of one that we closed. Null where it is nobody's."""
    by_id = await named_by_id(charge_point_id, stop)
    if by_id is not None and (not stop.id_tag or stop_matching.bears(by_id, stop.id_tag)):
        return by_id
    bearing = await begun_with(charge_point_id, tag(stop.id_tag)) if stop.id_tag else []
    named = stop_matching.named_by_id(stop, [*([by_id] if by_id else []), *bearing])
    if named is not None:
        return named
    if bearing:
        return stop_matching.named_by_tag(stop, bearing, await supplies.at([charge_point_id]))
    if stop.id_tag or by_id is not None:
        return None
    return (
        await _ended_before(charge_point_id, stop)
        or await _only_open(charge_point_id, stop, supplies)
        or await _only_closed(charge_point_id, stop, supplies)
    )


async def waits_for_start(charge_point_id: int, stop: TransactionStop) -> bool:
    """X2: it bears the one-time idTag of a session that has not begun, whatever else it names."""
    if not stop.id_tag or not is_one_time(stop.id_tag):
        return False
    asked = SessionRow.filter(charge_point_id=charge_point_id, id_tag=tag(stop.id_tag), started_at__isnull=True)
    return await asked.exists()


async def next_start_at(session: ChargingSession) -> datetime | None:
    """When the next session began at the port; null where none did."""
    following = await _next(session)
    return following.started_at if following is not None else None


async def next_register_wh(session: ChargingSession) -> WattHours | None:
    """M5: the register at which the next session began at the port; None if there is none that was read."""
    following = await _next(session)
    if following is None or SessionFlag.METER_START_ESTIMATED in following.flags:
        return None
    return following.meter_start_wh


async def with_start(session: ChargingSession) -> ChargingSession:
    """S6: the session, about to end; where its start could not be read and no register since then, it began where the
    session before it left the port's meter, be it at 0."""
    if not session_end.has_no_start(session) or not await PortRow.exists(id=session.port_id, is_reported=True):
        return session
    before = await left_before(session.port_id, session.started_at, but=session.id)
    return session_end.begun_at_last_register(session) if before is not None else session


async def left_before(port_id: int, at: datetime | None, *, but: int = 0) -> ChargingSession | None:
    """T11: the port's latest ended session that began by then and of which it is known where it left the meter; null
    where there is none."""
    ended = SessionRow.filter(port_id=port_id, status=SessionStatus.ENDED, started_at__lte=at).exclude(id=but)
    latest = [row.value() for row in await ended.order_by("-started_at", "-id").limit(_MOST_BEFORE)]
    return next((one for one in latest if session_end.left_register(one)), None)


async def began_since(session: ChargingSession) -> bool:
    """S7: another session has begun at its connector since it did."""
    return await SessionRow.exists(
        charge_point_id=session.charge_point_id,
        connector_id=session.connector_id,
        started_at__gte=session.started_at,
        id__not=session.id,
    )


async def _next(session: ChargingSession) -> ChargingSession | None:
    """What flowed after the session's own vehicle left is of the same transaction (T4)."""
    following = SessionRow.filter(port_id=session.port_id, started_at__gt=session.started_at)
    rows = await following.exclude(id=session.id).order_by("started_at", "id").limit(2)
    return next((one for one in [row.value() for row in rows] if not is_rest_of(one, session)), None)


async def _ended_before(charge_point_id: int, stop: TransactionStop) -> ChargingSession | None:
    """T2: the session that this very stop ended, when it is sent again."""
    if stop.own_stamp is None or stop.clock_replaced:
        return None
    ended = SessionRow.filter(charge_point_id=charge_point_id, status=SessionStatus.ENDED, ended_at=stop.at)
    sessions = [row.value() for row in await ended.order_by("-id").limit(_MOST_OF_A_CARD)]
    return next((session for session in sessions if stop_matching.was_ended_by(session, stop)), None)


async def _only_open(charge_point_id: int, stop: TransactionStop, supplies: Supplies) -> ChargingSession | None:
    running = await select_values(SessionRow, ChargingSession, _RUNNING, charge_point_id, SessionStatus.CHARGING.value)
    session = stop_matching.only_one(running)
    if session is None:
        return None
    ports = await PortRow.filter(charge_point_id=charge_point_id, is_reported=True).count()
    may_end = stop_matching.may_end_only_open(
        session,
        stop,
        supply=await supplies.of_port(session.port_id),
        has_other_connectors=ports > 1,
        rose_later=await _rose_after(session, end_time(session, stop).at),
    )
    return session if may_end else None


async def _only_closed(charge_point_id: int, stop: TransactionStop, supplies: Supplies) -> ChargingSession | None:
    """Of the latest ones: by when they began alone nobody can tell, where the charger's clock is wrong."""
    if stop.meter_stop_wh is None and not await has_one_connector(charge_point_id):
        # It tells nothing at all: it may be of any connector.
        return None
    ended = SessionRow.filter(charge_point_id=charge_point_id, status=SessionStatus.ENDED)
    found = []
    for row in await ended.order_by("-id").limit(_MOST_OF_A_CARD):
        session = row.value()
        if session_end.was_closed_by_us(session) and stop_matching.may_end_closed(
            session,
            stop,
            supply=await supplies.of_port(session.port_id),
            next_start_at=await next_start_at(session),
        ):
            found.append(session)
    return stop_matching.only_one(found)


async def _rose_after(session: ChargingSession, at: datetime) -> bool:
    """A reading after that instant shows a higher register than those before it."""
    if session.last_meter_at is None or session.last_meter_at <= at:
        return False
    registers = MeterSampleRow.filter(session_id=session.id, register_wh__isnull=False)
    before = await registers.filter(at__lte=at).order_by("-at").first()
    after = await registers.filter(at__gt=at).order_by("-at").first()
    floor_wh = before.register_wh if before is not None and before.register_wh is not None else session.meter_start_wh
    return after is not None and after.register_wh is not None and after.register_wh > floor_wh
