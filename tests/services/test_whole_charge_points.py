"""B4: what a charge point reports for itself (connector 0), and one that is not accepted, close its ports."""

from collections.abc import Awaitable

import pytest

from evgraph.domain.charge_point import Acceptance
from evgraph.domain.charging_session import SessionStatus
from evgraph.domain.events import BoardChanged
from evgraph.domain.port import Port, PortStatus
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ChargePointRow
from evgraph.services import reading
from tests.services.station import Station

from .conftest import Garage


async def ports(garage: Garage) -> list[Port]:
    found = await reading.ports(charge_point_id=garage.charge_point_id, is_reported=True)
    return sorted(found, key=lambda port: port.connector_id)


async def are_open(garage: Garage) -> list[bool]:
    return [port.is_open for port in await ports(garage)]


async def refused(garage: Garage, port_id: int) -> Refusal:
    stay = await garage.check_in("CLOSED 1")
    with pytest.raises(Refusal) as no:
        await garage.start(stay, port_id)
    return no.value


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
async def test_b4_a_status_of_the_whole_charge_point_closes_all_its_ports(
    garage: Garage, two: Station, status: str
) -> None:
    other = (await reading.ports(id=garage.other_port_id))[0]
    await two.status(status, connector=0)
    assert await are_open(garage) == [False, False]
    assert [port.status.value for port in await ports(garage)] == [status, status]
    assert [port.reported_status for port in await ports(garage)] == [PortStatus.AVAILABLE] * 2
    assert (await reading.ports(id=garage.other_port_id))[0] == other

    no = await refused(garage, garage.port_id)
    identity = (await ChargePointRow.get(id=garage.charge_point_id)).identity
    assert no.code is ErrorCode.PORT_NOT_OPEN
    assert no.message == f"{identity}, the charger of {identity}-1, is {status}. Choose another port."
    assert (await ports(garage))[1].not_open_reason == f"Its charger is {status}."
    # Connector 0 is no port.
    assert [port.connector_id for port in await ports(garage)] == [1, 2]


@pytest.mark.parametrize("status", ["Available", "Preparing", "Charging", "SuspendedEVSE", "Finishing", "Reserved"])
@pytest.mark.parametrize("connector", [0, 1, 2])
async def test_b4_an_operative_status_opens_them_again(
    garage: Garage, two: Station, status: str, connector: int
) -> None:
    await two.status("Faulted", connector=0)
    garage.clock.turn(seconds=10)
    await two.status(status, connector=connector)
    assert [port.closed_by for port in await ports(garage)] == [None, None]
    row = await ChargePointRow.get(id=garage.charge_point_id)
    assert not row.closes_ports


@pytest.mark.parametrize("status", ["Faulted", "Unavailable"])
async def test_b4_an_inoperative_status_of_a_connector_opens_nothing(garage: Garage, two: Station, status: str) -> None:
    await two.status("Unavailable", connector=0)
    await two.status(status, connector=1)
    assert await are_open(garage) == [False, False]
    assert [port.status.value for port in await ports(garage)] == [status, "Unavailable"]


async def test_b4_b6_an_operative_status_from_before_opens_nothing(garage: Garage, two: Station) -> None:
    garage.clock.turn(minutes=30)
    await two.status("Faulted", connector=0)
    garage.clock.turn(minutes=10)
    await two.status("Preparing", connector=1, stamp=two.stamp(minutes=20))
    assert await are_open(garage) == [False, False]


async def test_b4_b6_a_repeat_of_an_older_status_of_the_charge_point_changes_nothing(
    garage: Garage, two: Station
) -> None:
    stamps = two.stamp(seconds=2), two.stamp(seconds=1)
    await two.status("Available", connector=0, stamp=stamps[0])
    await two.status("Faulted", connector=0, stamp=stamps[1])
    await two.status("Available", connector=0, stamp=stamps[0])
    assert await are_open(garage) == [False, False]


async def test_b4_s4_a_start_that_waits_at_a_charge_point_that_fails_is_given_up(garage: Garage, two: Station) -> None:
    session = await garage.start(await garage.check_in())
    await two.status("Faulted", connector=0)
    failed = await garage.session(session.id)
    assert (failed.status, failed.failure_code) == (SessionStatus.FAILED, ErrorCode.PORT_NOT_OPEN)


