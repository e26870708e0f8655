"""B4, C8: what the graph shows of closed ports, of a charge point's own status, and of repeats in the quarantine."""

from evgraph.domain.charge_point import Acceptance
from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.models import PortRow
from evgraph.schema.global_ids import encode

BOARD = """query($id: ID!) { garage(id: $id) { board { ports {
    isOpen status lastReportedStatus notOpenReason errorCode vendorErrorCode info
    chargePoint { reportedStatus errorCode vendorErrorCode info closesPorts statusReceivedAt }
} } } }"""


async def ports(api, garage) -> list[dict]:
    return (await api.data(BOARD, id=garage.id))["garage"]["board"]["ports"]


async def test_b4_the_board_shows_why_ports_are_closed(world):
    attendant = await world.sign_in(Role.ATTENDANT)
    garage, now = world.garage, world.garage.house.clock.now()
    key = garage.charge_point_key
    await garage.house.charge_points.connected(key)
    connectors = await PortRow.filter(charge_point_id=key).values_list("connector_id", flat=True)
    for connector in sorted(connectors):
        report = StatusReport(
            connector_id=connector, status=PortStatus.AVAILABLE, error_code=None, info="ready", at=now,
            vendor_error_code="E-0",
        )  # fmt: skip
        await garage.house.charge_points.report_status(key, report)
    before = await ports(attendant, garage)
    assert {(port["isOpen"], port["notOpenReason"]) for port in before} == {(True, None)}
    assert {(port["vendorErrorCode"], port["info"]) for port in before} == {("E-0", "ready")}
    assert before[0]["chargePoint"] == {
        "reportedStatus": None, "errorCode": None, "vendorErrorCode": None, "info": None, "closesPorts": False,
        "statusReceivedAt": None,
    }  # fmt: skip

    report = StatusReport(
        connector_id=0, status=PortStatus.FAULTED, error_code="GroundFailure", info="wet", at=now,
        vendor_error_code="E-17",
    )  # fmt: skip
    await garage.house.charge_points.report_status(key, report)
    for port in await ports(attendant, garage):
        assert (port["isOpen"], port["status"], port["lastReportedStatus"]) == (False, "FAULTED", "AVAILABLE")
        assert port["notOpenReason"] == "Its charger is Faulted."
        whole = port["chargePoint"]
        assert (whole["reportedStatus"], whole["closesPorts"]) == ("FAULTED", True)
        assert (whole["errorCode"], whole["vendorErrorCode"], whole["info"]) == ("GroundFailure", "E-17", "wet")

    await garage.house.charge_points.report_status(
        key, StatusReport(connector_id=0, status=PortStatus.AVAILABLE, error_code=None, info=None, at=now)
    )
    operator = await world.sign_in(Role.OPERATOR)
    for acceptance, is_open in ((Acceptance.PENDING, False), (Acceptance.ACCEPTED, True)):
        await operator.do(
            "setChargePointAcceptance", "chargePoint { acceptance }",
            chargePointId=encode("ChargePoint", key), acceptance=acceptance.name,
        )  # fmt: skip
        assert {port["isOpen"] for port in await ports(attendant, garage)} == {is_open}


async def test_c8_a_quarantined_message_says_how_often_and_when_it_came_last(world):
    operator = await world.sign_in(Role.OPERATOR)
    garage = world.garage
    for raw in ("[2,1]", "[2,2]", "[2,3]"):
        await garage.house.charge_points.quarantine(
            garage.charge_point_key, action="StatusNotification", raw=raw, why="the status 'Melting' is unknown",
            connector_id=1,
        )  # fmt: skip
    document = """query($id: ID!) { garage(id: $id) { quarantine(resolved: false) {
        edges { node { count at lastAt frame why } } } } }"""
    (edge,) = (await operator.data(document, id=garage.id))["garage"]["quarantine"]["edges"]
    assert (edge["node"]["count"], edge["node"]["frame"]) == (3, "[2,3]")
    assert edge["node"]["at"] <= edge["node"]["lastAt"]
