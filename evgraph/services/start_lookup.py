"""Which session a StartTransaction opens, or has opened before (S2, S5, T8)."""

from datetime import datetime
from typing import assert_never

from evgraph.domain import charging_request, session_end, session_start
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.port import Port, PortStatus
from evgraph.domain.session_clock import start_time
from evgraph.domain.stay import StayStatus
from evgraph.domain.transactions import TransactionStart, is_one_time, tag
from evgraph.models import ConnectionRow, RequestRow, SessionMoveRow, SessionRow
from evgraph.models.plain import select_values
from evgraph.services import reading
from evgraph.services.cards import card_of

# A card may have begun thousands; what is sent again, or ends one, is never that late.
_BEGUN_WITH_TAG = "charge_point_id = ? AND id_tag = ? AND started_at IS NOT NULL ORDER BY id DESC LIMIT 20"
_BEGUN_WITH_ITS_OWN = "charge_point_id = ? AND reported_id_tag = ? AND started_at IS NOT NULL ORDER BY id DESC LIMIT 20"


async def begun_with(charge_point_id: int, id_tag: str) -> list[ChargingSession]:
    """The latest sessions whose own idTag this is, or whose StartTransaction bore it; the newest first."""
    own = await select_values(SessionRow, ChargingSession, _BEGUN_WITH_TAG, charge_point_id, id_tag)
    if is_one_time(id_tag) or not id_tag:
        return own
    reported = await select_values(SessionRow, ChargingSession, _BEGUN_WITH_ITS_OWN, charge_point_id, id_tag)
    return sorted([*own, *reported], key=lambda session: session.id, reverse=True)


async def known(charge_point_id: int, start: TransactionStart, *, another_waits: bool) -> ChargingSession | None:
    """S2: the session that this very StartTransaction opened before."""
    sessions = await begun_with(charge_point_id, tag(start.id_tag))
    for session in sessions:
        if session_start.was_opened_by_the_very(session, start):
            return session
    for session in sessions:
        if session_start.was_opened_by(session, start, another_waits=another_waits):
            return session
    return None


async def waiting(charge_point_id: int, id_tag: str) -> ChargingSession | None:
    """S2, S5: the session that was asked for with this idTag and may begin, if the time fits."""
    session = await _latest(charge_point_id, id_tag, SessionStatus.STARTING, SessionStatus.FAILED)
    if session is None or session.status is SessionStatus.STARTING or await _can_revive(session):
        return session
    return None


async def may_begin(charge_point_id: int, id_tag: str, now: datetime) -> bool:
    """S3: a start with this idTag that came now would open the session that was asked for with it; one that was given
    up only within its window (S5)."""
    session = await waiting(charge_point_id, id_tag)
    if session is None:
        return False
    return session.status is SessionStatus.STARTING or session_start.may_be_revived(session, now)


async def begun_by(charge_point_id: int, start: TransactionStart) -> ChargingSession | None:
    """S2, S5: the session that was asked for with the start's idTag, and that it begins: one that was given up only
    within its window."""
    session = await waiting(charge_point_id, tag(start.id_tag))
    if session is None or session.status is SessionStatus.STARTING:
        return session
    time = start_time(start, asked_at=session.asked_at, connected_since=await connected_since(charge_point_id))
    return session if session_start.may_be_revived(session, time.at) else None


async def begun_with_tag_of_its_own(
    holder: ChargingSession | None, garage_id: int, start: TransactionStart
) -> ChargingSession | None:
    """S2: the start that waits at the very connector, where the charger put in an idTag of its own. `holder`: the
    session that holds the connector's port."""
    if holder is None or holder.request_id is None:
        return None
    is_card = bool(start.id_tag) and await card_of(garage_id, start.id_tag) is not None
    return holder if session_start.takes_tag_of_its_own(holder, start, is_card=is_card) else None


async def waiting_for_any_tag(charge_point_id: int, now: datetime) -> ChargingSession | None:
    """S3: the start that a charger's own idTag would begin: the only one that waits, while no other connector is free
    or preparing."""
    starting = await SessionRow.filter(charge_point_id=charge_point_id, status=SessionStatus.STARTING)
    if len(starting) != 1:
        return None
    session = starting[0].value()
    ports = await reading.ports(charge_point_id=charge_point_id, is_reported=True)
    others = [port for port in ports if port.id != session.port_id]
    if any(_may_begin_by_itself(port.reported_status) for port in others):
        return None
    return session if session.start_deadline is not None and now <= session.start_deadline else None


