"""C3, C5, C6, C7 and C9: what one socket bears."""

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from evgraph.models.failures import DatabaseUnavailable
from evgraph.ocpp.connection import MOST_HEARTBEATS
from evgraph.ocpp.frames import CallResult
from evgraph.ocpp.outbox import MOST_WAITING, Outbox
from evgraph.services.interfaces import ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout
from tests.ocpp.conftest import CentralSystem, Charger
from tests.patience import PATIENCE_S

METER_VALUES = {"connectorId": 1, "transactionId": 7, "meterValue": [{"sampledValue": [{"value": "5"}]}]}
STOP = {"transactionId": 7, "meterStop": 2000, "timestamp": "2026-03-01T12:00:00Z", "idTag": "TAG"}


async def _answers(charger: Charger, *, status: str = "Accepted") -> list[Any]:
    """Takes the next CALL and accepts it."""
    call = await charger.receive()
    await charger.send([3, call[1], {"status": status}])
    return call


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "hello",
        "{}",
        "[]",
        "null",
        "[2]",
        '[9,"1","Heartbeat",{}]',
        '[2,null,"Heartbeat",{}]',
        "[" * 60_000,
        '{"a":' * 10_000,
        '[3,"unsolicited",{}]',
        '[4,"unsolicited","GenericError"]',
        '[3,"x",{"a":1,"a":2}]',
        b"\x00\xff\xfe",
        b'[2,"1","Heartbeat",{}]',
    ],
    ids=lambda frame: repr(frame[:20]),
)
async def test_c7_what_is_no_frame_is_ignored(central: CentralSystem, frame: str | bytes) -> None:
    async with central.charger() as charger:
        await charger.websocket.send(frame)
        assert await charger.is_alive()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ([2, "1", ["Heartbeat"], {}], "FormationViolation"),
        ([2, "1", {"a": 1}, {}], "FormationViolation"),
        ([2, "1", 5, {}], "FormationViolation"),
        ([2, "1", None, {}], "FormationViolation"),
        ([2, "1"], "FormationViolation"),
        ([2, "1", "Heartbeat"], "FormationViolation"),
        ([2, "1", "Heartbeat", []], "FormationViolation"),
        ([2, "1", "StopTransaction", "x"], "FormationViolation"),
        ([2, "1", "MakeCoffee", {}], "NotImplemented"),
        ([2, "1", "", {}], "NotImplemented"),
        ([2, "1", "RemoteStartTransaction", {}], "NotSupported"),
        ([2, "1", "UpdateFirmware", {}], "NotSupported"),
        ([2, "1", "CertificateSigned", {}], "NotSupported"),
        ([2, "1", "SecurityEventNotification", {}], "OccurenceConstraintViolation"),
        ([2, "1", "Authorize", {}], "OccurenceConstraintViolation"),
        ([2, "1", "StopTransaction", {}], "OccurenceConstraintViolation"),
    ],
    ids=json.dumps,
)
async def test_c7_a_call_that_cannot_be_served_gets_a_callerror(
    central: CentralSystem, frame: list[Any], code: str
) -> None:
    async with central.charger() as charger:
        await charger.send(frame)
        answer = await charger.receive()
        assert answer[:3] == [4, "1", code]
        assert [type(element) for element in answer] == [int, str, str, str, dict]
        assert await charger.is_alive()


@pytest.mark.parametrize("message_id", [7, "", "x" * 37, 0, 2**70, "\u00fc"])
async def test_c7_the_message_id_comes_back_unchanged(central: CentralSystem, message_id: Any) -> None:
    async with central.charger() as charger:
        assert (await charger.call("Heartbeat", None, message_id))[:2] == [3, message_id]


