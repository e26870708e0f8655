"""Chargers are brought into service, looked at and given new keys, over real sockets."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from evgraph.domain.people import Role
from evgraph.models import AccessTokenRow, database
from evgraph.simulator import BackOff, SimulatedChargePoint
from tests.journeys.client import PATIENCE_S, Json
from tests.journeys.garage import Garage, Person

CHARGE_POINT = """id isOnline acceptance isKeptConfigured
configuration { key value wish isDrifting answer readAt }"""


async def _charge_point(person: Person, identity: str = "AX48-1") -> Json:
    document = f"query($identity: String!) {{ chargePoint(identity: $identity) {{ {CHARGE_POINT} }} }}"
    return (await person.data(document, identity=identity))["chargePoint"]  # type: ignore[no-any-return]


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def _configured(person: Person) -> Json:
    """AX48-1's configuration by key, once what was set has been read back."""
    keys: Json = {}

    async def is_read_back() -> bool:
        keys.update({one["key"]: one for one in (await _charge_point(person))["configuration"]})
        ping = keys["WebSocketPingInterval"]
        return ping["answer"] == "Accepted" and not any(one["isDrifting"] for one in keys.values())

    await _until(is_read_back)
    return keys


async def _doctor(garage: Garage, *arguments: str, url: str | None = None, **environment: str) -> tuple[int, str]:
    """Its exit code, and what it printed."""
    command = [sys.executable, "-m", "evgraph", "doctor", *arguments, "--url", url or f"http://{garage.server.address}"]
    running = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await running.communicate())[0].decode()
    assert running.returncode is not None
    return running.returncode, printed


async def _is_online(person: Person) -> bool:
    return bool((await _charge_point(person))["isOnline"])


