"""A garage with its server, its people and its chargers. Only the cars are not real."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from evgraph.bus import EventBus
from evgraph.domain.people import Role
from evgraph.models import database
from evgraph.services.clock import SystemClock
from evgraph.services.house import open_house
from evgraph.services.offline import NoChargePoints
from evgraph.services.registration import Registration
from evgraph.simulator import BackOff, SimulatedChargePoint
from tests.journeys.client import PATIENCE_S, Client, Json, Stream
from tests.journeys.screen import Screen, board_now, board_of
from tests.journeys.server import Server

LOCATION = "NYC-034"
PASSWORD = "correct horse battery"
ROLES = (Role.POS, Role.ATTENDANT, Role.OPERATOR, Role.DISPLAY)

# An AX48 with its time turned up: 57 Wh a second, a sample every 50 ms. The cable may still take ten seconds to come
# (ConnectionTimeOut), for a machine that runs these tests may be busy.
SPEED = 18.0
SAMPLE_INTERVAL = 0.9

TICKET = """
id status activeRequest { id status } lineItemTotal { cents } hasPendingCharges
lineItems { id quantity unit unitCents isCorrection afterCheckout amount { cents } session { id } }
sessions { id status energyWh flags transactionId stopReason durationSeconds cost { cents } }
"""
SESSION = "id status transactionId startedAt energyWh flags stay { id } request { id } lineItem { id } cost { cents }"


class Person(Client):
    """A signed-in front end of one garage."""

    def __init__(self, address: str, garage_id: str = "") -> None:
        super().__init__(address)
        self.garage_id = garage_id

    async def check_in(self, plate: str = "JVR 8810", **more: Any) -> Json:
        """The payload, without errors."""
        given: Json = {
            "garageId": self.garage_id,
            "kind": "TRANSIENT",
            "vehicle": {"licensePlate": plate, "plateState": "NY"},
            "evCharge": True,
            "channel": "POS",
        }
        return _fine(await self.do("checkIn", "stay { id ticketNumber } request { id status }", **(given | more)))

    async def start(self, request: Json, port_id: str, **more: Any) -> Json:
        """The payload of startCharging, with its errors."""
        fields = "session { id status transactionId }"
        return await self.do("startCharging", fields, requestId=request["id"], portId=port_id, **more)

    async def started(self, request: Json, port_id: str, **more: Any) -> Json:
        """The session that startCharging made."""
        return _fine(await self.start(request, port_id, **more))["session"]  # type: ignore[no-any-return]

    async def check_out(self, stay: Json, **more: Any) -> Json:
        """The payload of checkOut, with its errors."""
        shown = f"stay {{ {TICKET} }} warnings {{ code message }}"
        return await self.do("checkOut", shown, stayId=stay["id"], **more)

    async def set_rate(self, kind: str, cents: str) -> None:
        _fine(await self.do("setRate", "rate { id }", garageId=self.garage_id, kind=kind, amountCents=cents))

    async def ticket(self, stay: Json) -> Json:
        document = f"query($id: ID!) {{ stay(id: $id) {{ {TICKET} }} }}"
        return (await self.data(document, id=stay["id"]))["stay"]  # type: ignore[no-any-return]

    async def session(self, session: Json) -> Json:
        document = f"query($id: ID!) {{ session(id: $id) {{ {SESSION} }} }}"
        return (await self.data(document, id=session["id"]))["session"]  # type: ignore[no-any-return]

    async def ports(self) -> list[Json]:
        document = "query($id: ID!) { garage(id: $id) { ports { id name status isOpen } } }"
        return (await self.data(document, id=self.garage_id))["garage"]["ports"]  # type: ignore[no-any-return]

    async def all_of(self, connection: str, fields: str) -> list[Json]:
        """Every node of one of the garage's connections, page after page."""
        document = f"""query($id: ID!, $after: String) {{ garage(id: $id) {{ {connection}(first: 50, after: $after) {{
            edges {{ node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"""
        nodes: list[Json] = []
        after = None
        while True:
            page = (await self.data(document, id=self.garage_id, after=after))["garage"][connection]
            nodes += [edge["node"] for edge in page["edges"]]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]

    @asynccontextmanager
    async def board(self) -> AsyncIterator[Screen]:
        async with board_of(self, self.garage_id) as screen:
            yield screen

    async def board_now(self) -> Screen:
        return await board_now(self, self.garage_id)

    @asynccontextmanager
    async def energy(self) -> AsyncIterator[Stream]:
        document = """subscription($id: ID!) { energyUpdated(garageId: $id) {
            sessionId requestId energyWh energyKwh powerKw cost { cents } } }"""
        async with self.over_socket(document, id=self.garage_id) as updates:
            yield updates

    @asynccontextmanager
    async def line_items(self) -> AsyncIterator[Stream]:
        document = """subscription($id: ID!) { lineItemAdded(garageId: $id) {
            id quantity unit isCorrection afterCheckout amount { cents } stay { id } session { id } } }"""
        async with self.over_socket(document, id=self.garage_id) as updates:
            yield updates


