"""Starts that go another way: the cable first, a charger that says no, a vehicle that never comes."""

from asyncio import gather, sleep

from evgraph.domain.people import Role
from tests.journeys.garage import delivers
from tests.journeys.server import PATIENCE_S, Server


async def test_the_cable_may_be_in_before_the_start(garage):
    attendant = await garage.sign_in(Role.ATTENDANT)
    operator = await garage.sign_in(Role.OPERATOR)
    await operator.set_rate("PER_KWH", "249.9")
    async with garage.charger() as charger, attendant.board() as screen:
        await charger.told_everything()
        await charger.plug_in()
        port = await screen.shows_port(screen.port("AX48-1-1")["id"], status="PREPARING", isOpen=True)
        checked_in = await attendant.check_in(channel="HANDHELD")
        session = await attendant.started(checked_in["request"], port["id"])
        await screen.shows(checked_in["request"], "CHARGING")
        await delivers(charger, 30)
        await charger.unplug()
        shown = await screen.shows(checked_in["request"], "CHARGED")
        (delivered,) = charger.delivered
        assert shown["session"] == {
            "id": session["id"],
            "status": "ENDED",
            "energyWh": delivered.energy_wh,
            "flags": [],
            "cost": (await attendant.ticket(checked_in["stay"]))["lineItems"][0]["amount"],
        }
        await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True)


async def test_a_start_that_the_charger_rejects_leaves_the_vehicle_waiting(garage):
    attendant = await garage.sign_in(Role.ATTENDANT)
    async with garage.charger() as charger, attendant.board() as screen:
        port = screen.port("AX48-1-1")
        await screen.shows_port(port["id"], isOpen=True)
        checked_in = await attendant.check_in()
        request = checked_in["request"]
        charger.reject_next_start()
        payload = await attendant.start(request, port["id"])
        assert payload["session"] is None
        (error,) = payload["errors"]
        assert error["code"] == "CHARGER_REJECTED"
        assert error["field"] == ["input", "portId"]
        await screen.until(lambda it: it.requests[request["id"]]["lastStartFailure"] == error["message"])
        shown = await screen.shows(request, "NEEDS_CHARGING")
        assert shown["session"]["status"] == "FAILED"
        assert screen.ports[port["id"]]["isOpen"]

        await attendant.started(request, port["id"])
        await charger.plug_in()
        assert (await screen.shows(request, "CHARGING"))["lastStartFailure"] is None
        assert (await attendant.ticket(checked_in["stay"]))["lineItems"] == []


async def test_a_start_without_a_connection_says_so(garage):
    attendant = await garage.sign_in(Role.ATTENDANT)
    port = (await attendant.board_now()).port("AX48-1-1")
    assert (port["status"], port["isOpen"]) == ("OFFLINE", False)
    checked_in = await attendant.check_in()
    payload = await attendant.start(checked_in["request"], port["id"])
    assert [error["code"] for error in payload["errors"]] == ["PORT_NOT_OPEN"]


async def test_s4_a_start_that_nobody_plugs_in_is_given_up_when_its_window_is_over(open_garage):
    async with open_garage(start_window_s=1, upkeep_every_s=0.1) as garage:
        attendant = await garage.sign_in(Role.ATTENDANT)
        async with garage.charger() as charger, attendant.board() as screen:
            port = screen.port("AX48-1-1")
            # Its ConnectionTimeOut is the window by then (B3).
            await charger.told_everything()
            await screen.shows_port(port["id"], isOpen=True)
            checked_in = await attendant.check_in()
            request = checked_in["request"]
            charger.ignore_next_start()
            first = await attendant.started(request, port["id"])
            await screen.shows(request, "STARTING")
            await screen.shows_port(port["id"], isOpen=False)
            shown = await screen.shows(request, "NEEDS_CHARGING")
            assert shown["session"]["status"] == "FAILED"
            assert shown["lastStartFailure"] == "Charging did not begin in time. Start again."
            await screen.shows_port(port["id"], isOpen=True)

            await charger.plug_in()
            second = await attendant.started(request, port["id"])
            assert second["id"] != first["id"]
            await screen.shows(request, "CHARGING")
            await delivers(charger, 30)
            await charger.unplug()
            await screen.shows(request, "CHARGED")
            sessions = await attendant.all_of("sessions", "id status energyWh")
            assert {(it["id"], it["status"], it["energyWh"]) for it in sessions} == {
                (first["id"], "FAILED", 0),
                (second["id"], "ENDED", charger.delivered[0].energy_wh),
            }


async def test_s4_the_window_outlives_a_sigkill_and_two_processes_give_up_once(open_garage, tmp_path):
    # Both processes have started by the end of the window, on a busy machine too.
    settings = {"start_window_s": 20, "upkeep_every_s": 0.05}
    async with open_garage(**settings) as garage:
        attendant = await garage.sign_in(Role.ATTENDANT)
        async with garage.charger() as charger:
            await charger.told_everything()
            port = (await attendant.board_now()).port("AX48-1-1")
            checked_in = await attendant.check_in()
            charger.ignore_next_start()
            session = await attendant.started(checked_in["request"], port["id"])
            await garage.server.kill()
        second = Server(garage.server.database_url, tmp_path / "second.log", **settings)
        await gather(garage.server.start(), second.start())
        try:
            before = await attendant.board_now()
            assert before.requests[checked_in["request"]["id"]]["status"] == "STARTING"
            # Whichever gave it up, the boards of the other are not told: it is asked anew.
            for _ in range(PATIENCE_S * 10):
                if (await attendant.session(session))["status"] != "STARTING":
                    break
                await sleep(0.1)
            await sleep(0.3)  # some more looks of both
            after = await attendant.board_now()
            shown = after.requests[checked_in["request"]["id"]]
            assert (shown["status"], shown["session"]["status"]) == ("NEEDS_CHARGING", "FAILED")
            assert after.revision == before.revision + 1
        finally:
            await second.stop()
        assert second.errors() == []


async def test_s4_a_charger_that_stops_waiting_for_its_cable_opens_the_port(garage):
    attendant = await garage.sign_in(Role.ATTENDANT)
    # Its ConnectionTimeOut of 180 s passes in 0.3 s.
    async with garage.charger(speed=600) as charger, attendant.board() as screen:
        port = screen.port("AX48-1-1")
        await screen.shows_port(port["id"], isOpen=True)
        checked_in = await attendant.check_in()
        await attendant.started(checked_in["request"], port["id"])
        shown = await screen.shows(checked_in["request"], "NEEDS_CHARGING")
        assert shown["lastStartFailure"] == (
            "The port became available again before charging began. Plug in and start again."
        )
        await screen.shows_port(port["id"], status="AVAILABLE", isOpen=True)
        assert charger.delivered == []


async def test_s1_two_attendants_never_get_the_same_port(garage):
    maria, olivia = await garage.sign_in(Role.ATTENDANT), await garage.sign_in(Role.OPERATOR)
    async with garage.charger() as charger, maria.board() as screen:
        port = screen.port("AX48-1-1")
        await screen.shows_port(port["id"], isOpen=True)
        first, second = await maria.check_in("JVR 8810"), await olivia.check_in("LMB 2204")
        payloads = await gather(maria.start(first["request"], port["id"]), olivia.start(second["request"], port["id"]))
        assert sorted(str([error["code"] for error in it["errors"]]) for it in payloads) == ["['PORT_IN_USE']", "[]"]
        assert len(charger.log.calls("RemoteStartTransaction", "in")) == 1
