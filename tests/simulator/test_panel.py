"""The panel's HTTP API, over the real application, with chargers on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from evgraph.simulator import Fleet
from evgraph.simulator.panel import Panel

ONE = "/api/charge-points/AX48-1"
CONNECTOR = ONE + "/connectors/1"


@pytest.fixture
async def fleet(make_charge_point) -> AsyncIterator[Fleet]:
    fleet = Fleet([make_charge_point("AX48-1"), make_charge_point("AX48-2", connectors=2, register_wh=5000)])
    async with fleet:
        await fleet.connected()
        yield fleet


@pytest.fixture
async def panel(fleet) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Panel(fleet).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield client


async def test_it_lists_every_charge_point(panel):
    first, second = (await panel.get("/api/charge-points")).json()
    assert (first["identity"], first["connected"], len(first["connectors"])) == ("AX48-1", True, 1)
    assert second["connectors"][1] == {
        "connector_id": 2,
        "status": "Available",
        "error_code": None,
        "car": None,
        "power_w": 0,
        "energy_wh": None,
        "register_wh": 5000,
        "transaction_id": None,
        "id_tag": None,
    }


async def test_a_car_is_plugged_in_charged_and_unplugged(panel, fleet, central_system):
    wish = {"make": "Kia EV6", "state_of_charge": 0.3}
    plugged = (await panel.post(CONNECTOR + "/plug-in", json=wish)).json()
    assert plugged["connectors"][0]["status"] == "Preparing"
    assert plugged["connectors"][0]["car"] == {
        "make": "Kia EV6",
        "battery_kwh": 77.4,
        "state_of_charge": 0.3,
        "max_power_kw": 10.9,
    }
    await fleet["AX48-1"].start_locally(1, "CARD")
    await central_system.came("MeterValues")
    [connector] = (await panel.get(ONE)).json()["connectors"]
    assert (connector["status"], connector["power_w"]) == ("Charging", 10_900)
    assert connector["energy_wh"] > 0
    assert (connector["transaction_id"], connector["id_tag"]) == (1001, "CARD")
    unplugged = (await panel.post(CONNECTOR + "/unplug")).json()
    assert (unplugged["connectors"][0]["status"], unplugged["connectors"][0]["car"]) == ("Available", None)


async def test_any_car_comes_without_a_body(panel):
    plugged = (await panel.post(CONNECTOR + "/plug-in")).json()
    assert plugged["connectors"][0]["car"]["make"]


async def test_the_network_is_cut_and_mended(panel, fleet):
    offline = (await panel.post(ONE + "/go-offline")).json()
    assert (offline["connected"], offline["cut"]) == (False, True)
    await panel.post(ONE + "/come-back")
    await fleet["AX48-1"].connected()


async def test_a_connector_is_broken_and_repaired(panel):
    broken = (await panel.post(CONNECTOR + "/fault", json={"error_code": "HighTemperature"})).json()
    assert broken["connectors"][0]["status"] == "Faulted"
    assert broken["connectors"][0]["error_code"] == "HighTemperature"
    repaired = (await panel.post(CONNECTOR + "/clear-fault")).json()
    assert repaired["connectors"][0]["status"] == "Available"


async def test_the_next_start_is_rejected(panel, central_system, fleet):
    # The last to connect is the one that the central system talks to.
    await fleet["AX48-1"].go_offline()
    await fleet["AX48-1"].come_back()
    await fleet["AX48-1"].connected()
    await panel.post(ONE + "/reject-next-start")
    answer = await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
    assert answer == {"status": "Rejected"}


async def test_the_power_is_cut(panel, central_system):
    await panel.post(ONE + "/power-cycle")
    await central_system.came("BootNotification", times=3)


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/api/charge-points/NOBODY/go-offline", None, 404, "There is no charge point NOBODY here."),
        (ONE + "/connectors/3/plug-in", None, 404, "AX48-1 has no connector 3."),
        (CONNECTOR + "/unplug", None, 409, "The cable of connector 1 is not in a car."),
        (CONNECTOR + "/fault", b'{"error_code": "Tired"}', 409, "Tired is not an error code of OCPP 1.6."),
        (CONNECTOR + "/fault", b'{"error_code": []}', 400, "An error code is a text."),
        (CONNECTOR + "/plug-in", b"{", 400, "The body is not JSON."),
        (CONNECTOR + "/plug-in", b"[1]", 400, "The body is not a JSON object."),
        (CONNECTOR + "/plug-in", b'{"colour": "red"}', 400, "A car has no colour."),
        (
            CONNECTOR + "/plug-in",
            b'{"state_of_charge": 40}',
            400,
            "There is no such car: A state of charge lies between 0 and 1.",
        ),
        (CONNECTOR + "/plug-in", b'{"make": 5}', 400, "A make is a text."),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(panel, path, body, status, error):
    response = await panel.post(path, content=body)
    assert (response.status_code, response.json()) == (status, {"error": error})


@pytest.mark.parametrize("battery", ["NaN", "Infinity", '"much"', "null"])
async def test_an_impossible_battery_is_refused(panel, battery):
    response = await panel.post(CONNECTOR + "/plug-in", content=f'{{"battery_kwh": {battery}}}'.encode())
    assert response.status_code == 400
    assert response.json()["error"].startswith("There is no such car")


async def test_the_page_is_served_with_its_script_and_style_apart(panel):
    page = await panel.get("/")
    assert page.headers["Content-Security-Policy"] == "default-src 'self'"
    assert "<script>" not in page.text
    assert "style=" not in page.text
    for path in ("/page/panel.js", "/page/panel.css", "/page/icon.svg"):
        assert path in page.text
        assert (await panel.get(path)).status_code == 200


async def test_a_stranger_host_name_is_refused(panel):
    assert (await panel.get("/", headers={"Host": "evil.example"})).status_code == 400


async def test_a_fleet_starts_and_ends_together(make_charge_point, central_system):
    fleet = Fleet(make_charge_point(f"AX48-{number}") for number in range(1, 21))
    async with fleet:
        await fleet.connected()
        assert all(charge_point.is_connected for charge_point in fleet)
    assert len(central_system.payloads("BootNotification")) == 20
    assert not any(charge_point.is_connected for charge_point in fleet)
    coroutines = [task.get_coro().cr_code.co_filename for task in asyncio.all_tasks()]
    assert [path for path in coroutines if "evgraph/simulator" in path] == []


def test_two_charge_points_of_one_name_are_refused(make_charge_point):
    with pytest.raises(ValueError, match="two charge points"):
        Fleet([make_charge_point("A"), make_charge_point("A")])
