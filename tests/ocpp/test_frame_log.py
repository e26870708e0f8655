"""C10: what goes over the wire is logged, as it went, without the secrets in it; C1: so are connections."""

import asyncio
import json

import pytest

from evgraph.domain.asks import ChangeConfiguration, GetConfiguration
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.ocpp.redaction import redacted, redacted_bytes
from evgraph.services.interfaces import ChargerTimeout
from tests.ocpp.conftest import NOW

KEY = "0123456789abcdef0123"
IN, OUT = FrameDirection.RECEIVED, FrameDirection.SENT


def _shown(frames):
    return [(frame.direction, frame.kind, frame.action) for frame in frames.waiting()]


async def test_c10_a_call_and_its_answer_are_logged_both_ways(central, frames):
    async with central.charger() as charger:
        await charger.call("Heartbeat", {}, "h1")
        answer = asyncio.create_task(central.gateway.call("CP1", "Reset", {"type": "Soft"}))
        _, message_id, *_ = await charger.receive()
        await charger.send([3, message_id, {"status": "Accepted"}])
        await answer
    logged = frames.waiting()
    assert _shown(frames) == [
        (IN, FrameKind.CALL, "Heartbeat"),
        (OUT, FrameKind.CALL_RESULT, "Heartbeat"),
        (OUT, FrameKind.CALL, "Reset"),
        (IN, FrameKind.CALL_RESULT, "Reset"),
    ]
    assert [frame.message_id for frame in logged] == ["h1", "h1", message_id, message_id]
    assert logged[0].frame == '[2, "h1", "Heartbeat", {}]'
    assert logged[2].frame == f'[2,"{message_id}","Reset",{{"type":"Soft"}}]'
    assert [frame.id for frame in logged] == sorted({frame.id for frame in logged})
    assert {(frame.charge_point_id, frame.at) for frame in logged} == {(1, NOW)}


async def test_c10_a_frame_is_logged_at_the_instant_that_its_handler_went_by(central, frames, clock):
    async with central.charger() as charger:
        await charger.call("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
    call, answer = frames.waiting()
    assert json.loads(answer.frame)[2]["currentTime"] == call.at.isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )


async def test_c10_refusals_late_answers_and_what_is_no_frame_are_logged(central, frames):
    async with central.charger() as charger:
        assert (await charger.call("Nonsense", {}))[0] == 4
        assert (await charger.call(7, {}, "bad"))[0] == 4
        await charger.send("not JSON")
        await charger.websocket.send(b"\x00\xff")
        await charger.send([3, "nobody-asked", {}])
        assert await charger.is_alive()
    assert _shown(frames)[:-2] == [
        (IN, FrameKind.CALL, "Nonsense"),
        (OUT, FrameKind.CALL_ERROR, "Nonsense"),
        (IN, FrameKind.CALL, None),
        (OUT, FrameKind.CALL_ERROR, None),
        (IN, FrameKind.UNREADABLE, None),
        (IN, FrameKind.UNREADABLE, None),
        (IN, FrameKind.CALL_RESULT, None),
    ]
    assert [frame.frame for frame in frames.waiting() if frame.kind is FrameKind.UNREADABLE] == ["not JSON", "00ff"]


async def test_c10_an_answer_that_comes_late_is_known_by_its_call(central, frames):
    async with central.charger() as charger:
        central.gateway = type(central.gateway)(central.registry, deadline=0.05)
        with pytest.raises(ChargerTimeout):
            await central.gateway.ask("CP1", GetConfiguration(keys=()))
        _, message_id, *_ = await charger.receive()
        await charger.send([3, message_id, {"configurationKey": [_entry("AuthorizationKey", KEY)]}])
        assert await charger.is_alive()
    late = next(frame for frame in frames.waiting() if frame.kind is FrameKind.CALL_RESULT and frame.direction is IN)
    assert late.action == "GetConfiguration"
    assert KEY not in late.frame