async def test_b4_what_runs_goes_on(garage: Garage, two: Station) -> None:
    session = await garage.start(await garage.check_in())
    await two.start(session.id_tag)
    await two.status("Charging")
    await two.status("Unavailable", connector=0)
    first, second = await ports(garage)
    assert (first.status, first.active_session_id) == (PortStatus.CHARGING, session.id)
    assert (second.status, second.is_open) == (PortStatus.UNAVAILABLE, False)
    await two.meter(session.id, 2000)
    assert (await garage.session(session.id)).energy_wh == 1000


async def test_b4_the_codes_and_the_text_of_a_status_are_stored_with_it(garage: Garage, two: Station) -> None:
    said = {"errorCode": "OtherError", "vendorErrorCode": "E-17", "info": "fan stuck", "timestamp": two.stamp()}
    for connector in (0, 1):
        await two.call("StatusNotification", {"connectorId": connector, "status": "Faulted", **said})
    whole = (await ChargePointRow.get(id=garage.charge_point_id)).value()
    told = (whole.reported_status, whole.error_code, whole.vendor_error_code, whole.info)
    assert told == (PortStatus.FAULTED, "OtherError", "E-17", "fan stuck")
    port = (await ports(garage))[0]
    assert (port.error_code, port.vendor_error_code, port.info) == ("OtherError", "E-17", "fan stuck")
    # Another code alone is something to show, and what is left out is over.
    await two.call("StatusNotification", {"connectorId": 1, "status": "Faulted", **said, "vendorErrorCode": "E-18"})
    assert (await ports(garage))[0].vendor_error_code == "E-18"
    await two.status("Available", connector=1)
    port = (await ports(garage))[0]
    assert (port.error_code, port.vendor_error_code, port.info) == (None, None, None)


async def test_b4_a_boot_leaves_what_the_charge_point_reported(garage: Garage, two: Station) -> None:
    await two.status("Faulted", connector=0)
    await two.boot()
    assert await are_open(garage) == [False, False]


@pytest.mark.parametrize("acceptance", [Acceptance.PENDING, Acceptance.REJECTED])
async def test_b4_a_charge_point_that_is_not_accepted_has_no_open_port(
    garage: Garage, two: Station, acceptance: Acceptance
) -> None:
    registration = garage.house.registration
    await registration.accept(garage.operator, garage.charge_point_id, acceptance)
    assert await are_open(garage) == [False, False]
    no = await refused(garage, garage.port_id)
    assert (no.code, "has not been accepted yet" in no.message) == (ErrorCode.PORT_NOT_OPEN, True)
    assert (await ports(garage))[0].not_open_reason == "Its charger has not been accepted yet."
    await registration.accept(garage.operator, garage.charge_point_id, Acceptance.ACCEPTED)
    assert await are_open(garage) == [True, True]


async def test_b4_boards_are_told_when_ports_close_and_open(garage: Garage, two: Station) -> None:
    registration = garage.house.registration

    async def told(work: Awaitable[object]) -> list[tuple[str, bool]]:
        with garage.house.bus.subscribe(garage.id) as feed:
            await work
            while (event := feed.take()) is not None:
                if isinstance(event, BoardChanged):
                    views = sorted(event.ports, key=lambda view: view.port.connector_id)
                    return [(view.port.status.value, view.port.is_open) for view in views]
        return []

    assert await told(two.status("Faulted", connector=0)) == [("Faulted", False)] * 2
    assert await told(two.status("Available", connector=0)) == [("Available", True)] * 2
    assert await told(two.status("Unavailable", connector=0)) == [("Unavailable", False)] * 2
    assert await told(two.status("Preparing", connector=2)) == [("Available", True), ("Preparing", True)]
    pending = registration.accept(garage.operator, garage.charge_point_id, Acceptance.PENDING)
    assert await told(pending) == [("Unavailable", False)] * 2
    accepted = registration.accept(garage.operator, garage.charge_point_id, Acceptance.ACCEPTED)
    assert await told(accepted) == [("Available", True), ("Preparing", True)]
