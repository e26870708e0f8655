"""Chargers that lose their connection, say things twice, or say them late."""

import asyncio
import base64

import websockets

from evgraph.domain.people import Role
from tests.journeys.arithmetic import bill, expected_bill
from tests.journeys.client import PATIENCE_S
from tests.journeys.garage import delivers

RATE = ("PER_KWH", "249.9")


async def test_energy_that_flowed_offline_is_billed_when_the_charger_is_back(garage):
    operator = await garage.sign_in(Role.OPERATOR)
    await operator.set_rate(*RATE)
    async with garage.charger() as charger, operator.board() as screen:
        port = screen.port("AX48-1-1")
        await screen.shows_port(port["id"], isOpen=True)
        checked_in = await operator.check_in()
        session = await operator.started(checked_in["request"], port["id"])
        await charger.plug_in()
        await screen.shows(checked_in["request"], "CHARGING")
        await screen.shows_port(port["id"], status="CHARGING")
        await delivers(charger, 20)

        await charger.go_offline()
        shown = await screen.shows_port(port["id"], status="OFFLINE", isOpen=False)
        assert shown["lastReportedStatus"] == "CHARGING"
        known = (await operator.session(session))["energyWh"]
        await delivers(charger, known + 40)
        assert (await operator.session(session))["status"] == "CHARGING"
        assert (await operator.session(session))["energyWh"] == known

        await charger.come_back()
        await screen.shows_port(port["id"], status="CHARGING")
        # Of what it counted when it was last asked, its next reading tells the rest.
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if (await operator.session(session))["energyWh"] >= known + 40:
                    break
                await asyncio.sleep(0.02)
        await charger.unplug()
        await screen.shows(checked_in["request"], "CHARGED")
        (delivered,) = charger.delivered
        (item,) = (await operator.ticket(checked_in["stay"]))["lineItems"]
        assert bill(item) == expected_bill(delivered, *RATE)
        assert (await operator.session(session))["energyWh"] == delivered.energy_wh
        await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True)


async def test_c4_a_cut_cable_shows_within_two_pings(open_garage):
    async with open_garage(ping_interval_s=0.3) as garage:
        operator = await garage.sign_in(Role.OPERATOR)
        async with garage.charger() as charger, operator.board() as screen:
            port = screen.port("AX48-1-1")
            await screen.shows_port(port["id"], isOpen=True)
            checked_in = await operator.check_in()
            await charger.plug_in()
            session = await operator.started(checked_in["request"], port["id"])
            await screen.shows_port(port["id"], status="CHARGING")
            await charger.go_offline(silently=True)
            await screen.shows_port(port["id"], status="OFFLINE")
            assert (await operator.session(session))["status"] == "CHARGING"
            await charger.come_back()
            await screen.shows_port(port["id"], status="CHARGING")
            await charger.unplug()
            await screen.shows(checked_in["request"], "CHARGED")
            assert (await operator.session(session))["energyWh"] == charger.delivered[0].energy_wh


async def test_s2_t2_starts_and_stops_that_are_sent_again_change_nothing(garage):
    operator = await garage.sign_in(Role.OPERATOR)
    await operator.set_rate(*RATE)
    async with garage.charger() as charger:
        async with operator.board() as screen:
            port = screen.port("AX48-1-1")
            await screen.shows_port(port["id"], isOpen=True)
            checked_in = await operator.check_in()
            await charger.plug_in()
            session = await operator.started(checked_in["request"], port["id"])
            await screen.shows(checked_in["request"], "CHARGING")
        await charger.told_everything()
        transaction = (await operator.session(session))["transactionId"]
        again = await charger.resend_last_start()
        assert (again.transaction_id, again.id_tag_info["status"]) == (transaction, "Accepted")
        await delivers(charger, 30)

        # On a new connection, and after a restart of ours.
        await charger.go_offline()
        await charger.come_back()
        await charger.connected()
        assert (await charger.resend_last_start()).transaction_id == transaction
        await garage.server.kill()
        await garage.server.start()
        await charger.told_everything()
        again = await charger.resend_last_start()
        assert (again.transaction_id, again.id_tag_info["status"]) == (transaction, "Accepted")

        await charger.unplug()
        await charger.told_everything()
        assert (await charger.resend_last_stop()).id_tag_info["status"] == "Accepted"
        await garage.server.kill()
        await garage.server.start()
        await charger.told_everything()
        assert (await charger.resend_last_stop()).id_tag_info["status"] == "Accepted"
        assert (await charger.resend_last_start()).transaction_id == transaction

        ticket = await operator.ticket(checked_in["stay"])
        (item,) = ticket["lineItems"]
        (delivered,) = charger.delivered
        assert bill(item) == expected_bill(delivered, *RATE)
        assert [(it["id"], it["status"], it["energyWh"]) for it in ticket["sessions"]] == [
            (session["id"], "ENDED", delivered.energy_wh)
        ]


