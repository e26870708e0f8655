"""The house that is measured: garages, charge points with keys, a rate, someone who watches and someone who works.

`python -m benchmarks.house DATABASE_URL CHARGE_POINTS GARAGES` fills an empty database, in a process of its own, and
prints the keys as JSON. Charge points go to the garages in turn; the first garage is the one that is watched.
"""

import asyncio
import json
import sys
from decimal import Decimal

import httpx

from benchmarks.filling import printed_by
from evgraph.bus import EventBus
from evgraph.domain.people import Role, Viewer
from evgraph.domain.rate import RateKind
from evgraph.models import GarageRow, database
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.offline import NoChargePoints

EMAIL, ATTENDANT = "wall@benchmark.test", "maria@benchmark.test"
PASSWORD = "many readings"
_LOCATION_ID = "BENCH-%d"
_SIGN_IN = "mutation($input: SignInInput!) { signIn(input: $input) { accessToken errors { message } } }"
_GARAGE = "query($at: String!) { garage(locationId: $at) { id } }"


async def fill_in_a_process(database_url: str, charge_points: int, garages: int = 1) -> dict[str, str]:
    """The key of each charge point, by identity."""
    keys: dict[str, str] = await printed_by("benchmarks.house", database_url, charge_points, garages)
    return keys


async def sign_in(port: int, email: str = EMAIL) -> tuple[str, str]:
    """An access token, and the first garage's global id."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        given = {"input": {"email": email, "password": PASSWORD}}
        answer = await http.post("/graphql", json={"query": _SIGN_IN, "variables": given})
        token: str = answer.json()["data"]["signIn"]["accessToken"]
        answer = await http.post(
            "/graphql",
            json={"query": _GARAGE, "variables": {"at": _LOCATION_ID % 1}},
            headers={"Authorization": f"Bearer {token}"},
        )
        return token, answer.json()["data"]["garage"]["id"]


async def _fill(database_url: str, charge_points: int, garages: int) -> dict[str, str]:
    await database.migrate(database_url)
    await database.open_database(database_url)
    try:
        house = open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints())
        return await furnish(house, charge_points, garages)
    finally:
        await database.close_database()


async def furnish(house: Services, charge_points: int, garages: int) -> dict[str, str]:
    """Chargers may start without a ticket: what is measured is the road of a reading, the same for all sessions."""
    registration = house.registration
    garage_ids = []
    for number in range(1, garages + 1):
        garage = await registration.add_garage(
            organization="Benchmark Parking",
            location_id=_LOCATION_ID % number,
            name=f"Benchmark Garage {number}",
            free_starts=True,
        )
        garage_ids.append(garage.id)
        await house.rates.set(await _operator(garage.id), garage.id, RateKind.PER_KWH, Decimal(25))
    for email, role in ((EMAIL, Role.DISPLAY), (ATTENDANT, Role.ATTENDANT)):
        await registration.add_person(
            garage_ids=garage_ids[:1], email=email, name=role.value.title(), password=PASSWORD, role=role
        )
    keys = {}
    for number in range(charge_points):
        garage_id = garage_ids[number % garages]
        made, key = await registration.add_charge_point(garage_id=garage_id, identity=f"AX48-{number + 1}")
        keys[made.identity] = key or ""
    return keys


async def _operator(garage_id: int) -> Viewer:
    return Viewer(
        id=0,
        organization_id=(await GarageRow.get(id=garage_id)).organization_id,
        organization="Benchmark Parking",
        name="Olivia",
        email=None,
        roles={garage_id: Role.OPERATOR},
    )


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
