"""A status that could not be saved was not answered; sent again, it is no repetition (B6, T4)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from tortoise.connection import get_connection

from evgraph.domain.port import PortStatus, StatusReport
from evgraph.models import ChargePointRow
from evgraph.models.database import WRITER
from evgraph.services.heard_statuses import HeardStatuses
from tests.conftest import POSTGRES
from tests.services.station import Station

from .conftest import Garage

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def nothing_saved_in(table: str) -> AsyncIterator[None]:
    """Its rows cannot be changed within the block."""
    db = get_connection(WRITER)
    if POSTGRES:
        await db.execute_script(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE 'refused'; END $$ LANGUAGE plpgsql;"
            f"CREATE TRIGGER refuse BEFORE UPDATE ON {table} EXECUTE FUNCTION refuse()"
        )
    else:
        await db.execute_script(
            f"CREATE TRIGGER refuse BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    yield
    await db.execute_script(f"DROP TRIGGER refuse {f'ON {table}' if POSTGRES else ''}")


async def say_in_vain(station: Station, table: str, status: str, *, stamp: str, connector: int = 1) -> None:
    info = "EV side disconnected" if status == "SuspendedEV" else ""
    async with nothing_saved_in(table):
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await station.status(status, connector=connector, info=info, stamp=stamp)


async def test_b6_t4_a_vehicle_that_left_is_told_again(garage: Garage, station: Station) -> None:
    await station.connect()
    session = await garage.start(await garage.check_in())
    await station.start(session.id_tag)
    garage.clock.turn(minutes=10)
    first = station.stamp()
    await say_in_vain(station, "charging_session", "SuspendedEV", stamp=first)
    await station.hang_up()
    await station.connect()
    garage.clock.turn(minutes=1)
    await station.status("Charging")
    await station.status("SuspendedEV", info="EV side disconnected", stamp=first)
    assert (await garage.session(session.id)).ev_gone_at is not None


async def test_b4_b6_connector_0_is_told_again(garage: Garage, station: Station) -> None:
    await station.connect()
    await station.status("Available", connector=0)
    garage.clock.turn(minutes=10)
    first = station.stamp()
    await say_in_vain(station, "charge_point", "Faulted", stamp=first, connector=0)
    garage.clock.turn(seconds=1)
    await station.status("Faulted", connector=0, stamp=first)
    assert (await ChargePointRow.get(id=garage.charge_point_id)).closes_ports


def test_b6_only_what_was_heard_in_a_failed_attempt_is_forgotten() -> None:
    heard = HeardStatuses()

    def is_repeated(status: PortStatus, minute: int) -> bool:
        at = NOON + timedelta(minutes=minute)
        report = StatusReport(connector_id=1, status=status, error_code=None, info=None, at=at)
        return heard.is_repeated(7, report)

    with heard.attempt():
        assert not is_repeated(PortStatus.PREPARING, 1)
    with suppress(KeyError), heard.attempt():
        assert not is_repeated(PortStatus.CHARGING, 2)
        assert not is_repeated(PortStatus.FINISHING, 3)
        raise KeyError
    assert not is_repeated(PortStatus.CHARGING, 2)
    assert is_repeated(PortStatus.PREPARING, 1)
    assert not is_repeated(PortStatus.FINISHING, 3)
    assert is_repeated(PortStatus.CHARGING, 2)