async def test_c6_a_frame_over_64_kib_closes_with_1009(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await charger.send([2, "1", "DataTransfer", {"vendorId": "x", "data": "y" * 60_000}])
        assert (await charger.receive())[2] == {"status": "UnknownVendorId"}
        await charger.send([2, "2", "DataTransfer", {"vendorId": "x", "data": "y" * 65_536}])
        assert await charger.closed() == 1009
    await central.until_told("disconnected")


async def test_c6_a_flood_is_answered_whole_and_in_order(central: CentralSystem) -> None:
    async with central.charger() as charger:

        async def flood() -> None:
            for number in range(3000):
                await charger.send([2, f"f{number}", "MeterValues", METER_VALUES])

        flooding = asyncio.create_task(flood())
        for number in range(3000):
            assert await charger.receive() == [3, f"f{number}", {}]
        await flooding
    assert len(central.services.all("record")) == 3000


async def test_c5_calls_cross(central: CentralSystem) -> None:
    """StartTransaction may come before RemoteStart's own answer (S2)."""
    async with central.charger() as charger:
        await central.until_told("connected")
        asking = asyncio.create_task(central.gateway.remote_start("CP1", connector_id=2, id_tag="TAG"))
        ours = await charger.receive()
        assert ours[0] == 2
        assert ours[2:] == ["RemoteStartTransaction", {"connectorId": 2, "idTag": "TAG"}]
        theirs = await charger.call("StartTransaction", {"connectorId": 2, "idTag": "TAG", "meterStart": 5})
        assert theirs[2]["idTagInfo"]["status"] == "Accepted"
        assert not asking.done()
        await charger.send([3, ours[1], {"status": "Accepted"}])
        await asking


async def test_c5_a_call_may_come_while_a_handler_is_busy(central: CentralSystem) -> None:
    may_end = asyncio.Event()
    central.services.busy["record"] = may_end.wait  # type: ignore[assignment]
    async with central.charger() as charger:
        await charger.send([2, "1", "MeterValues", METER_VALUES])
        asking = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=7))
        ours = await charger.receive()
        await charger.send([3, ours[1], {"status": "Accepted"}])
        may_end.set()
        assert await charger.receive() == [3, "1", {}]
        await asking


async def test_frames_behind_a_heartbeat_do_not_wait_for_its_batch(central: CentralSystem) -> None:
    """Heartbeats are saved for all charge points together, a few times a second; each is answered after that."""
    may_end = asyncio.Event()
    central.services.busy["heartbeat"] = may_end.wait  # type: ignore[assignment]
    async with central.charger() as charger:
        for number in range(MOST_HEARTBEATS):
            await charger.send([2, f"h{number}", "Heartbeat", {}])
        assert await charger.call("MeterValues", METER_VALUES, "behind") == [3, "behind", {}]
        asking = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=7))
        await _answers(charger)
        await asking
        assert central.services.all("heartbeat") == []
        # C6: whoever sends more of them than that is slowed.
        await charger.send([2, "one more", "Heartbeat", {}])
        await charger.send([2, "slowed", "MeterValues", METER_VALUES])
        assert await charger.hears_nothing()
        may_end.set()
        answered = {(await charger.receive())[1] for _ in range(MOST_HEARTBEATS + 2)}
        assert answered == {*(f"h{number}" for number in range(MOST_HEARTBEATS)), "one more", "slowed"}


async def test_b1_a_heartbeat_that_is_answered_meanwhile_is_no_boots_answer(central: CentralSystem) -> None:
    """Nothing is asked of a charge point before its boot is answered."""
    heartbeat, boot = asyncio.Event(), asyncio.Event()
    central.services.busy |= {"heartbeat": heartbeat.wait, "boot": boot.wait}  # type: ignore[dict-item]
    central.services.is_kept_configured = True
    async with central.charger() as charger:
        await charger.send([2, "heartbeat", "Heartbeat", {}])
        await charger.send([2, "boot", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}])
        await asyncio.sleep(0.1)
        heartbeat.set()
        assert (await charger.receive())[1] == "heartbeat"
        assert await charger.hears_nothing()
        boot.set()
        assert (await charger.receive())[1] == "boot"
        assert (await charger.receive())[2] == "TriggerMessage"


@pytest.mark.parametrize(
    ("failure", "answer"),
    [(DatabaseUnavailable("database is gone"), None), (ValueError("a bug"), "InternalError")],
    ids=["out of reach", "a bug"],
)
async def test_a_heartbeat_that_fails_ends_no_connection(
    central: CentralSystem, failure: Exception, answer: str | None
) -> None:
    central.services.failing["heartbeat"] = failure
    async with central.charger() as charger:
        await charger.send([2, "1", "Heartbeat", {}])
        if answer is None:
            assert await charger.hears_nothing()
        else:
            assert (await charger.receive())[:3] == [4, "1", answer]
        del central.services.failing["heartbeat"]
        assert await charger.is_alive()


async def test_a_connection_that_closes_leaves_no_heartbeat_behind(central: CentralSystem) -> None:
    central.services.busy["heartbeat"] = asyncio.Event().wait  # type: ignore[assignment]
    async with central.charger() as charger:
        await charger.send([2, "1", "Heartbeat", {}])
        assert await charger.call("MeterValues", METER_VALUES, "2") == [3, "2", {}]
    await central.until_told("disconnected")