async def given_to_another(
    charge_point_id: int, start: TransactionStart
) -> tuple[ChargingSession, ChargingRequest] | None:
    """S2: the session that a start with the charger's own idTag opened in the place of the one that this start, with
    our one-time idTag, now turns out to be; and the request that it was asked for. S5: only within the window of that
    start, while the stay is open, and while the request has no other session."""
    session = await _latest(charge_point_id, tag(start.id_tag), SessionStatus.CHARGING, SessionStatus.ENDED)
    if session is None or session.reported_id_tag is None:
        return None
    time = start_time(start, asked_at=session.asked_at, connected_since=await connected_since(charge_point_id))
    if not session_start.is_within_window(session, time.at):
        return None
    request = await _asked_by(session)
    if request is None or not charging_request.can_begin_after_all(request, session.id):
        return None
    return session, request


async def cut_off(charge_point_id: int, id_tag: str) -> ChargingSession | None:
    """T8: the session of this idTag whose charger was cut off, and may go on with the same vehicle."""
    cut = await _latest(charge_point_id, id_tag, SessionStatus.ENDED)
    if cut is None or cut.reported_id_tag is not None or not session_end.was_cut_off(cut):
        return None
    return cut if await _can_be_continued(cut) else None


async def continued_by(charge_point_id: int, start: TransactionStart) -> ChargingSession | None:
    """T8: the session that this start goes on from: one that was cut off, or that runs on that very connector, its end
    not told yet."""
    id_tag = tag(start.id_tag)
    session = await running(charge_point_id, id_tag)
    if session is None:
        return await cut_off(charge_point_id, id_tag)
    return session if session_start.is_begun_anew(session, start) and await _can_be_continued(session) else None


async def running(charge_point_id: int, id_tag: str) -> ChargingSession | None:
    """S3: the session that was asked for with this idTag, while it runs."""
    return await _latest(charge_point_id, id_tag, SessionStatus.CHARGING)


async def connected_since(charge_point_id: int) -> datetime | None:
    """B7: when the charge point's present connection was opened; null where it has none."""
    row = await ConnectionRow.filter(charge_point_id=charge_point_id).order_by("-id").first()
    return row.connected_at if row is not None and row.disconnected_at is None else None


def asked_anew(session: ChargingSession, request: ChargingRequest, port: Port, at: datetime) -> ChargingSession:
    """A further session with the idTag of this one, which its charger begins by itself (T8, S2). `at`: when the charger
    was asked for it, or when it began to go on."""
    return session_start.asked(
        garage_id=session.garage_id,
        charge_point_id=session.charge_point_id,
        port_id=port.id,
        connector_id=port.connector_id,
        request_id=request.id,
        stay_id=request.stay_id,
        id_tag=session.id_tag,
        now=at,
    )


async def _latest(charge_point_id: int, id_tag: str, *statuses: SessionStatus) -> ChargingSession | None:
    """The latest session that was asked for with this idTag, if it is in one of these states. A card's sessions,
    assigned or not, are any vehicle's."""
    if not is_one_time(id_tag):
        return None
    row = (
        await SessionRow.filter(charge_point_id=charge_point_id, id_tag=id_tag, request_id__isnull=False)
        .order_by("-id")
        .first()
    )
    return row.value() if row is not None and row.status in statuses else None


async def _can_revive(session: ChargingSession) -> bool:
    """S5: the stay is open, and the request has no other session by now."""
    request = await _request_of_open_stay(session)
    return request is not None and session.started_at is None and charging_request.can_be_revived(request, session.id)


async def _can_be_continued(session: ChargingSession) -> bool:
    """T8: the stay is open, and nothing else became of the request."""
    request = await _request_of_open_stay(session)
    return request is not None and charging_request.can_be_continued(request, session.id)


async def _asked_by(session: ChargingSession) -> ChargingRequest | None:
    """S2: the request that the session was asked for, whatever ticket it was moved to since; null once that stay is
    checked out, or the request canceled."""
    moved = SessionMoveRow.filter(session_id=session.id, from_stay_id__isnull=False)
    first = await moved.order_by("id").first()
    stay_id = session.stay_id if first is None else first.from_stay_id
    requests = RequestRow.filter(stay_id=stay_id, stay__status=StayStatus.OPEN)
    row = await requests.exclude(status=RequestStatus.CANCELED).order_by("-id").first()
    return row.value() if row is not None else None


async def _request_of_open_stay(session: ChargingSession) -> ChargingRequest | None:
    """Null once the stay is checked out."""
    row = await RequestRow.get_or_none(id=session.request_id, stay__status=StayStatus.OPEN)
    return row.value() if row is not None else None


def _may_begin_by_itself(status: PortStatus) -> bool:
    """S3: a vehicle that came there, or that comes there next, may be what the charger asks about."""
    match status:
        case PortStatus.AVAILABLE | PortStatus.PREPARING:
            return True
        case (
            PortStatus.CHARGING
            | PortStatus.SUSPENDED_EV
            | PortStatus.SUSPENDED_EVSE
            | PortStatus.FINISHING
            | PortStatus.RESERVED
            | PortStatus.UNAVAILABLE
            | PortStatus.FAULTED
            | PortStatus.OFFLINE
        ):
            return False
        case _:
            assert_never(status)
