"""C6: a StopTransaction with hours of transactionData, from the charger's socket to the ticket."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import websockets

from evgraph.domain.people import Role
from tests.journeys.client import PATIENCE_S, Json
from tests.journeys.garage import Garage, Person
from tests.journeys.wire import Wired, wired

MIB = 1024 * 1024
METER_START, METER_STOP = 1_000, 61_000
QUARANTINE = "action frame why meterWh chargePoint { identity }"


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def stop_of(size: int, transaction_id: int) -> Json:
    """A StopTransaction of exactly so many bytes as JSON: readings over eight hours, the rest padding."""
    ended = datetime.now(UTC)
    sample = {"measurand": "Energy.Active.Import.Register", "unit": "Wh", "context": "Sample.Periodic"}
    payload: Json = {
        "transactionId": transaction_id,
        "meterStop": METER_STOP,
        "timestamp": _iso(ended),
        "transactionData": [],
        "pad": "",
    }
    count = min(1900, (size - 1000) // 170)
    for number in range(count):
        at = ended - timedelta(hours=8) * ((count - number) / count)
        value = str(METER_START + (METER_STOP - METER_START) * number // count)
        payload["transactionData"].append({"timestamp": _iso(at), "sampledValue": [sample | {"value": value}]})
    # As Wired sends it.
    payload["pad"] = "x" * (size - len(json.dumps([2, "m0", "StopTransaction", payload])))
    return payload


async def begin(garage: Garage, operator: Person, charger: Wired) -> tuple[Json, int]:
    """The stay, and the transaction's id."""
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": _iso(datetime.now(UTC))}
    await charger.call("StatusNotification", status)
    checked_in = await operator.check_in()
    (port,) = [port for port in await operator.ports() if port["name"] == "AX48-1-1"]
    starting = asyncio.create_task(operator.started(checked_in["request"], port["id"]))
    asked = await charger.is_asked("RemoteStartTransaction")
    await starting
    began = datetime.now(UTC) - timedelta(hours=8)
    start = {"connectorId": 1, "idTag": asked["idTag"], "meterStart": METER_START, "timestamp": _iso(began)}
    answer = await charger.call("StartTransaction", start)
    return checked_in["stay"], answer["transactionId"]


async def line_items(operator: Person, stay: Json) -> list[Json]:
    return (await operator.ticket(stay))["lineItems"]  # type: ignore[no-any-return]


async def too_big(garage: Garage, message: Any) -> None:
    """It is sent on a connection of its own, which is closed for it."""
    async with wired(garage.server, "AX48-1", garage.keys["AX48-1"]) as charger:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await charger.websocket.send(message)
                await charger.websocket.wait_closed()
        except websockets.ConnectionClosed:
            pass
        assert charger.websocket.close_code == 1009


async def test_c6_the_bill_of_a_long_session_arrives_however_long_its_stop_is(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    await operator.set_rate("PER_KWH", "25")
    for size in (70_000, 330_000, MIB - 1, MIB):
        async with wired(garage.server, "AX48-1", garage.keys["AX48-1"]) as charger:
            stay, transaction_id = await begin(garage, operator, charger)
            # Its id is m2: the third that this charger sends.
            message = stop_of(size, transaction_id)
            assert len(json.dumps([2, "m2", "StopTransaction", message])) == size
            await charger.call("StopTransaction", message)
            # What is queued behind it arrives too.
            assert "currentTime" in await charger.call("Heartbeat", {})
            (item,) = await line_items(operator, stay)
            assert (item["quantity"], item["amount"]["cents"]) == ("60.000", 1500)
    assert await operator.all_of("quarantine", QUARANTINE) == []


async def test_c6_an_oversized_stop_is_flagged_and_taken_once_its_limit_is_raised(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    await operator.set_rate("PER_KWH", "25")
    async with wired(garage.server, "AX48-1", garage.keys["AX48-1"]) as charger:
        stay, transaction_id = await begin(garage, operator, charger)
    text = json.dumps([2, "m0", "StopTransaction", stop_of(MIB + 1, transaction_id)])

    await too_big(garage, text)
    (flag,) = await operator.all_of("quarantine", QUARANTINE)
    assert (flag["action"], flag["meterWh"]) == ("StopTransaction", METER_STOP)
    assert "1,048,577 bytes; the charge point's limit is 1,048,576" in flag["why"]
    assert text.startswith(flag["frame"])
    assert await line_items(operator, stay) == []

    # In fragments it is as long.
    await too_big(garage, [text[first : first + 50_000] for first in range(0, len(text), 50_000)])
    (flag,) = await operator.all_of("quarantine", QUARANTINE)
    assert "The limit is now 16,777,216 bytes" in flag["why"]

    # The raised limit outlives us.
    await garage.server.kill()
    await garage.server.start()
    async with wired(garage.server, "AX48-1", garage.keys["AX48-1"]) as charger:
        await charger.call("StopTransaction", stop_of(3 * MIB, transaction_id))
    (item,) = await line_items(operator, stay)
    assert item["amount"]["cents"] == 1500

    frames = 'frames(first: 50, action: "StopTransaction") { edges { node { kind frame } } }'
    connections = "connections(first: 50) { edges { node { closeCode closeReason } } }"
    document = f'{{ chargePoint(identity: "AX48-1") {{ {frames} {connections} }} }}'
    found = (await operator.data(document))["chargePoint"]
    kept = [edge["node"] for edge in found["frames"]["edges"]]
    assert [(one["kind"], len(one["frame"])) for one in kept if one["kind"] != "CALL_RESULT"] == [
        ("CALL", 3 * MIB),
        ("UNREADABLE", 4096),
        ("UNREADABLE", 4096),
    ]
    closed = [(edge["node"]["closeCode"], edge["node"]["closeReason"]) for edge in found["connections"]["edges"]]
    reason = "A message of 1,048,577 bytes is over the limit of 1,048,576 bytes."
    assert closed.count((1009, reason)) >= 1
    assert [code for code, _ in closed].count(1009) == 2
