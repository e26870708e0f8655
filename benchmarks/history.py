"""Years of charging, written into a database as fast as it takes them: closed stays, ended sessions, what their meters
told. `python -m benchmarks.history DATABASE_URL SESSIONS` fills a database, in a process of its own, and prints the
keys of its charge points as JSON.

Two garages: in the one, 50 charge points for the load; in the other, a board of 20 ports and 60 requests. Each has half
of the history.
"""

import asyncio
import json
import sys
from decimal import Decimal
from time import monotonic, time

from tortoise.connection import get_connection
from tortoise.transactions import in_transaction

from benchmarks.filling import printed_by
from benchmarks.house import EMAIL, PASSWORD
from evgraph.bus import EventBus
from evgraph.domain.people import Role, Viewer
from evgraph.domain.rate import RateKind
from evgraph.models import GarageRow, PortRow, database
from evgraph.models.database import WRITER, is_sqlite
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.offline import NoChargePoints

SAMPLES_EACH = 20
LOAD, BOARD = "BENCH-1", "BENCH-2"
CHARGE_POINTS, PORTS, CHARGED = 50, 20, 40
_EVERY_S = 15
_TWO_YEARS_S = 2 * 365 * 24 * 3600
_TOGETHER = 20_000

# {at:EXPRESSION} stands for the instant of so many seconds since 1970. n holds the numbers of the sessions.
_STAYS = """INSERT INTO stay (id, garage_id, ticket_number, kind, status, channel, license_plate, plate_state, make,
    color, checked_in_at, checked_out_at)
SELECT i, {garage}, 'H' || i, 'TRANSIENT', '{stay}', 'POS', 'HIS ' || i, 'NY', 'Tesla', 'White', {at:began}, {left}
FROM n"""
_REQUESTS = """INSERT INTO charging_request (id, garage_id, stay_id, status, channel, requested_at, session_id)
SELECT i, {garage}, i, '{request}', 'POS', {at:began}, i FROM n"""
_SESSIONS = """INSERT INTO charging_session (id, garage_id, charge_point_id, port_id, connector_id, request_id, stay_id,
    rate_id, status, flags, id_tag, "authorization", asked_at, accepted_at, reported_start, started_at, ended_at,
    stop_reason, meter_start_wh, carried_wh, base_register_wh, register_at, energy_wh, power_w, last_meter_at,
    flat_fee_paid)
SELECT i, {garage}, {charge_point}, {port}, 1, i, i, {rate}, '{session}', '', 'EV' || i, 'Accepted', {at:began},
    {at:began}, 'then', {at:began}, {ended}, {reason}, 0, 0, 0, {at:last}, 12000, 9840, {at:last}, FALSE
FROM n"""
_LINE_ITEMS = """INSERT INTO line_item (id, garage_id, stay_id, session_id, sequence, description, quantity, unit,
    unit_cents, amount_cents, is_correction, after_checkout, created_at)
SELECT i, {garage}, i, i, 1, 'EV charging, 12.000 kWh at 25 c/kWh', {twelve}, 'KWH', {price}, 300, FALSE, FALSE,
    {at:last} FROM n"""
_SAMPLES = """INSERT INTO meter_sample (charge_point_id, connector_id, session_id, at, received_at, register_wh,
    power_w, energy_wh)
SELECT {charge_point}, 1, i, {at:sampled}, {at:sampled}, j * 600, 9840, j * 600
FROM n, (WITH RECURSIVE k(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM k WHERE j < {each}) SELECT j FROM k) AS each"""
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "


async def fill_in_a_process(database_url: str, sessions: int) -> dict[str, str]:
    """The key of each charge point, by identity."""
    keys: dict[str, str] = await printed_by("benchmarks.history", database_url, sessions)
    return keys


