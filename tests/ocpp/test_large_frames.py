"""C6: frames over 64 KiB, up to the charge point's limit and beyond it, over real sockets."""

import asyncio
import base64
import json
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from evgraph.domain.charge_point import FrameKind
from evgraph.domain.transactions import TransactionStop
from evgraph.ocpp import frames as ocpp_frames
from evgraph.ocpp.frame_budget import SMALL_FRAME, FrameBudget
from evgraph.ocpp.large_frames import FIRST_BYTES, Oversized
from evgraph.ocpp.protocol import ChargerProtocol
from evgraph.services.frames import FrameLog
from tests.ocpp.conftest import NOW, CentralSystem, Charger

KIB = 1024
MIB = 1024 * KIB
LIMIT = MIB


@pytest.fixture
def server_settings() -> dict[str, Any]:
    return {"ws": ChargerProtocol, "ws_ping_interval": 20, "ws_ping_timeout": 20}


def stop_of(readings: int, message_id: str = "s", transaction_id: int = 7) -> str:
    """A StopTransaction with so many readings, one every 15 seconds, as chargers send them by default."""
    began = NOW - timedelta(seconds=15 * readings)
    taken = [
        {
            "timestamp": _iso(began + timedelta(seconds=15 * number)),
            "sampledValue": [
                {
                    "value": str(1000 + number),
                    "context": "Sample.Periodic",
                    "measurand": "Energy.Active.Import.Register",
                    "unit": "Wh",
                }
            ],
        }
        for number in range(readings)
    ]
    payload = {"transactionId": transaction_id, "meterStop": 9000, "timestamp": _iso(NOW), "transactionData": taken}
    return json.dumps([2, message_id, "StopTransaction", payload])


def of_size(size: int, message_id: str = "big") -> str:
    """A StopTransaction of exactly so many bytes; what pads it is an unknown field (C8)."""
    head = f'[2,"{message_id}","StopTransaction",{{"transactionId":7,"meterStop":9000,"pad":"'
    return head + "x" * (size - len(head) - 3) + '"}]'


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def pieces(text: str, length: int) -> Sequence[str]:
    return [text[first : first + length] for first in range(0, len(text), length)]


async def sent_or_closed(charger: Charger, message: str | Sequence[str]) -> None:
    with suppress(ConnectionClosed):
        await charger.websocket.send(message)


async def is_served(charger: Charger, message: str | Sequence[str]) -> bool:
    await charger.websocket.send(message)
    return bool((await charger.receive(timeout=20))[0] == 3)


@pytest.mark.parametrize("readings", [400, 1920, 3840])
async def test_c6_a_stop_with_hours_of_readings_is_served(central: CentralSystem, readings: int) -> None:
    text = stop_of(readings)
    assert len(text) > SMALL_FRAME
    async with central.charger() as charger:
        assert await is_served(charger, text)
        assert await charger.is_alive()
    (stop,) = central.services.all("stop")
    assert isinstance(stop, TransactionStop)
    assert (stop.transaction_id, stop.meter_stop_wh, len(stop.readings)) == (7, 9000, readings)
    assert [one.register_wh for one in stop.readings] == list(range(1000, 1000 + readings))


@pytest.mark.parametrize("size", [SMALL_FRAME, SMALL_FRAME + 1, 70_000, 330_000, LIMIT - 1, LIMIT])
async def test_c6_a_frame_up_to_the_limit_is_served(central: CentralSystem, size: int) -> None:
    async with central.charger() as charger:
        text = of_size(size)
        assert len(text) == size
        assert await is_served(charger, text)
        assert await charger.is_alive()


@pytest.mark.parametrize("size", [LIMIT + 1, 5 * MIB])
async def test_c6_a_frame_over_the_limit_closes_with_1009(central: CentralSystem, frames: FrameLog, size: int) -> None:
    async with central.charger() as charger:
        await sent_or_closed(charger, of_size(size))
        assert await charger.closed() == 1009
        reason = f"A message of {size:,} bytes is over the limit of {LIMIT:,} bytes."
        assert charger.websocket.close_reason == reason
    await central.until_told("disconnected")
    assert central.services.all("stop") == []
    assert central.services.closed_connections[0][1:] == (1009, reason)
    kept = frames.waiting()[-1]
    assert (kept.kind, kept.action) == (FrameKind.UNREADABLE, "StopTransaction")
    assert kept.frame == of_size(size)[:FIRST_BYTES]


@pytest.mark.parametrize("length", [SMALL_FRAME + 10, 40_000, 1000])
async def test_c6_fragments_are_put_together_up_to_the_limit(central: CentralSystem, length: int) -> None:
    async with central.charger() as charger:
        assert await is_served(charger, pieces(of_size(LIMIT), length))
        assert await charger.is_alive()


