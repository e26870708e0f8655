from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import assert_never

import strawberry

from evgraph.bus import Lagged
from evgraph.domain.charging_session import ChargingSession as ChargingSessionValue
from evgraph.domain.charging_session import SessionStatus
from evgraph.domain.events import EnergyMetered, SessionChanged
from evgraph.domain.garage import Garage
from evgraph.domain.people import Right
from evgraph.models import SessionRow
from evgraph.models.database import reader
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.known import Known
from evgraph.resolvers.permissions import may_see, signed_in
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.errors import bad_user_input
from evgraph.schema.global_ids import key_of

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


async def session_updated(info: Info, session_id: strawberry.ID) -> AsyncGenerator[ChargingSession, None]:
    operation = info.context
    signed_in(operation.viewer)
    key = key_of("ChargingSession", session_id)
    session = await operation.loaders.sessions.load(key) if key is not None else None
    if session is None or not may_see(operation.viewer, Right.SEE_STAYS, session.garage_id):
        raise bad_user_input("There is no such session.")
    watch = Watch(operation, Right.SEE_STAYS, session.garage_id)
    return _updates(operation, watch, session)


async def _updates(
    operation: Operation, watch: Watch, session: ChargingSessionValue
) -> AsyncGenerator[ChargingSession, None]:
    """The session now, then each change of it; ends with the one that ended it."""
    garage = await operation.loaders.garages.load(session.garage_id)
    with operation.services.bus.subscribe(session.garage_id) as feed:
        session = await _now(session.id)
        yield _fresh(operation, garage, session)
        while session.is_active:
            event = await anext(feed)
            if isinstance(event, Lagged):
                latest = await _now(session.id)
            elif isinstance(event, SessionChanged | EnergyMetered) and event.session.id == session.id:
                latest = event.session
            else:
                continue
            if latest == session or _is_older(latest, session):
                continue
            await watch.check()
            session = latest
            yield _fresh(operation, garage, session)


async def _now(session_id: int) -> ChargingSessionValue:
    return (await SessionRow.get(id=session_id, using_db=reader())).value()


def _fresh(operation: Operation, garage: Garage | None, session: ChargingSessionValue) -> ChargingSession:
    known = Known(sessions={session.id: session})
    if garage:
        known.garages[garage.id] = garage
    operation.renew(known)
    return ChargingSession(value=session)


def _is_older(event: ChargingSessionValue, told: ChargingSessionValue) -> bool:
    """An event that was on its way when the session was read."""
    if event.status is not told.status:
        return _progress(event.status) < _progress(told.status)
    return (event.last_meter_at or _LONG_AGO) < (told.last_meter_at or _LONG_AGO)


def _progress(status: SessionStatus) -> int:
    """Higher is later in a session's life; a failed start may still begin (S5), and end."""
    match status:
        case SessionStatus.STARTING:
            return 0
        case SessionStatus.CHARGING:
            return 1
        case SessionStatus.FAILED:
            return 2
        case SessionStatus.ENDED:
            return 3
        case _:
            assert_never(status)