async def test_c5_our_calls_queue_behind_each_other(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        asking = [asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=id_)) for id_ in (1, 2, 3)]
        for id_ in (1, 2, 3):
            ours = await charger.receive()
            assert ours[3] == {"transactionId": id_}
            assert await charger.hears_nothing(0.05)
            await charger.send([3, ours[1], {"status": "Accepted"}])
        await asyncio.gather(*asking)


async def test_c5_the_deadline_counts_from_the_sending(central: CentralSystem) -> None:
    """One that is never answered leaves those in line their whole time, and what was not sent never goes out."""
    central.gateway._deadline = 1
    async with central.charger() as charger:
        await central.until_told("connected")
        asking = [asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=1))]
        unanswered = await charger.receive()
        await asyncio.sleep(0.5)
        asking += [asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=id_)) for id_ in (2, 3)]
        # It goes out after half of its patience, and still has its whole time.
        second = await charger.receive()
        assert second[3] == {"transactionId": 2}
        await asyncio.sleep(0.7)
        await charger.send([3, second[1], {"status": "Accepted"}])
        late, answered, unsent = await asyncio.gather(*asking, return_exceptions=True)
        assert (type(late), answered, type(unsent)) == (ChargerTimeout, None, ChargerBusy)
        assert await charger.hears_nothing()
        # A late answer changes nothing, and the next CALL is served.
        await charger.send([3, unanswered[1], {"status": "Accepted"}])
        asking = [asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=9))]
        assert (await _answers(charger))[3] == {"transactionId": 9}
        await asking[0]


async def test_c5_what_is_not_sent_within_its_patience_is_never_sent(central: CentralSystem) -> None:
    central.gateway._deadline = 0.5
    async with central.charger() as charger:
        await central.until_told("connected")
        first = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=1))
        await charger.receive()
        central.gateway._deadline = 0.2
        calls = [central.gateway.remote_stop("CP1", transaction_id=id_) for id_ in range(2, 9)]
        failures = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(failure) for failure in failures] == [ChargerBusy] * 7
        assert not first.done()
        with pytest.raises(ChargerTimeout):
            await first
        assert await charger.hears_nothing(0.5)


async def test_c5_a_call_that_finds_too_many_in_line_is_never_sent(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        asking = [
            asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=id_ + 1))
            for id_ in range(MOST_WAITING)
        ]
        await charger.receive()
        with pytest.raises(ChargerBusy):
            await central.gateway.remote_stop("CP1", transaction_id=999)
    failures = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(failure) for failure in failures} == {ChargerOffline}


async def test_c5_closing_fails_one_that_is_stuck_while_it_is_sent_and_all_behind_it(central: CentralSystem) -> None:
    """The charger reads nothing, so that our CALL waits for room; then a newer connection takes over (C3)."""
    async with central.charger() as charger:
        await central.until_told("connected")
        charger.websocket.transport.pause_reading()
        payload = {"vendorId": "x", "data": "y" * 8_000_000}
        fills = asyncio.create_task(central.gateway.call("CP1", "DataTransfer", payload))
        await asyncio.sleep(0.2)
        connection = central.registry.current("CP1")
        assert connection is not None
        # Its turn comes, and it finds no room.
        connection._outbox._outstanding.answer.set_result({"status": "Accepted"})  # type: ignore[union-attr]
        await fills
        asking = [asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=id_)) for id_ in (1, 2, 3)]
        await asyncio.sleep(0.1)
        async with central.charger() as newer:
            async with asyncio.timeout(PATIENCE_S):
                failures = await asyncio.gather(*asking, return_exceptions=True)
            assert [type(failure) for failure in failures] == [ChargerOffline] * 3
            assert await newer.is_alive()
        charger.websocket.transport.abort()


