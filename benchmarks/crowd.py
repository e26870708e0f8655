"""Garages full of charge points that charge: some by way of the services, the others copied from these, in bulk.

`python -m benchmarks.crowd DATABASE_URL CHARGE_POINTS GARAGES` fills an empty database and prints, as JSON, the
identity, the key and the transaction of each, and the identity and the key of one more that rests in the first garage.
Registered and begun one after the other, ten thousand take minutes.
"""

import asyncio
import json
import sys
from typing import Any

from tortoise.models import Model

from benchmarks import house
from benchmarks.filling import printed_by
from evgraph.bus import EventBus
from evgraph.domain.transactions import TransactionStart
from evgraph.models import ChargePointRow, PortRow, SessionRow, database
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.keys import hash_key, new_charge_point_key
from evgraph.services.offline import NoChargePoints

_BATCH = 500


async def fill_in_a_process(
    database_url: str, charge_points: int, garages: int
) -> tuple[list[tuple[str, str, int]], tuple[str, str]]:
    """Identity, key and transaction of each; the first of each `garages` is in the first garage. And the identity and
    the key of the one that rests there."""
    charging, resting = await printed_by("benchmarks.crowd", database_url, charge_points, garages)
    return [(identity, key, transaction) for identity, key, transaction in charging], (resting[0], resting[1])


async def _fill(database_url: str, charge_points: int, garages: int) -> tuple[list[Any], tuple[str, str]]:
    await database.migrate(database_url)
    await database.open_database(database_url)
    try:
        services = open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints())
        keys = await house.furnish(services, garages + 1, garages)
        # The last one came round to the first garage again.
        resting = keys.popitem()
        patterns = [await _begin(services, identity) for identity in keys]
        more = {f"AX48-{number}": new_charge_point_key() for number in range(garages + 2, charge_points + 2)}
        await _copy(patterns, more)
        transactions = {row.charge_point_id: row.id for row in await SessionRow.all()}
        ids = {row.identity: row.id for row in await ChargePointRow.all()}
        charging = [(identity, key, transactions[ids[identity]]) for identity, key in {**keys, **more}.items()]
        return charging, resting
    finally:
        await database.close_database()


async def _begin(services: Services, identity: str) -> tuple[ChargePointRow, PortRow, SessionRow]:
    """Its port and its session, as a StartTransaction leaves them."""
    charge_point = await ChargePointRow.get(identity=identity)
    now = services.clock.now()
    answer = await services.transactions.transaction_started(
        charge_point.id,
        TransactionStart(
            connector_id=1,
            id_tag="STAFF-1",
            meter_start_wh=0,
            at=now,
            reported_at=now.isoformat(),
            clock_replaced=False,
        ),
    )
    session = await SessionRow.get(id=answer.transaction_id)
    return charge_point, await PortRow.get(id=session.port_id), session


async def _copy(patterns: list[tuple[ChargePointRow, PortRow, SessionRow]], more: dict[str, str]) -> None:
    """One after the other from each pattern, so from each garage."""

    def pattern(place: int) -> tuple[ChargePointRow, PortRow, SessionRow]:
        return patterns[place % len(patterns)]

    await ChargePointRow.bulk_create(
        [
            ChargePointRow(**_values(pattern(place)[0], identity=identity, key_hash=hash_key(key)))
            for place, (identity, key) in enumerate(more.items())
        ],
        batch_size=_BATCH,
    )
    ids = {row.identity: row.id for row in await ChargePointRow.all()}
    await PortRow.bulk_create(
        [PortRow(**_values(pattern(place)[1], charge_point_id=ids[identity])) for place, identity in enumerate(more)],
        batch_size=_BATCH,
    )
    ports = {row.charge_point_id: row.id for row in await PortRow.all()}
    await SessionRow.bulk_create(
        [
            SessionRow(**_values(pattern(place)[2], charge_point_id=ids[identity], port_id=ports[ids[identity]]))
            for place, identity in enumerate(more)
        ],
        batch_size=_BATCH,
    )


def _values(row: Model, **other: object) -> dict[str, Any]:
    """Its columns, but for its id."""
    return {name: getattr(row, name) for name in row._meta.fields_db_projection if name != "id"} | other


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