async def _fill(database_url: str, sessions: int) -> dict[str, str]:
    await database.migrate(database_url)
    await database.open_database(database_url, pool_size=1, timeout_s=None)
    try:
        house = open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints())
        keys, garages = await _furnish(house)
        begun = monotonic()
        await _quickly()
        together = max(min(_TOGETHER, sessions // 2), 1)
        for first in range(1, sessions + 1, together):
            last = min(first + together - 1, sessions)
            garage = garages[LOAD if first <= sessions // 2 else BOARD]
            await _write(garage, first, last, sessions)
            done = f"{last:,} of {sessions:,} sessions, {last * SAMPLES_EACH:,} samples"
            print(f"{done}, {monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        await _open_board(garages[BOARD], sessions + 1)
        await _settle()
        return keys
    finally:
        await database.close_database()


async def _furnish(house: Services) -> tuple[dict[str, str], dict[str, "_Place"]]:
    registration = house.registration
    keys, places = {}, {}
    for location, charge_points in ((LOAD, CHARGE_POINTS), (BOARD, PORTS)):
        garage = await registration.add_garage(
            organization="Benchmark Parking", location_id=location, name=location, free_starts=True
        )
        operator = Viewer(
            id=0,
            organization_id=(await GarageRow.get(id=garage.id)).organization_id,
            organization="Benchmark Parking",
            name="Olivia",
            email=None,
            roles={garage.id: Role.OPERATOR},
        )
        rate = await house.rates.set(operator, garage.id, RateKind.PER_KWH, Decimal(25))
        for number in range(1, charge_points + 1):
            made, key = await registration.add_charge_point(garage_id=garage.id, identity=f"{location}-{number}")
            keys[made.identity] = key or ""
        ports = await PortRow.filter(garage_id=garage.id).order_by("id")
        places[location] = _Place(garage.id, rate.id, ports[0].id, ports[0].charge_point_id, len(ports))
    await registration.add_person(
        garage_ids=[place.garage_id for place in places.values()],
        email=EMAIL,
        name="Wall display",
        password=PASSWORD,
        role=Role.OPERATOR,
    )
    return keys, places


class _Place:
    """A garage whose ports, and charge points, have ids in a row."""

    def __init__(self, garage_id: int, rate_id: int, port_id: int, charge_point_id: int, ports: int) -> None:
        self.garage_id = garage_id
        self._words = {
            "garage": str(garage_id),
            "rate": str(rate_id),
            "port": f"({port_id} + i % {ports})",
            "charge_point": f"({charge_point_id} + i % {ports})",
            "each": str(SAMPLES_EACH),
        }

    def sql(self, text: str, *, first: int, last: int, began: str, is_open: bool, runs: bool) -> str:
        lasted = SAMPLES_EACH * _EVERY_S
        words = self._words | {
            "stay": "OPEN" if is_open else "CLOSED",
            "request": "CHARGING" if runs else "CHARGED",
            "session": "CHARGING" if runs else "ENDED",
            "reason": "NULL" if runs else "'EVDisconnected'",
            "ended": "NULL" if runs else "{at:last}",
            "left": "NULL" if is_open else "{at:last}",
            # Tortoise keeps decimals as text in SQLite.
            "twelve": "'12.000'" if is_sqlite() else "12",
            "price": "'25.0000'" if is_sqlite() else "25",
        }
        for _ in range(2):
            for name, word in words.items():
                text = text.replace(f"{{{name}}}", word)
        for name, seconds in (
            ("began", began),
            ("last", f"({began} + {lasted})"),
            ("sampled", f"({began} + j * {_EVERY_S})"),
        ):
            text = text.replace(f"{{at:{name}}}", _instant(seconds))
        numbers = _NUMBERS.format(first=first, last=last)
        head, _, rest = text.partition("SELECT")
        return f"{head}{numbers}SELECT{rest}"


async def _write(place: _Place, first: int, last: int, sessions: int) -> None:
    step = _TWO_YEARS_S / sessions
    began = f"({int(time()) - _TWO_YEARS_S} + CAST((i - 1) * {step} AS INTEGER))"
    async with in_transaction(WRITER) as db:
        for text in (_STAYS, _REQUESTS, _SESSIONS, _LINE_ITEMS, _SAMPLES):
            await db.execute_query(place.sql(text, first=first, last=last, began=began, is_open=False, runs=False))


async def _open_board(place: _Place, first: int) -> None:
    """20 that charge, and 40 that have charged."""
    began = f"({int(time()) - 3600})"
    async with in_transaction(WRITER) as db:
        running = {"first": first, "last": first + PORTS - 1, "began": began, "is_open": True, "runs": True}
        charged = {"first": first + PORTS, "last": first + PORTS + CHARGED - 1, "began": began} | {
            "is_open": True,
            "runs": False,
        }
        for text in (_STAYS, _REQUESTS, _SESSIONS):
            await db.execute_query(place.sql(text, **running))  # type: ignore[arg-type]
        for text in (_STAYS, _REQUESTS, _SESSIONS, _LINE_ITEMS):
            await db.execute_query(place.sql(text, **charged))  # type: ignore[arg-type]


async def _quickly() -> None:
    """Nothing of this outlives a power cut."""
    statement = "PRAGMA synchronous = OFF" if is_sqlite() else "SET synchronous_commit = off"
    await get_connection(WRITER).execute_query(statement)


async def _settle() -> None:
    """As a database is that was filled over years."""
    db = get_connection(WRITER)
    if is_sqlite():
        await db.execute_query("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    for table in ("stay", "charging_request", "charging_session", "line_item", "meter_sample"):
        await db.execute_query(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
        await db.execute_script(f"VACUUM ANALYZE {table}")


def _instant(seconds: str) -> str:
    if is_sqlite():
        return f"strftime('%Y-%m-%d %H:%M:%S+00:00', {seconds}, 'unixepoch')"
    return f"to_timestamp({seconds})"


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_fill(sys.argv[1], int(sys.argv[2])))))
