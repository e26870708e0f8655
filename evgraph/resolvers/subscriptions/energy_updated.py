from collections.abc import AsyncGenerator, Iterable
from datetime import datetime

import strawberry

from evgraph.bus import Lagged
from evgraph.domain.billing import cost
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.events import EnergyMetered
from evgraph.domain.garage import Garage
from evgraph.domain.people import Right
from evgraph.domain.rate import Rate
from evgraph.models import SessionRow
from evgraph.models.database import reader
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.schema.charging_session import kilo
from evgraph.schema.context import existing
from evgraph.schema.energy_update import EnergyUpdate
from evgraph.schema.errors import bad_user_input
from evgraph.schema.global_ids import encode, key_of
from evgraph.schema.money import money
from evgraph.services import reading


async def energy_updated(
    info: Info, garage_id: strawberry.ID, session_id: strawberry.ID | None = strawberry.UNSET
) -> AsyncGenerator[EnergyUpdate, None]:
    operation, key = info.context, key_of("Garage", garage_id)
    watch = Watch.over_garage(operation, Right.SEE_BOARD, key)
    garage = existing(await operation.loaders.garages.load(key or 0))
    session_key = None
    if session_id:
        session_key = key_of("ChargingSession", session_id)
        session = await operation.loaders.sessions.load(session_key or 0)
        if session is None or session.garage_id != garage.id:
            raise bad_user_input("There is no such session in this garage.")
    return _updates(operation, watch, garage, session_key)


async def _updates(
    operation: Operation, watch: Watch, garage: Garage, session_id: int | None
) -> AsyncGenerator[EnergyUpdate, None]:
    """What runs now, then every reading; a reader that lagged is told again what runs."""
    told: dict[int, datetime] = {}
    with operation.services.bus.subscribe(garage.id) as feed:
        for update in await _running(operation, garage, session_id, told):
            yield update
        async for event in feed:
            if isinstance(event, Lagged):
                await watch.check()
                for update in await _running(operation, garage, session_id, told):
                    yield update
            elif isinstance(event, EnergyMetered) and session_id in (None, event.session.id):
                # A reading that was in the database already when we looked is no news.
                if told.get(event.session.id, event.at) > event.at:
                    continue
                await watch.check()
                told[event.session.id] = event.at
                yield _update(operation, garage, event.session, event.rate, event.at)


async def _running(
    operation: Operation, garage: Garage, session_id: int | None, told: dict[int, datetime]
) -> Iterable[EnergyUpdate]:
    db = reader()
    rows = SessionRow.filter(garage_id=garage.id, status=SessionStatus.CHARGING).using_db(db).order_by("id")
    sessions = [row.value() for row in await (rows.filter(id=session_id) if session_id is not None else rows)]
    rates = await reading.rates(db, (session.rate_id for session in sessions))
    told.clear()
    updates = []
    for session in sessions:
        at = told[session.id] = session.last_meter_at or session.started_at or session.asked_at
        updates.append(_update(operation, garage, session, rates.get(session.rate_id or 0), at))
    return updates


def _update(
    operation: Operation, garage: Garage, session: ChargingSession, rate: Rate | None, at: datetime
) -> EnergyUpdate:
    cents = cost(session, rate, operation.now())
    return EnergyUpdate(
        session_id=encode("ChargingSession", session.id),
        port_id=encode("Port", session.port_id),
        request_id=encode("ChargingRequest", session.request_id) if session.request_id is not None else None,
        energy_wh=session.energy_wh,
        energy_kwh=session.energy_wh / 1000,
        power_kw=kilo(session.power_w),
        cost=None if cents is None else money(cents, garage),
        at=at,
    )
