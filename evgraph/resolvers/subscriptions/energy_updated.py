from collections.abc import AsyncGenerator

import strawberry

from evgraph.domain.billing import cost
from evgraph.domain.events import EnergyMetered
from evgraph.domain.garage import Garage
from evgraph.domain.people import Right
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.subscriptions.watch import garage_in_sight
from evgraph.resolvers.subscriptions.watched import Show, Shown, Watched, watch_alone
from evgraph.schema.charging_session import kilo
from evgraph.schema.context import existing
from evgraph.schema.energy_update import EnergyUpdate
from evgraph.schema.errors import bad_user_input
from evgraph.schema.global_ids import encode, key_of
from evgraph.schema.money import money
from evgraph.services.interfaces import Clock
from evgraph.services.live_energy import LiveEnergy


async def energy_updated(
    info: Info, garage_id: strawberry.ID, session_id: strawberry.ID | None = strawberry.UNSET
) -> AsyncGenerator[EnergyUpdate, None]:
    return watch_alone(info.context, await watched_energy(info.context, garage_id, session_id))


async def watched_energy(
    operation: Operation, garage_id: strawberry.ID, session_id: strawberry.ID | None = strawberry.UNSET
) -> Watched[EnergyMetered]:
    key = garage_in_sight(operation, Right.SEE_BOARD, key_of("Garage", garage_id))
    garage = existing(await operation.loaders.garages.load(key))
    session_key = None
    if session_id:
        session_key = key_of("ChargingSession", session_id)
        session = await operation.loaders.sessions.load(session_key or 0)
        if session is None or session.garage_id != garage.id:
            raise bad_user_input("There is no such session in this garage.")
    services = operation.services
    return Watched(
        right=Right.SEE_BOARD,
        garage_id=key,
        subject=LiveEnergy(services.bus, key, session_key),
        showing=lambda: _showing(garage, services.clock),
    )


def _showing(garage: Garage, clock: Clock) -> Show[EnergyMetered]:
    def show(news: EnergyMetered) -> Shown:
        session = news.session
        cents = cost(session, news.rate, clock.now())
        return Shown(
            EnergyUpdate(
                session_id=encode("ChargingSession", session.id),
                port_id=encode("Port", session.port_id),
                request_id=encode("ChargingRequest", session.request_id) if session.request_id is not None else None,
                energy_wh=session.energy_wh,
                energy_kwh=session.energy_wh / 1000,
                power_kw=kilo(session.power_w),
                cost=None if cents is None else money(cents, garage),
                at=news.at,
            )
        )

    return show