class _Wire:
    """What an outbox sends on: it takes nothing more until there `is_room`."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.is_room = asyncio.Event()
        self.is_room.set()

    async def send(self, message_id: str, action: str, text: str) -> None:
        await self.is_room.wait()
        self.sent.append(message_id)


async def test_c5_one_that_is_stuck_while_it_is_sent_was_never_sent() -> None:
    wire = _Wire()
    wire.is_room.clear()
    outbox = Outbox(wire.send)
    with pytest.raises(ChargerBusy):
        await outbox.call("Reset", {}, 5.0, patience=0.05)
    wire.is_room.set()
    asking = asyncio.create_task(outbox.call("ClearCache", {}, 5.0))
    await asyncio.sleep(0)
    assert [outbox.action_of(message_id) for message_id in wire.sent] == ["ClearCache"]
    outbox.resolve(CallResult(wire.sent[0], {"status": "Accepted"}))
    assert await asking == {"status": "Accepted"}


@pytest.mark.parametrize("ending", ["deadline", "close"])
async def test_c5_an_answer_in_the_last_moment_counts(ending: str) -> None:
    wire = _Wire()
    outbox = Outbox(wire.send)
    asking = asyncio.create_task(outbox.call("Reset", {}, 0.05))
    await asyncio.sleep(0)
    # Each is due in the same round of the loop as the answer.
    if ending == "close":
        outbox.close()
    else:
        time.sleep(0.1)  # noqa: ASYNC251
    assert outbox.resolve(CallResult(wire.sent[0], {"status": "Accepted"}))
    assert await asking == {"status": "Accepted"}


async def test_c5_to_an_offline_charge_point_calls_fail_at_once(central: CentralSystem) -> None:
    with pytest.raises(ChargerOffline):
        await central.gateway.remote_start("CP1", connector_id=1, id_tag="TAG")
    assert central.gateway.last_seen("CP1") is None


@pytest.mark.parametrize("closing", ["close", "abort"])
async def test_c5_a_socket_that_closes_fails_all_calls_at_once(central: CentralSystem, closing: str) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        calls = [central.gateway.remote_stop("CP1", transaction_id=id_) for id_ in (1, 2, 3)]
        asking = asyncio.gather(*calls, return_exceptions=True)
        await charger.receive()
        if closing == "close":
            await charger.websocket.close()
        else:
            charger.websocket.transport.abort()
        assert [type(failure) for failure in await asking] == [ChargerOffline] * 3, "and not late, as ChargerTimeout"
    await central.until(lambda: central.registry.current("CP1") is None)


@pytest.mark.parametrize(
    "answer",
    [
        [3, "{id}", {"status": "Rejected"}],
        [3, "{id}", {"status": "NotImplemented"}],
        [3, "{id}", {"status": "accepted?"}],
        [3, "{id}", {"status": None}],
        [3, "{id}", {"status": ["Accepted"]}],
        [3, "{id}", {}],
        [3, "{id}", None],
        [3, "{id}", "Accepted"],
        [3, "{id}", ["Accepted"]],
        [3, "{id}"],
        [4, "{id}", "NotSupported", "", {}],
        [4, "{id}", "NotSupported", ""],
        [4, "{id}", "NotSupported"],
        [4, "{id}", None, None, None],
        [4, "{id}"],
    ],
    ids=json.dumps,
)
async def test_c5_a_no_or_an_answer_that_cannot_be_read_is_a_failure_at_once(
    central: CentralSystem, answer: list[Any]
) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        asking = asyncio.create_task(central.gateway.remote_start("CP1", connector_id=1, id_tag="TAG"))
        ours = await charger.receive()
        await charger.send([ours[1] if element == "{id}" else element for element in answer])
        with pytest.raises(ChargerRejected):
            async with asyncio.timeout(PATIENCE_S):
                await asking
        assert await charger.is_alive()


async def test_c5_thousands_of_unsolicited_results_during_a_call_are_dropped(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        asking = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=7))
        ours = await charger.receive()
        for number in range(3000):
            await charger.send([3, f"nobody asked {number}", {"status": "Accepted"}])
        assert not asking.done()
        await charger.send([3, ours[1], {"status": "Accepted"}])
        await asking
        assert await charger.is_alive()


async def test_c5_a_second_answer_to_the_same_call_is_dropped(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        asking = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=7))
        ours = await charger.receive()
        await charger.send([3, ours[1], {"status": "Accepted"}])
        await charger.send([4, ours[1], "GenericError", "", {}])
        await asking
        assert await charger.is_alive()


async def test_c3_the_newer_connection_wins(central: CentralSystem) -> None:
    async with central.charger() as old:
        await central.until_told("connected")
        asking = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=7))
        await old.receive()
        async with central.charger() as new:
            with pytest.raises(ChargerOffline):
                await asking
            assert await old.closed() == 1000
            assert await new.is_alive()
            asking = asyncio.create_task(central.gateway.remote_stop("CP1", transaction_id=8))
            assert (await _answers(new))[3] == {"transactionId": 8}
            await asking
            assert central.services.all("disconnected") == []
    await central.until_told("disconnected")
    assert central.services.all("connected") == [1, 1]
    assert central.services.all("disconnected") == [1]
    assert central.registry.current("CP1") is None


async def test_c3_a_connection_that_is_half_open_is_replaced_at_once(central: CentralSystem) -> None:
    """The old end neither reads nor answers the close."""
    async with central.charger() as old:
        await central.until_told("connected")
        old.websocket.transport.pause_reading()
        async with central.charger() as new:
            assert await new.is_alive()
        old.websocket.transport.abort()
    await central.until_told("disconnected")


async def test_c3_twenty_reconnects_end_with_one_connection(central: CentralSystem) -> None:
    async def connect() -> None:
        async with central.charger() as charger:
            with suppress(ConnectionClosed):
                await charger.is_alive()

    await asyncio.gather(*(connect() for _ in range(20)))
    await central.until(lambda: central.registry.current("CP1") is None)
    async with central.charger() as charger:
        assert await charger.is_alive()
        assert central.services.told[-1][0] != "disconnected"


async def test_c3_a_slow_leaving_never_lands_after_the_coming(central: CentralSystem) -> None:
    may_end = asyncio.Event()
    async with central.charger():
        await central.until_told("connected")
        central.services.busy["disconnected"] = may_end.wait  # type: ignore[assignment]
    await central.until(lambda: central.registry.current("CP1") is None)
    async with central.charger() as charger:
        await central.until(lambda: central.registry.current("CP1") is not None)
        may_end.set()
        assert await charger.is_alive()
        assert [kind for kind, _ in central.services.told if "connected" in kind] == [
            "connected",
            "disconnected",
            "connected",
        ]


async def test_c3_two_charge_points_do_not_touch_each_other(central: CentralSystem) -> None:
    async with central.charger("CP1") as one, central.charger("CP2") as two:
        assert await one.is_alive()
        assert await two.is_alive()
        assert len(central.registry) == 2


async def test_c4_leaving_is_told_again_when_the_database_was_locked(central: CentralSystem) -> None:
    async with central.charger():
        await central.until_told("connected")
        central.services.failing["disconnected"] = OSError("database is locked")
    await central.until(lambda: central.registry.current("CP1") is None)
    del central.services.failing["disconnected"]
    await central.until_told("disconnected")


async def test_when_we_shut_down_chargers_are_told_and_recorded_as_gone(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        await central.server.shutdown()
        assert await charger.closed() == 1012
    assert central.services.all("disconnected") == [1]


async def test_a_connection_that_cannot_be_recorded_is_closed_so_that_the_charger_tries_again(
    central: CentralSystem,
) -> None:
    central.services.failing["connected"] = OSError("database is locked")
    async with central.charger() as charger:
        assert await charger.closed() == 1011
    await central.until(lambda: central.registry.current("CP1") is None)


async def test_c9_a_repeated_call_gets_the_stored_answer_and_has_no_second_effect(central: CentralSystem) -> None:
    start = {"connectorId": 1, "idTag": "TAG", "meterStart": 5}
    async with central.charger() as charger:
        first = await charger.call("StartTransaction", start, "same")
        assert await charger.call("StartTransaction", start, "same") == first
        assert await charger.call("StopTransaction", STOP, "stop") == await charger.call(
            "StopTransaction", STOP, "stop"
        )
    assert len(central.services.all("start")) == len(central.services.all("stop")) == 1


async def test_c9_a_repetition_that_comes_while_the_first_is_handled_has_no_effect(central: CentralSystem) -> None:
    may_end = asyncio.Event()
    central.services.busy["stop"] = may_end.wait  # type: ignore[assignment]
    async with central.charger() as charger:
        for _ in range(3):
            await charger.send([2, "same", "StopTransaction", STOP])
        may_end.set()
        answers = [await charger.receive() for _ in range(3)]
        assert answers == [[3, "same", {"idTagInfo": {"status": "Accepted"}}]] * 3
    assert len(central.services.all("stop")) == 1


async def test_c9_an_id_that_is_used_again_for_another_message_is_a_new_message(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await charger.call("StopTransaction", STOP, 1)
        await charger.call("StopTransaction", STOP | {"transactionId": 8}, 1)
        await charger.call("MeterValues", METER_VALUES, 1)
    assert [stop.transaction_id for stop in central.services.all("stop")] == [7, 8]
    assert len(central.services.all("record")) == 1


async def test_c9_answers_are_remembered_for_one_connection_only(central: CentralSystem) -> None:
    for _ in range(2):
        async with central.charger() as charger:
            await charger.call("StopTransaction", STOP, "same")
    assert len(central.services.all("stop")) == 2