async def test_c10_a_key_that_is_set_or_told_is_not_in_the_log(central, frames):
    async with central.charger() as charger:
        setting = asyncio.create_task(
            central.gateway.ask("CP1", ChangeConfiguration(key="AuthorizationKey", value=KEY))
        )
        call = await charger.receive()
        assert call[3] == {"key": "AuthorizationKey", "value": KEY}
        await charger.send([3, call[1], {"status": "Accepted"}])
        await setting
    assert KEY not in "".join(frame.frame for frame in frames.waiting())
    sent = next(frame for frame in frames.waiting() if frame.kind is FrameKind.CALL)
    assert json.loads(sent.frame)[3] == {"key": "AuthorizationKey", "value": "***"}


def _entry(key, value):
    return {"key": key, "readonly": False, "value": value}


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}]),
        json.dumps([2, "1", "ChangeConfiguration", {"value": SECRET, "key": " authorizationkey "}]),
        json.dumps(
            [3, "1", {"configurationKey": [_entry("HeartbeatInterval", "9"), _entry("AUTHORIZATIONKEY", SECRET)]}]
        ),
        json.dumps([3, "1", {"AuthorizationKey": SECRET}]),
        json.dumps([3, "1", {"configurationKey": [_entry("WiFiPassword", SECRET)]}]),
        json.dumps([4, "1", "GenericError", f"AuthorizationKey {SECRET} is too short", {}]),
        json.dumps([2, "1", "GetDiagnostics", {"location": f"ftp://user:{SECRET}@10.0.0.1/logs"}]),
        json.dumps([2, "1", "GetDiagnostics", {"location": f"ftp://user:p/@{SECRET}@10.0.0.1/logs"}]),
        json.dumps([2, "1", "UpdateFirmware", {"location": f"https://:{SECRET}@host/fw.bin"}]).replace("/", "\\/"),
        json.dumps([2, "1", "DataTransfer", {"data": json.dumps({"key": "AuthorizationKey", "value": SECRET})}]),
        '[2,"1","ChangeConfiguration",{"key":"Authorization\\u004bey","value":"' + SECRET + '"}]',
        '[2,"1","X",{"key":"AuthorizationKey","value":"' + SECRET + '","value":null}]',
        '[2,"1","ChangeConfiguration",{"value":"' + SECRET + '","key":"AuthorizationKey"',
        f"location=ftp://user:{SECRET}@10.0.0.1",
    ],
)
def test_c10_no_secret_is_left_of_a_frame(text):
    assert SECRET not in redacted(text)
    assert SECRET.encode().hex() not in redacted_bytes(text.encode())
    assert SECRET.encode("utf-16-le").hex() not in redacted_bytes(text.encode("utf-16-le"))


@pytest.mark.parametrize(
    "text",
    [
        '[2, "1",  "Heartbeat", {}]',
        '[2,"1","GetConfiguration",{"key":["AuthorizationKey"]}]',
        '[2,"1","DataTransfer",{"vendorId":"\\u00e4","data":"https://example.com/a@b"}]',
        "not JSON",
    ],
)
def test_c10_a_frame_without_a_secret_is_kept_to_the_letter(text):
    assert json.loads(redacted(text)) == json.loads(text) if text.startswith("[") else redacted(text) == text


async def test_c1_a_connection_is_kept_with_why_it_ended(central):
    async with central.charger() as charger:
        assert await charger.is_alive()
        await charger.websocket.close(1001, "firmware update")
    await central.until(lambda: bool(central.services.closed_connections))
    assert central.services.opened_connections == [(1, "127.0.0.1", "ocpp1.6", 0)]
    assert central.services.closed_connections == [(1, 1001, "firmware update")]


async def test_c1_a_connection_that_broke_off_and_one_that_was_superseded_say_so(central):
    async with central.charger() as first, central.charger() as second:
        assert await first.closed() == 1000
        assert await second.is_alive()
        second.websocket.transport.abort()
        await central.until(lambda: len(central.services.closed_connections) == 2)
    assert central.services.closed_connections == [
        (1, 1000, "A newer connection of this charge point took over."),
        (2, 1006, "The connection broke off."),
    ]