async def test_b3_a_boot_is_followed_by_the_wishes(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    async with garage.charger() as charger:
        await charger.told_everything()
        keys = await _configured(operator)
        assert keys["MeterValueSampleInterval"]["value"] == "15"
        assert keys["WebSocketPingInterval"] == keys["WebSocketPingInterval"] | {"value": "30", "answer": "Accepted"}
        assert not any(one["isDrifting"] for one in keys.values())
        assert "AuthorizationKey" not in keys


async def test_b3_what_it_refuses_is_shown_with_it(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    async with garage.charger(dialect="refuses-keys") as charger:
        await charger.told_everything()

        async def is_answered() -> bool:
            keys = {one["key"]: one for one in (await _charge_point(operator))["configuration"]}
            return (keys["HeartbeatInterval"]["answer"], keys["MeterValueSampleInterval"]["answer"]) == (
                "Rejected",
                "RebootRequired",
            )

        await _until(is_answered)


async def test_the_doctor_finds_a_charger_well(garage: Garage, database_url: str) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    async with garage.charger() as charger:
        await charger.told_everything()
        await _configured(operator)
        code, printed = await _doctor(garage, "AX48-1", EVGRAPH_DATABASE_URL=database_url)
        assert code == 0, printed
        assert "FAIL" not in printed
        for line in (
            "It is accepted.",
            "It is connected since",
            "Its clock is right",
            "Its configuration is as wished.",
            "Asked for a reading, it sent one with the register.",
            "Unplugging ends a session.",
            "It answers TriggerMessage.",
            "0 failed",
        ):
            assert line in printed, printed
        told = await operator.do(
            "signIn", "accessToken", email="operator@example.com", password="correct horse battery"
        )
        code, printed = await _doctor(garage, "AX48-1", "--json", EVGRAPH_TOKEN=told["accessToken"])
        assert code == 0, printed
        assert json.loads(printed)["verdict"] in ("OK", "WARN")
    await _no_token_is_left(database_url, 2)


async def _no_token_is_left(database_url: str, signed_in: int) -> None:
    """But those of who signed in."""
    await database.open_database(database_url)
    try:
        assert await AccessTokenRow.all().count() == signed_in
    finally:
        await database.close_database()


async def test_the_doctor_finds_what_is_wrong(garage: Garage, database_url: str) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    code, printed = await _doctor(garage, "AX48-7", EVGRAPH_DATABASE_URL=database_url)
    assert (code, "No charge point AX48-7" in printed) == (1, True), printed

    wrong = SimulatedChargePoint(garage.server.chargers_url, "AX48-1", "no key of mine", back_off=BackOff(0.05, 0.05))
    async with wrong:
        await _knocked(wrong)
    code, printed = await _doctor(garage, "AX48-1", EVGRAPH_DATABASE_URL=database_url)
    assert code == 1, printed
    assert "It is not connected" in printed
    assert "bad credentials: wrong key" in printed

    async with garage.charger(dialect="refuses-keys") as charger:
        await charger.told_everything()
        point = await _charge_point(operator)
        await operator.do("getConfiguration", "chargePoint { id }", chargePointId=point["id"])
        code, printed = await _doctor(garage, "AX48-1", EVGRAPH_DATABASE_URL=database_url)
        assert "should be" in printed, printed


async def test_the_doctor_says_why_it_cannot_run(garage: Garage, tmp_path: Path) -> None:
    code, printed = await _doctor(garage, "AX48-1", "--token", "none", url="http://127.0.0.1:9")
    assert (code, "No server answers" in printed) == (2, True), printed
    code, printed = await _doctor(garage, "AX48-1", "--token", "none")
    assert (code, "The server refused" in printed) == (2, True), printed
    code, printed = await _doctor(garage, "AX48-1", EVGRAPH_DATABASE_URL=f"sqlite://{tmp_path}/none/at/all.sqlite3")
    assert (code, "Error" in printed) == (2, True), printed


async def test_a_new_key_is_handed_over_and_the_old_one_ends_with_its_first_use(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    async with garage.charger() as charger:
        await charger.told_everything()
        point = await _charge_point(operator)
        rotated = await operator.do("rotateChargePointKey", "key handover", chargePointId=point["id"])
        assert (rotated["errors"], rotated["handover"]) == ([], "TAKEN")
        new = rotated["key"]
        assert len(bytes.fromhex(new)) == 20
    for key, gets_in in ((garage.keys["AX48-1"], True), (new, True), (garage.keys["AX48-1"], False), (new, True)):
        await _signs_in(garage, key, gets_in=gets_in)
    # Nothing of it stands in the log of what was said.
    assert new not in garage.server.log.read_text()


async def _knocked(charger: SimulatedChargePoint) -> None:
    async def is_answered() -> bool:
        return charger.is_connected or charger.problem is not None

    await _until(is_answered)


async def _signs_in(garage: Garage, key: str, *, gets_in: bool) -> None:
    back_off = BackOff(first=0.05, longest=0.05)
    async with SimulatedChargePoint(garage.server.chargers_url, "AX48-1", key, back_off=back_off) as charger:
        await _knocked(charger)
        assert charger.is_connected is gets_in, charger.problem


async def test_b1_a_charge_point_that_is_held_off_comes_into_service_when_it_is_accepted(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    point = await _charge_point(operator)
    held = await operator.do(
        "setChargePointAcceptance", "chargePoint { acceptance }", chargePointId=point["id"], acceptance="PENDING"
    )
    assert held["chargePoint"] == {"acceptance": "PENDING"}
    async with garage.charger() as charger:
        await _until(lambda: _is_online(operator))
        await operator.do(
            "setChargePointAcceptance", "chargePoint { id }", chargePointId=point["id"], acceptance="ACCEPTED"
        )
        # At its own pace it would boot again after five minutes.
        assert (await _configured(operator))["MeterValueSampleInterval"]["value"] == "15"
        await charger.told_everything()


async def test_a_charge_point_is_registered_and_connects(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    made = await operator.do(
        "registerChargePoint",
        "urlPath key chargePoint { identity acceptance ports { name } }",
        garageId=operator.garage_id,
        identity="AX48-9",
        connectors=2,
        maxPowerKw="11.5",
    )
    assert made["errors"] == []
    assert made["urlPath"] == "/ocpp/AX48-9"
    assert len(made["chargePoint"]["ports"]) == 2
    url = f"ws://{garage.server.address}" + made["urlPath"].rpartition("/")[0]
    async with SimulatedChargePoint(url, "AX48-9", made["key"], connectors=2, speed=18) as charger:
        await charger.told_everything()
        assert (await _charge_point(operator, "AX48-9"))["isOnline"]


async def test_b3_a_slow_charger_charges_while_it_is_configured(garage: Garage) -> None:
    operator = await garage.sign_in(Role.ATTENDANT)
    async with garage.charger(dialect="slow") as charger:
        await charger.told_everything()
        await charger.plug_in()
        checked_in = await operator.check_in()
        port = (await operator.board_now()).port("AX48-1-1")
        started = await operator.start(checked_in["request"], port["id"])
        assert started["errors"] == []
