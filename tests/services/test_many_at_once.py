"""After a restart, or a power cut, all charge points come and tell their statuses at the same time."""

import asyncio

import pytest
from tortoise.exceptions import DoesNotExist

from evgraph.domain.events import BoardChanged
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.models import ChargePointRow, ConnectionRow, GarageRow, PortRow, RefusedConnectionRow
from evgraph.services.charge_points import AdmissionFailure, NotAdmitted
from evgraph.services.house import Services
from tests.patience import PATIENCE_S
from tests.services.conftest import Garage, TurnedClock

GARAGES, IN_EACH = 4, 6


@pytest.fixture
async def charge_points(house: Services) -> list[ChargePointRow]:
    """Of several garages, none of them connected; each has one port."""
    for number in range(GARAGES):
        made = await house.registration.add_garage(organization="Chain", location_id=f"G{number}", name=f"G{number}")
        for place in range(IN_EACH):
            await house.registration.add_charge_point(garage_id=made.id, identity=f"CP-{number}-{place}")
    return await ChargePointRow.all().order_by("id")


def _available(clock: TurnedClock, connector_id: int = 1) -> StatusReport:
    return StatusReport(
        connector_id=connector_id, status=PortStatus.AVAILABLE, error_code=None, info=None, at=clock.now()
    )


async def _revisions() -> dict[int, int]:
    return {row.id: row.revision for row in await GarageRow.all()}


async def test_all_who_come_at_once_are_online_and_on_their_boards(
    house: Services, charge_points: list[ChargePointRow]
) -> None:
    before = await _revisions()
    first = charge_points[0].garage_id
    with house.bus.subscribe(first) as feed:
        await asyncio.gather(*(house.charge_points.connected(row.id) for row in charge_points))
        told: list[BoardChanged] = []
        while sum(len(event.ports) for event in told) < IN_EACH:
            event = await asyncio.wait_for(anext(feed), PATIENCE_S)
            assert isinstance(event, BoardChanged)
            told.append(event)
    assert {view.port.charge_point_id for event in told for view in event.ports} == {
        row.id for row in charge_points if row.garage_id == first
    }
    assert all(view.port.is_online for event in told for view in event.ports)
    assert [event.revision for event in told] == [before[first] + 1 + number for number in range(len(told))]
    assert all(row.is_online for row in await ChargePointRow.all())
    # The first alone, and then together all who came while it was saved: no change for each.
    assert all(1 <= revision - before[id_] <= 2 for id_, revision in (await _revisions()).items())


async def test_c3_who_goes_and_comes_at_once_is_what_was_told_last(
    house: Services, charge_points: list[ChargePointRow]
) -> None:
    one, other = charge_points[0].id, charge_points[1].id
    tell = house.charge_points
    await asyncio.gather(
        tell.connected(other),
        tell.connected(one),
        tell.disconnected(one),
        tell.connected(one),
        tell.connected(other),
        tell.disconnected(other),
    )
    assert (await ChargePointRow.get(id=one)).is_online
    assert not (await ChargePointRow.get(id=other)).is_online


async def test_s4_a_start_is_given_up_also_when_its_charger_is_back_at_once(garage: Garage) -> None:
    stay = await garage.check_in()
    session = await garage.start(stay)
    tell = garage.house.charge_points
    await asyncio.gather(
        tell.connected(garage.other_charge_point_id),
        tell.disconnected(garage.charge_point_id),
        tell.connected(garage.charge_point_id),
    )
    assert (await garage.session(session.id)).failure is not None
    assert (await ChargePointRow.get(id=garage.charge_point_id)).is_online