@pytest.mark.parametrize("length", [SMALL_FRAME + 10, 40_000, 1000])
async def test_c6_fragments_over_the_limit_close_with_1009(
    central: CentralSystem, frames: FrameLog, length: int
) -> None:
    async with central.charger() as charger:
        await sent_or_closed(charger, pieces(of_size(LIMIT + 10), length))
        assert await charger.closed() == 1009
    await central.until_told("disconnected")
    kept = frames.waiting()[-1]
    assert kept.action == "StopTransaction"
    assert kept.frame == of_size(LIMIT + 10)[:FIRST_BYTES]


async def test_c6_what_came_before_an_oversized_frame_is_served_and_answered(central: CentralSystem) -> None:
    async with central.charger() as charger:
        small = [2, "1", "StopTransaction", {"transactionId": 7, "meterStop": 5}]
        # In one piece on the wire.
        wire = _on_the_wire(json.dumps(small)) + _on_the_wire(of_size(LIMIT + 1))
        charger.websocket.transport.write(wire)
        assert (await charger.receive())[:2] == [3, "1"]
        assert await charger.closed() == 1009
    assert len(central.services.all("stop")) == 1


async def test_c6_the_first_bytes_may_come_after_the_header(central: CentralSystem, frames: FrameLog) -> None:
    async with central.charger() as charger:
        wire = _on_the_wire(of_size(LIMIT + 1))
        charger.websocket.transport.write(wire[:10])
        await asyncio.sleep(0.1)
        charger.websocket.transport.write(wire[10:100])
        assert await charger.closed() == 1009
    await central.until_told("disconnected")
    assert frames.waiting()[-1].frame == of_size(LIMIT + 1)[: 100 - 14]


async def test_c6_of_an_oversized_frame_that_breaks_off_the_first_bytes_are_kept(
    central: CentralSystem, frames: FrameLog
) -> None:
    async with central.charger() as charger:
        charger.websocket.transport.write(_on_the_wire(of_size(LIMIT + 1))[:200])
        charger.websocket.transport.close()
        await central.until_told("disconnected")
    assert frames.waiting()[-1].frame == of_size(LIMIT + 1)[: 200 - 14]


async def test_c6_large_and_small_frames_stay_in_order(central: CentralSystem) -> None:
    meter_values = {"connectorId": 1, "transactionId": 7, "meterValue": [{"sampledValue": [{"value": "5"}]}]}
    async with central.charger() as charger:
        for number in range(3):
            await charger.send([2, f"a{number}", "MeterValues", meter_values])
            await charger.send(stop_of(1000, f"b{number}"))
            await charger.send([2, f"c{number}", "DataTransfer", {"vendorId": "x"}])
        answers = [(await charger.receive(timeout=20))[1] for _ in range(9)]
    assert answers == [f"{kind}{number}" for number in range(3) for kind in "abc"]
    assert [kind for kind, _ in central.services.told if kind in ("record", "stop")] == ["record", "stop"] * 3


