"""Rows read and written without Tortoise's objects are the same rows."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError, ValidationError
from tortoise.transactions import in_transaction

from evgraph.domain.billing import LineItem, LineItemUnit
from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, SessionStatus, StopReason
from evgraph.domain.stay import Channel, Stay, StayKind, StayStatus
from evgraph.models import (
    ChargePointRow,
    GarageRow,
    LineItemRow,
    OrganizationRow,
    PortRow,
    SessionRow,
    StayRow,
    database,
    saving,
)
from evgraph.models.bulk import Save, update
from evgraph.models.database import WRITER
from evgraph.models.plain import execute, select_values
from evgraph.models.records import flags_column, to_columns

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


async def test_a_value_saved_plainly_is_the_row_that_tortoise_writes(running: SessionRow) -> None:
    was = (await SessionRow.get(id=running.id)).value()
    ended = replace(was, id=0, status=SessionStatus.ENDED, authorization=None, id_tag="STAFF-2")
    async with in_transaction(WRITER):
        made = await saving.insert(SessionRow, ended)
        changed = replace(made, flags=frozenset(), ended_at=NOON + timedelta(hours=2), energy_wh=5, flat_fee_paid=False)
        await saving.update(SessionRow, changed)
    assert made == replace(ended, id=made.id)
    assert (await SessionRow.get(id=made.id)).value() == changed
    assert (await SessionRow.get(id=running.id)).value() == was
    by_tortoise = await SessionRow.create(**to_columns(changed))
    mine, its = [(await _as_it_lies("charging_session", id_)) for id_ in (made.id, by_tortoise.id)]
    assert mine == its


async def test_decimals_are_saved_as_their_columns_hold_them(running: SessionRow) -> None:
    stay = Stay(
        id=0,
        garage_id=running.garage_id,
        ticket_number="T-1",
        kind=StayKind.TRANSIENT,
        status=StayStatus.OPEN,
        channel=Channel.POS,
        license_plate="ABC 123",
        plate_state=None,
        make=None,
        color="Émeraude",
        charging_note='L\'auto du "patron"; DROP TABLE stay',
        checked_in_at=NOON,
        estimated_checkout_at=None,
        checked_out_at=None,
    )
    async with in_transaction(WRITER):
        stay = await saving.insert(StayRow, stay)
        item = LineItem(
            id=0,
            garage_id=running.garage_id,
            stay_id=stay.id,
            session_id=running.id,
            sequence=1,
            description="EV charging",
            quantity=Decimal("12.34567"),
            unit=LineItemUnit.KWH,
            unit_cents=Decimal("249.9000"),
            amount_cents=-3,
            is_correction=True,
            after_checkout=False,
            created_at=NOON,
        )
        made = await saving.insert(LineItemRow, item)
    assert (await StayRow.get(id=stay.id)).value() == stay
    assert (made.quantity, made.unit_cents) == (Decimal("12.346"), Decimal("249.9"))
    assert (await LineItemRow.get(id=made.id)).value() == made
    with pytest.raises(IntegrityError):
        async with in_transaction(WRITER):
            await saving.insert(LineItemRow, item)
    again = await LineItemRow.create(**to_columns(replace(item, sequence=2)))
    mine, its = [(await _as_it_lies("line_item", id_)) for id_ in (made.id, again.id)]
    assert mine == its | {"sequence": 1}


async def test_a_text_that_is_too_long_is_not_cut_and_not_kept(running: SessionRow) -> None:
    was = (await SessionRow.get(id=running.id)).value()
    async with in_transaction(WRITER):
        with pytest.raises(ValidationError, match="id_tag: 21 characters, of 20"):
            await saving.update(SessionRow, replace(was, id_tag="X" * 21))
    assert (await SessionRow.get(id=running.id)).value() == was


async def _as_it_lies(table: str, id_: int) -> dict[str, object]:
    """A row but for its id, as the database has it."""
    (row,) = await get_connection(WRITER).execute_query_dict(f"SELECT * FROM {table} WHERE id = {id_}")
    return {name: value for name, value in row.items() if name != "id"}
