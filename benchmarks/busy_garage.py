"""Makes a board as busy as the one that is asked for: 20 ports, 60 requests, each with a session; by way of the API and
of the chargers' sockets, as in life."""

import asyncio
from typing import Any

from benchmarks.charger import Charger
from benchmarks.contenders import Contender
from benchmarks.http_client import Http

PORTS, VEHICLES_A_PORT = 20, 3
_MAKES = ("Tesla Model 3", "Kia EV6", "Nissan Ariya", "Rivian R1S", "BMW i4")
_COLORS = ("White", "Black", "Blue", "Red")
# What a vehicle takes before the next one comes.
_CHARGE_WH = 20_000
_ACCEPTED = {"status": "Accepted"}
_STARTED_S = 20.0

_CHECK_IN = """
mutation($input: CheckInInput!) { checkIn(input: $input) { request { id } errors { message } } }
"""
START = """
mutation($input: StartChargingInput!) { startCharging(input: $input) { session { id } errors { message } } }
"""
_PORTS = """
query($id: ID!) { garage(id: $id) { ports { id chargePoint { identity } } } }
"""


async def fill(contender: Contender, token: str) -> dict[int, int]:
    """Each charger charges its third vehicle then. What its session began at, by the charger's place."""
    api = await Http().open(contender.server.port, token)
    try:
        await asyncio.gather(*(charger.boot() for charger in contender.chargers))
        ports = await ports_of(api, contender.garage_id)
        requests = [await _check_in(api, contender.garage_id, number) for number in range(PORTS * VEHICLES_A_PORT)]
    finally:
        api.close()
    began: dict[int, int] = {}

    async def charge(place: int, charger: Charger) -> None:
        for turn, request_id in enumerate(requests[place::PORTS]):
            began[place] = turn * (_CHARGE_WH + place * 10)
            await start(contender.server.port, token, charger, request_id, ports[f"AX48-{place + 1}"], began[place])
            if turn < VEHICLES_A_PORT - 1:
                await charger.end(began[place] + _CHARGE_WH + place * 10)

    await asyncio.gather(*(charge(place, charger) for place, charger in enumerate(contender.chargers)))
    return began


async def ports_of(api: Http, garage_id: str) -> dict[str, str]:
    """The port's global id, by the charge point's identity."""
    data = await api.ask(_PORTS, id=garage_id)
    return {port["chargePoint"]["identity"]: port["id"] for port in data["garage"]["ports"]}


async def _check_in(api: Http, garage_id: str, number: int) -> str:
    given = {
        "garageId": garage_id,
        "kind": "TRANSIENT",
        "evCharge": True,
        "channel": "POS",
        "vehicle": {
            "licensePlate": f"{100 + number * 7} ABC",
            "make": _MAKES[number % len(_MAKES)],
            "color": _COLORS[number % len(_COLORS)],
        },
    }
    answer = (await api.ask(_CHECK_IN, input=given))["checkIn"]
    _raise_refusals(answer)
    return str(answer["request"]["id"])


async def check_in(api: Http, garage_id: str) -> str:
    """The request of one more vehicle."""
    return await _check_in(api, garage_id, 0)


async def start(port: int, token: str, charger: Charger, request_id: str, port_id: str, meter_start: int) -> None:
    """Tap, remote start, transaction."""
    tag: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def asked(action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        if action != "RemoteStartTransaction":
            return None
        tag.set_result(payload["idTag"])
        return _ACCEPTED

    charger.asked = asked
    api = await Http().open(port, token)
    try:
        answer = (await api.ask(START, input={"requestId": request_id, "portId": port_id}))["startCharging"]
        _raise_refusals(answer)
        async with asyncio.timeout(_STARTED_S):
            await charger.begin_transaction(await tag, meter_start)
    finally:
        charger.asked = lambda action, payload: None
        api.close()


def _raise_refusals(answer: dict[str, Any]) -> None:
    if answer["errors"]:
        raise RuntimeError(f"The server refused: {answer['errors']}")
