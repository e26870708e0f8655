"""Rows read and written without Tortoise's objects are the same rows."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from tortoise.transactions import in_transaction

from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, SessionStatus, StopReason
from evgraph.models import ChargePointRow, GarageRow, OrganizationRow, PortRow, SessionRow, database
from evgraph.models.bulk import Save, update
from evgraph.models.plain import execute, select_values
from evgraph.models.records import flags_column

NOON = datetime(2026, 11, 22, 12, 0, 0, 1000, tzinfo=UTC)


@pytest.fixture
async def running(database_url: str) -> AsyncIterator[SessionRow]:
    """A session with something in a column of every kind."""
    await database.open_database(database_url)
    try:
        owner = await OrganizationRow.create(name="Midtown Parking")
        garage = await GarageRow.create(
            organization_id=owner.id,
            location_id="NYC-034",
            name="34th",
            time_zone="UTC",
            currency="USD",
            locale="en_US",
        )
        charge_point = await ChargePointRow.create(garage_id=garage.id, identity="AX48-1")
        port = await PortRow.create(
            garage_id=garage.id, charge_point_id=charge_point.id, connector_id=1, status_changed_at=NOON
        )
        yield await SessionRow.create(
            garage_id=garage.id,
            charge_point_id=charge_point.id,
            port_id=port.id,
            connector_id=1,
            status=SessionStatus.CHARGING,
            flags=frozenset({SessionFlag.METER_RESET, SessionFlag.CLOCK_REPLACED}),
            id_tag="STAFF-1",
            authorization=AuthorizationStatus.ACCEPTED,
            stop_reason=StopReason.EV_DISCONNECTED,
            asked_at=NOON,
            started_at=NOON + timedelta(hours=1),
            energy_wh=2**40,
            flat_fee_paid=True,
        )
    finally:
        await database.close_database()


async def test_a_value_read_plainly_is_the_one_that_tortoise_makes(running: SessionRow) -> None:
    found = await select_values(
        SessionRow, ChargingSession, "id IN (?) AND status = ?", [running.id, 4711], SessionStatus.CHARGING
    )
    assert found == [(await SessionRow.get(id=running.id)).value()]


@pytest.mark.usefixtures("running")
async def test_nothing_is_found_in_an_empty_list() -> None:
    assert await select_values(SessionRow, ChargingSession, "id IN (?)", []) == []


async def test_what_is_written_plainly_is_read_by_tortoise_and_is_undone_with_its_transaction(
    running: SessionRow,
) -> None:
    async def write(then: int) -> None:
        async with in_transaction(database.WRITER):
            moves = update(SessionRow, "flags", "last_meter_at")
            await execute(Save(moves, [(flags_column(frozenset()), NOON, running.id)]))
            await execute(Save(moves, []))
            1 // then

    with pytest.raises(ZeroDivisionError):
        await write(then=0)
    assert (await SessionRow.get(id=running.id)).last_meter_at is None
    await write(then=1)
    row = await SessionRow.get(id=running.id)
    assert (row.flags, row.last_meter_at) == (frozenset(), NOON)
    # SQLite compares instants as text: both ways must write the same.
    assert await SessionRow.filter(id=running.id, last_meter_at=NOON, asked_at=NOON).exists()