async def test_one_that_is_unknown_takes_no_other_with_it(house: Services, charge_points: list[ChargePointRow]) -> None:
    results = await asyncio.gather(
        *(house.charge_points.connected(id_) for id_ in (charge_points[0].id, 999_999, charge_points[1].id)),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [type(None), DoesNotExist, type(None)]
    assert await ChargePointRow.filter(is_online=True).count() == 2


async def test_statuses_that_come_at_once_are_all_kept(
    house: Services, clock: TurnedClock, charge_points: list[ChargePointRow]
) -> None:
    clock.turn(minutes=1)
    report = house.charge_points.report_status
    # B4: a second connector's port is made meanwhile; once, though it is heard of twice.
    await asyncio.gather(
        *(report(row.id, _available(clock)) for row in charge_points),
        *(report(charge_points[0].id, _available(clock, connector_id=2)) for _ in range(2)),
    )
    ports = await PortRow.all()
    assert len(ports) == len(charge_points) + 1
    assert {(port.reported_status, port.reported_at) for port in ports} == {(PortStatus.AVAILABLE, clock.now())}


async def test_b6_of_two_statuses_at_once_the_newer_stays(
    house: Services, clock: TurnedClock, charge_points: list[ChargePointRow]
) -> None:
    newer = _available(clock)
    clock.turn(minutes=-1)
    older = StatusReport(connector_id=1, status=PortStatus.FAULTED, error_code="OtherError", info=None, at=clock.now())
    clock.turn(minutes=1)
    report = house.charge_points.report_status
    await asyncio.gather(
        report(charge_points[1].id, newer), report(charge_points[0].id, newer), report(charge_points[0].id, older)
    )
    port = await PortRow.get(charge_point_id=charge_points[0].id)
    assert (port.reported_status, port.error_code) == (PortStatus.AVAILABLE, None)


async def test_a_heartbeat_is_kept_before_it_is_answered(
    house: Services, clock: TurnedClock, charge_points: list[ChargePointRow]
) -> None:
    clock.turn(minutes=3)
    await asyncio.gather(*(house.charge_points.heartbeat(row.id) for row in charge_points))
    assert {row.last_seen_at for row in await ChargePointRow.all()} == {clock.now()}


async def test_c1_each_of_many_attempts_at_once_is_kept_and_the_known_are_let_in(
    house: Services, charge_points: list[ChargePointRow]
) -> None:
    made, key = await house.registration.add_charge_point(garage_id=charge_points[0].garage_id, identity="KNOWN")
    assert key is not None

    async def knock(identity: str, password: str) -> object:
        try:
            return await house.charge_points.admit(
                identity, user=identity, password=password.encode(), remote="10.0.0.9"
            )
        except NotAdmitted as refused:
            return refused.reason

    strangers = [knock(f"STRANGER-{number}", "?") for number in range(150)]
    let_in, wrong, *turned_away = await asyncio.gather(knock("KNOWN", key), knock("KNOWN", "wrong"), *strangers)
    assert getattr(let_in, "charge_point", None) == made
    assert wrong is AdmissionFailure.BAD_CREDENTIALS
    assert set(turned_away) == {AdmissionFailure.UNKNOWN_IDENTITY}
    kept = await RefusedConnectionRow.all()
    assert len(kept) == len(strangers) + 1
    assert {row.remote for row in kept} == {"10.0.0.9"}


async def test_c1_connections_that_open_at_once_are_closed_by_their_own_ids(
    house: Services, clock: TurnedClock, charge_points: list[ChargePointRow]
) -> None:
    one, other = charge_points[0].id, charge_points[1].id

    def opened(charge_point_id: int, remote: str) -> "asyncio.Future[int]":
        return asyncio.ensure_future(
            house.connections.opened(charge_point_id, remote=remote, subprotocol="ocpp1.6", security_profile=1)
        )

    ids = await asyncio.gather(opened(one, "a"), opened(other, "b"), opened(one, "c"), opened(one, "d"))
    remotes = {row.id: (row.charge_point_id, row.remote) for row in await ConnectionRow.all()}
    assert [remotes[id_] for id_ in ids] == [(one, "a"), (other, "b"), (one, "c"), (one, "d")]
    clock.turn(minutes=1)
    await asyncio.gather(
        *(house.connections.closed(id_, code=1000 + place, reason=None) for place, id_ in enumerate(ids))
    )
    assert [(await ConnectionRow.get(id=id_)).close_code for id_ in ids] == [1000, 1001, 1002, 1003]