@dataclass
class Garage:
    server: Server
    keys: dict[str, str]
    _people: list[Person] = field(default_factory=list)

    async def sign_in(self, role: Role) -> Person:
        person = Person(self.server.address)
        self._people.append(person)
        await person.sign_in(email(role), PASSWORD)
        document = f'{{ garage(locationId: "{LOCATION}") {{ id }} }}'
        person.garage_id = (await person.data(document))["garage"]["id"]
        return person

    def charger(self, identity: str = "AX48-1", **options: Any) -> SimulatedChargePoint:
        usual: dict[str, Any] = {
            "speed": SPEED,
            "sample_interval": SAMPLE_INTERVAL,
            "retry_interval": 0.9,
            "back_off": BackOff(first=0.05, longest=0.2),
            "seed": 48,
        }
        return SimulatedChargePoint(self.server.chargers_url, identity, self.keys[identity], **(usual | options))

    async def close(self) -> None:
        for person in self._people:
            await person.close()


async def furnish(database_url: str) -> dict[str, str]:
    """A garage, somebody for each role, AX48-1 and AX48-2; returns the chargers' keys."""
    async with _registration(database_url) as registration:
        garage = await registration.add_garage(organization="Midtown Parking", location_id=LOCATION, name="34th Street")
        for role in ROLES:
            await registration.add_person(
                garage_ids=[garage.id], email=email(role), name=role.value.title(), password=PASSWORD, role=role
            )
    return await add_chargers(database_url, ["AX48-1", "AX48-2"])


async def add_chargers(database_url: str, identities: list[str], max_power_w: int = 11_500_000) -> dict[str, str]:
    """Their keys."""
    async with _registration(database_url) as registration:
        garage = await registration.find_garage(LOCATION)
        keys = {}
        for identity in identities:
            # As strong as its time is fast, so that what it delivers is believed.
            _, key = await registration.add_charge_point(
                garage_id=garage.id, identity=identity, max_power_w=max_power_w
            )
            keys[identity] = key or ""
        return keys


async def delivers(charger: SimulatedChargePoint, energy_wh: int, connector: int = 1) -> None:
    """Returns once the transaction that runs there has counted so much."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            now = charger.connector(connector)
            if now.transaction is not None and now.meter.register_wh - now.transaction.meter_start >= energy_wh:
                return
            await asyncio.sleep(0.02)


@asynccontextmanager
async def _registration(database_url: str) -> AsyncIterator[Registration]:
    """At work beside the server, or before it, as the command line is."""
    await database.open_database(database_url)
    try:
        yield open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints()).registration
    finally:
        await database.close_database()


def email(role: Role) -> str:
    return f"{role.value.lower()}@example.com"


def _fine(payload: Json) -> Json:
    assert payload["errors"] == [], payload
    return payload
