"""The main job on running servers: a vehicle is checked in, charged, billed and checked out."""

import pytest

from evgraph.domain.people import Role
from tests.journeys.arithmetic import bill, expected_bill
from tests.journeys.garage import delivers


@pytest.mark.parametrize(("kind", "unit_cents"), [("FLAT_FEE", "500"), ("PER_KWH", "249.9"), ("PER_MINUTE", "1234.5")])
async def test_a_vehicle_is_charged_and_billed_to_the_cent(garage, kind, unit_cents):
    pos, attendant = await garage.sign_in(Role.POS), await garage.sign_in(Role.ATTENDANT)
    wall, operator = await garage.sign_in(Role.DISPLAY), await garage.sign_in(Role.OPERATOR)
    await operator.set_rate(kind, unit_cents)
    async with (
        garage.charger() as charger,
        wall.board() as screen,
        attendant.energy() as counter,
        pos.line_items() as receipts,
    ):
        port = screen.port("AX48-1-1")
        await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True)

        checked_in = await pos.check_in()
        request, stay = checked_in["request"], checked_in["stay"]
        await screen.shows(request, "NEEDS_CHARGING")

        session = await attendant.started(request, port["id"])
        assert session["status"] == "STARTING"
        assert [call["connectorId"] for call in charger.log.calls("RemoteStartTransaction", "in")] == [1]
        await screen.shows(request, "STARTING")
        await screen.shows_port(port["id"], status="PREPARING", isOpen=False)

        await charger.plug_in()
        shown = await screen.shows(request, "CHARGING")
        assert shown["session"]["id"] == session["id"]
        await screen.shows_port(port["id"], status="CHARGING", isOpen=False, activeSession={"id": session["id"]})
        assert len(charger.log.calls("StartTransaction")) == 1

        told = [(await counter.next())["energyUpdated"] for _ in range(8)]
        assert {update["sessionId"] for update in told} == {session["id"]}
        assert {update["requestId"] for update in told} == {request["id"]}
        energies = [update["energyWh"] for update in told]
        costs = [update["cost"]["cents"] for update in told]
        assert energies == sorted(energies)
        assert costs == sorted(costs)
        await delivers(charger, 60)
        later = await attendant.board_now()
        running = later.requests[request["id"]]["session"]
        assert running["energyWh"] > energies[0]
        assert running["cost"]["cents"] > 0

        await delivers(charger, running["energyWh"] + 1)
        await charger.unplug()
        charged = await screen.shows(request, "CHARGED")
        (delivered,) = charger.delivered
        assert charged["session"]["energyWh"] == delivered.energy_wh > running["energyWh"]
        await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True, activeSession=None)

        ticket = await pos.ticket(stay)
        (item,) = ticket["lineItems"]
        assert bill(item) == expected_bill(delivered, kind, unit_cents)
        assert (item["isCorrection"], item["afterCheckout"]) == (False, False)
        assert ticket["lineItemTotal"] == item["amount"] == charged["session"]["cost"]
        receipt = (await receipts.next())["lineItemAdded"]
        assert (receipt["id"], receipt["stay"]["id"]) == (item["id"], stay["id"])

        closed = await pos.check_out(stay)
        assert closed["errors"] == []
        assert closed["stay"]["status"] == "CLOSED"
        assert closed["stay"]["lineItems"] == [item]
        await screen.until(lambda it: not it.requests)
        assert (await attendant.board_now()).port("AX48-1-1")["isOpen"]