async def test_t12_a_checkout_while_the_charger_is_offline_is_corrected_by_its_queued_stop(garage):
    operator, pos = await garage.sign_in(Role.OPERATOR), await garage.sign_in(Role.POS)
    await operator.set_rate(*RATE)
    async with garage.charger() as charger, operator.board() as screen, pos.line_items() as receipts:
        port = screen.port("AX48-1-1")
        await screen.shows_port(port["id"], isOpen=True)
        checked_in = await pos.check_in()
        stay = checked_in["stay"]
        await charger.plug_in()
        session = await operator.started(checked_in["request"], port["id"])
        await screen.shows(checked_in["request"], "CHARGING")
        await delivers(charger, 40)
        await charger.go_offline()
        await screen.shows_port(port["id"], status="OFFLINE")
        await delivers(charger, 80)
        await charger.unplug()

        refused = await pos.check_out(stay)
        assert [error["code"] for error in refused["errors"]] == ["STILL_CHARGING"]
        closed = await pos.check_out(stay, stopCharging=True)
        assert closed["errors"] == []
        assert [warning["code"] for warning in closed["warnings"]] == ["CHARGES_PENDING"]
        assert (closed["stay"]["status"], closed["stay"]["hasPendingCharges"]) == ("CLOSED", True)
        (billed,) = closed["stay"]["lineItems"]
        assert not billed["afterCheckout"]
        (estimated,) = closed["stay"]["sessions"]
        assert (estimated["status"], estimated["flags"]) == ("ENDED", ["ESTIMATED"])
        await screen.until(lambda it: checked_in["request"]["id"] not in it.requests)

        await charger.come_back()
        # Its queued readings correct the bill, and so does its stop.
        ticket, told = closed["stay"], [(await receipts.next())["lineItemAdded"]]
        while ticket["hasPendingCharges"]:
            told.append((await receipts.next())["lineItemAdded"])
            ticket = await pos.ticket(stay)
        (delivered,) = charger.delivered
        *_, expected_cents = expected_bill(delivered, *RATE)
        assert ticket["lineItemTotal"]["cents"] == expected_cents
        assert [item["id"] for item in told[:1]] == [billed["id"]]
        assert all(item["afterCheckout"] and item["isCorrection"] for item in told[1:])
        assert {item["stay"]["id"] for item in told} == {stay["id"]}
        (ended,) = ticket["sessions"]
        assert (ended["id"], ended["status"], ended["flags"]) == (session["id"], "ENDED", ["AFTER_CHECKOUT"])
        await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True)


async def test_a_checkout_that_stops_the_charge_closes_the_ticket_with_its_bill(garage):
    operator, pos = await garage.sign_in(Role.OPERATOR), await garage.sign_in(Role.POS)
    await operator.set_rate(*RATE)
    async with garage.charger() as charger, operator.board() as screen:
        port = screen.port("AX48-1-1")
        await screen.shows_port(port["id"], isOpen=True)
        checked_in = await pos.check_in()
        await charger.plug_in()
        await operator.started(checked_in["request"], port["id"])
        await delivers(charger, 30)
        closed = await pos.check_out(checked_in["stay"], stopCharging=True)
        assert closed["errors"] == []
        (delivered,) = charger.delivered
        assert delivered.reason == "Remote"
        (item,) = closed["stay"]["lineItems"]
        assert (bill(item), item["afterCheckout"]) == (expected_bill(delivered, *RATE), False)
        await charger.unplug()
        await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True)


async def test_c1_a_charger_of_another_version_is_found_among_the_refused(garage):
    operator = await garage.sign_in(Role.OPERATOR)
    key = base64.b64encode(f"AX48-1:{garage.keys['AX48-1']}".encode()).decode()
    async with websockets.connect(
        f"{garage.server.chargers_url}/AX48-1",
        subprotocols=["ocpp2.0.1"],
        additional_headers={"Authorization": f"Basic {key}"},
    ) as socket:
        await socket.wait_closed()
        assert socket.close_code == 1002
    listed = 'query { refusedConnections(identity: "AX48-1") { edges { node { remote reason } } } }'
    async with asyncio.timeout(PATIENCE_S):
        while not (found := (await operator.data(listed))["refusedConnections"]["edges"]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [edge["node"] for edge in found] == [{"remote": "127.0.0.1", "reason": "only other subprotocols offered"}]