async def test_c6_large_meter_values_are_served(central: CentralSystem) -> None:
    sample = {"value": "5", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    taken = [{"timestamp": _iso(NOW - timedelta(seconds=n)), "sampledValue": [sample]} for n in range(1000)]
    async with central.charger() as charger:
        payload = {"connectorId": 1, "transactionId": 7, "meterValue": taken}
        assert (await charger.call("MeterValues", payload))[0] == 3
    (recorded,) = central.services.all("record")
    assert len(recorded[2]) == 1000


async def test_c6_several_charge_points_send_large_frames_at_once(central: CentralSystem) -> None:
    central.services.keys |= {f"AT-ONCE-{number}": None for number in range(80)}
    async with AsyncExitStack() as stack:
        chargers = [await stack.enter_async_context(central.charger(f"AT-ONCE-{number}")) for number in range(80)]
        # 80 MiB, where 64 MiB is the budget.
        assert all(await asyncio.gather(*(is_served(charger, of_size(LIMIT)) for charger in chargers)))
        assert all(await asyncio.gather(*(charger.is_alive() for charger in chargers)))


async def test_c6_a_large_frame_is_served_again_on_a_new_connection(central: CentralSystem) -> None:
    for _ in range(3):
        async with central.charger() as charger:
            assert await is_served(charger, of_size(330_000))
    assert len(central.services.all("stop")) == 3


async def test_c6_a_frame_that_breaks_off_gives_its_share_back(central: CentralSystem) -> None:
    for _ in range(70):
        async with central.charger() as charger:
            charger.websocket.transport.write(_on_the_wire(of_size(LIMIT))[:70_000])
            charger.websocket.transport.abort()
    async with central.charger() as charger:
        assert await is_served(charger, of_size(LIMIT))


async def test_c6_those_that_wait_for_the_budget_are_not_closed_and_are_served_later(central: CentralSystem) -> None:
    central.services.keys |= {f"HOLDS-{number}": None for number in range(64)}
    async with AsyncExitStack() as stack:
        holders = [await stack.enter_async_context(central.charger(f"HOLDS-{number}")) for number in range(64)]
        wire = _on_the_wire(of_size(LIMIT))
        for holder in holders:
            holder.websocket.transport.write(wire[: LIMIT // 2])
            stack.callback(holder.websocket.transport.abort)
        await asyncio.sleep(0.3)
        async with central.charger() as charger:
            await charger.send(of_size(330_000))
            assert await charger.hears_nothing(0.3)
            async with central.charger("CP2") as another:
                # A small frame needs no share.
                assert await another.is_alive()
            holders[0].websocket.transport.write(wire[LIMIT // 2 :])
            assert (await holders[0].receive())[0] == 3
            assert (await charger.receive())[0] == 3
            assert await charger.is_alive()


async def test_c6_one_that_waits_for_the_budget_may_be_superseded(central: CentralSystem) -> None:
    central.services.keys |= {f"HOLDS-{number}": None for number in range(64)}
    async with AsyncExitStack() as stack:
        for number in range(64):
            holder = await stack.enter_async_context(central.charger(f"HOLDS-{number}"))
            holder.websocket.transport.write(_on_the_wire(of_size(LIMIT))[: LIMIT // 2])
            stack.callback(holder.websocket.transport.abort)
        await asyncio.sleep(0.3)
        async with central.charger() as charger:
            await charger.send(of_size(330_000))
            await asyncio.sleep(0.1)
            async with central.charger() as newer:
                assert await newer.is_alive()
                assert await charger.closed() in (1000, 1006)


async def test_c6_nothing_is_read_before_the_handshake_is_complete(central: CentralSystem) -> None:
    may_end = asyncio.Event()
    admit = central.services.admit

    async def slowly(*arguments: Any, **named: Any) -> Any:
        await may_end.wait()
        return await admit(*arguments, **named)

    central.services.admit = slowly  # type: ignore[method-assign]
    host, port = central.url.removeprefix("ws://").removesuffix("/ocpp/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /ocpp/CP1 HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
    )
    await asyncio.sleep(0.1)
    # More than the two sockets hold together: the kernel takes a part, the server's process none.
    writer.write(_on_the_wire(of_size(64 * MIB)))
    await asyncio.sleep(0.3)
    (protocol,) = central.server.server_state.connections
    assert isinstance(protocol, ChargerProtocol)
    assert len(protocol.conn.reader.buffer) == 0
    may_end.set()
    assert (await reader.readline()).startswith(b"HTTP/1.1 101")
    writer.transport.abort()
    await central.until(lambda: not central.server.server_state.connections)


async def test_c6_empty_and_tiny_fragments_take_no_more_memory_than_their_bytes(central: CentralSystem) -> None:
    async with central.charger() as charger:
        text = of_size(SMALL_FRAME)
        charger.websocket.transport.write(_frame(Opcode.TEXT, text[:10].encode(), fin=False))
        charger.websocket.transport.write(_frame(Opcode.CONT, b"", fin=False) * 50_000)
        for letter in text[10:-1]:
            charger.websocket.transport.write(_frame(Opcode.CONT, letter.encode(), fin=False))
        (protocol,) = central.server.server_state.connections
        await central.until(lambda: sum(map(len, protocol.frames)) == SMALL_FRAME - 1, seconds=20)
        assert len(protocol.frames) == 1
        charger.websocket.transport.write(_frame(Opcode.CONT, b"]", fin=True))
        assert (await charger.receive())[0] == 3


async def test_c6_the_loop_goes_on_while_a_large_frame_is_read(central: CentralSystem) -> None:
    """Of the second and more that 8 MB of readings take to be read, nobody else waits for long."""
    central.services.keys["OTHER"] = None
    async with central.charger() as charger, central.charger("OTHER") as other:
        protocols = [one for one in central.server.server_state.connections if isinstance(one, ChargerProtocol)]
        for protocol in protocols:
            protocol.conn.max_message_size = 16 * MIB
        await charger.websocket.send(stop_of(45_000))
        answered = 0
        while not central.services.all("stop"):
            assert await other.is_alive()
            answered += 1
        assert (await charger.receive())[0] == 3
    # No test looks at the time: how often it went on says that it did.
    assert answered > 10


@pytest.mark.parametrize(
    "text",
    [
        stop_of(5),
        '[2,"1","A",{"a":1.50,"b":1e400,"c":-0,"d":[null,true,false],"e":12345678901234567890123}]',
        '\ufeff[2, "1", "A", {"x": "a\nb", "n": NaN, "s": "\\ud800", "twice": 1, "twice": 2}]\x00',
        '[3,"1",{"configurationKey":[{"key":"A","readonly":false}]}]',
        '[4,"1","GenericError","",{}]',
        '[2,"1"]',
    ],
)
def test_c6_large_frames_are_read_as_small_ones_are(text: str) -> None:
    assert ocpp_frames.decode_large(text) == ocpp_frames.decode(text)


@pytest.mark.parametrize("text", ["", "x" * 100_000, "[" * 100_000, "{}", '[7,"1"]', "[2,{}]"])
def test_c7_large_frames_that_are_none_are_none(text: str) -> None:
    with pytest.raises(ocpp_frames.NotAFrame):
        ocpp_frames.decode_large(text)


@pytest.mark.parametrize(
    ("head", "action"),
    [
        ('[2,"1","StopTransaction",{"transactionId":5', "StopTransaction"),
        ('\ufeff [ 2 , 17 , "DataTransfer" , {', "DataTransfer"),
        ('[2,"a\\"b","MeterValues",{', "MeterValues"),
        ('[2,"1","Sto', None),
        ('[3,"1",{"configurationKey":[', None),
        ('[2,"' + "i" * 4000, None),
        ("\x01\x02", None),
        ("", None),
    ],
)
def test_c6_the_action_is_read_from_the_first_bytes(head: str, action: str | None) -> None:
    assert Oversized(size=2 * LIMIT, limit=LIMIT, head=head.encode()).action() == action


@pytest.mark.parametrize(
    ("head", "register"),
    [
        ('[2,"1","StopTransaction",{"transactionId":5,"meterStop":4711,"transactionData":[', 4711),
        ('[2,"1","StopTransaction",{"meterStop": "4711.0" ,"transactionData":[', 4711),
        ('[2,"1","StopTransaction",{"transactionData":[{', None),
        ('[2,"1","StopTransaction",{"meterStop":47', None),
        ('[2,"1","DataTransfer",{"meterStop":4711,', None),
    ],
)
def test_c6_the_register_is_read_from_the_first_bytes(head: str, register: int | None) -> None:
    assert Oversized(size=2 * LIMIT, limit=LIMIT, head=head.encode()).meter_stop_wh() == register


@pytest.mark.parametrize(
    "head",
    [
        '[3,"1",{"configurationKey":[{"value":"SECRET","key":"Authoriz',
        '[2,"1","DataTransfer",{"key":"AuthorizationKey","value":"SECRET","x":"',
        '[2,"1","DataTransfer",{"data":"ftp://me:SECRET@host/',
    ],
)
def test_c10_the_first_bytes_are_kept_without_secrets(head: str) -> None:
    assert "SECRET" not in Oversized(size=2 * LIMIT, limit=LIMIT, head=head.encode()).text()


def test_c6_the_budget_is_shared_in_the_order_of_asking() -> None:
    budget, granted = FrameBudget(100), []
    first = budget.request(60, lambda: granted.append("first"))
    large = budget.request(90, lambda: granted.append("large"))
    small = budget.request(10, lambda: granted.append("small"))
    assert (first.is_granted, large.is_granted, small.is_granted) == (True, False, False)
    first.release()
    assert (granted, large.is_granted, small.is_granted, budget.used) == (["large", "small"], True, True, 100)
    large.release()
    large.release()
    assert budget.used == 10
    small.release()
    assert (budget.used, budget.waiting) == (0, 0)


def test_c6_a_request_that_is_withdrawn_waits_no_more() -> None:
    budget, granted = FrameBudget(100), []
    holder = budget.request(100, lambda: None)
    gone = budget.request(50, lambda: granted.append("gone"))
    gone.release()
    beyond = budget.request(1000, lambda: granted.append("beyond"))
    holder.release()
    # More than the whole budget is granted when it is alone.
    assert (granted, beyond.is_granted, budget.waiting) == (["beyond"], True, 0)


def test_c6_a_frame_that_is_there_already_takes_its_share() -> None:
    budget = FrameBudget(100)
    budget.request(100, lambda: None)
    forced = budget.request(50, lambda: None)
    forced.force()
    assert (forced.is_granted, budget.used, budget.waiting) == (True, 150, 0)
    forced.release()
    assert budget.used == 100


def _on_the_wire(text: str) -> bytes:
    return _frame(Opcode.TEXT, text.encode(), fin=True)


def _frame(opcode: Opcode, data: bytes, *, fin: bool) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)
