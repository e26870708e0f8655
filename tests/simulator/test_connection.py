"""Connecting, booting, the heartbeat, and connecting again."""

from __future__ import annotations

import asyncio
import base64

import pytest

from evgraph.simulator import BackOff
from tests.patience import PATIENCE_S


async def test_the_handshake_names_the_identity_the_protocol_and_the_key(make_charge_point, central_system):
    async with make_charge_point("Bay 7/Ü", key="s3cret:colon") as charge_point:
        await charge_point.connected()
    [request] = central_system.requests
    assert request.path == "/ocpp/Bay%207%2F%C3%9C"
    assert request.headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
    scheme, secret = request.headers["Authorization"].split()
    assert (scheme, base64.b64decode(secret).decode()) == ("Basic", "Bay 7/Ü:s3cret:colon")
    assert "Sec-WebSocket-Extensions" not in request.headers


async def test_without_a_key_there_are_no_credentials(charge_point, central_system):
    assert "Authorization" not in central_system.requests[0].headers


async def test_power_up_boots_and_tells_every_status(make_charge_point, central_system):
    async with make_charge_point(connectors=2) as charge_point:
        await charge_point.told_everything()
    boot, *statuses = central_system.calls
    assert boot.action == "BootNotification"
    assert boot.payload["chargePointVendor"] == "Phihong Technology"
    assert boot.payload["chargePointModel"] == "AX48"
    assert boot.payload["chargePointSerialNumber"]
    assert boot.payload["firmwareVersion"]
    assert [(call.payload["connectorId"], call.payload["status"]) for call in statuses] == [
        (0, "Available"),
        (1, "Available"),
        (2, "Available"),
    ]
    assert all(call.payload["timestamp"].endswith("Z") for call in statuses)


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_nothing_is_said_before_the_boot_is_accepted(make_charge_point, central_system, status):
    # Soon again; but no heartbeat once it is accepted.
    answers = iter([(status, 6), (status, 6), ("Accepted", 86_400)])
    central_system.answers["BootNotification"] = lambda _: dict(
        zip(("status", "interval"), next(answers), strict=True), currentTime="2026-01-01T00:00:00Z"
    )
    async with make_charge_point() as charge_point:
        await charge_point.told_everything()
    assert central_system.actions() == ["BootNotification"] * 3 + ["StatusNotification"] * 2


async def test_a_pending_charge_point_boots_again_when_triggered(make_charge_point, central_system):
    answers = iter(["Pending", "Accepted"])
    central_system.answers["BootNotification"] = lambda _: {
        "status": next(answers),
        "currentTime": "2026-01-01T00:00:00Z",
        "interval": 86_400,
    }
    async with make_charge_point() as charge_point:
        await central_system.came("BootNotification")
        start = await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
        assert start == {"status": "Rejected"}
        await central_system.send("TriggerMessage", requestedMessage="BootNotification")
        await charge_point.told_everything()
    assert central_system.actions().count("BootNotification") == 2


async def test_the_heartbeat_keeps_the_interval_of_the_answer(make_charge_point, central_system):
    central_system.heartbeat_interval = 30
    async with make_charge_point(speed=600):
        await central_system.came("Heartbeat", times=3)


async def test_the_heartbeat_follows_its_key(charge_point, central_system):
    await central_system.send("ChangeConfiguration", key="HeartbeatInterval", value="12")
    await central_system.came("Heartbeat", times=2)


async def test_a_plain_reconnect_has_no_boot_and_tells_only_what_changed(charge_point, central_system):
    await charge_point.go_offline()
    assert not charge_point.is_connected
    await charge_point.plug_in(1)
    before = len(central_system.calls)
    await charge_point.come_back()
    await charge_point.told_everything()
    [status] = central_system.calls[before:]
    assert (status.payload["connectorId"], status.payload["status"]) == (1, "Preparing")


async def test_a_closed_connection_is_opened_again(charge_point, central_system):
    await central_system.hang_up()
    await charge_point.disconnected()
    await charge_point.connected()
    assert len(central_system.requests) == 2


async def test_a_restarted_server_is_found_again(charge_point, central_system):
    await central_system.close()
    await charge_point.disconnected()
    await asyncio.sleep(0.1)
    await central_system.open()
    await charge_point.connected()


async def test_a_refused_handshake_is_tried_again(make_charge_point, central_system):
    central_system.refused_handshakes = 2
    async with make_charge_point() as charge_point:
        await charge_point.connected()
        assert charge_point.problem is None
    assert len(central_system.requests) == 3


async def test_a_refused_handshake_says_why(make_charge_point, central_system):
    central_system.refused_handshakes = 1000
    async with make_charge_point() as charge_point:
        assert "401" in await problem_of(charge_point)


async def test_a_server_without_our_protocol_is_left(make_charge_point, central_system):
    await central_system.close()
    central_system.subprotocols = []
    await central_system.open()
    async with make_charge_point() as charge_point:
        assert "ocpp1.6" in await problem_of(charge_point)
    assert central_system.calls == []


async def problem_of(charge_point) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while charge_point.problem is None:  # noqa: ASYNC110 - a moment of no event
            await asyncio.sleep(0.01)
    return charge_point.problem


async def test_a_silent_cut_leaves_the_socket_open_and_dead(charge_point, central_system):
    await charge_point.go_offline(silently=True)
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await central_system.send_raw("GetConfiguration", {})
    await charge_point.come_back()
    await charge_point.connected()
    assert await central_system.send("GetConfiguration", key=["HeartbeatInterval"])


@pytest.mark.parametrize(
    "frame",
    ["", "{}", "[", "null", '[9,"x"]', '[2,"x",["Reset"],{}]', '[2,"x"]', '[3,"never asked",{}]'],
)
async def test_a_bad_frame_does_not_end_the_connection(charge_point, central_system, frame):
    await central_system.send_text(frame)
    assert await central_system.send("GetConfiguration", key=["HeartbeatInterval"])
    assert charge_point.is_connected


async def test_it_ends_cleanly_while_it_cannot_connect(make_charge_point, central_system):
    await central_system.close()
    async with make_charge_point(back_off=BackOff(first=30)) as charge_point:
        await asyncio.sleep(0.05)
        assert not charge_point.is_connected
    await central_system.open()


async def test_frames_are_kept_both_ways(charge_point, central_system):
    await central_system.send("TriggerMessage", requestedMessage="Heartbeat")
    await central_system.came("Heartbeat")
    assert charge_point.log.calls("TriggerMessage", "in") == [{"requestedMessage": "Heartbeat"}]
    assert charge_point.log.calls("Heartbeat") == [{}]
