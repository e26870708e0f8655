"""What an operator does to charge points through the API, and what becomes of it at the charge point."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from evgraph.domain.people import Role
from evgraph.simulator import Car
from tests.journeys.at_once import Bay, Journeys, until
from tests.journeys.client import GraphQLErrors, Json
from tests.journeys.garage import Person
from tests.patience import PATIENCE_S

JOURNEYS = Journeys("Operated")
operates = JOURNEYS.speaks
went_wrong = JOURNEYS.went_wrong()

CHARGE_POINT = """query($id: ID!) { node(id: $id) { ... on Port { isOutOfOrder chargePoint {
    id firmwareVersion lastBootAt
    configuration { key value wish isDrifting answer }
    reservations { id state idTag }
    frames(action: "GetConfiguration") { edges { node { frame } } } } } } }"""


def test_nothing_of_it_is_an_error_of_ours(went_wrong):
    assert went_wrong["errors"] is None


def test_c10_all_their_bills_can_be_derived_again_from_the_frames(went_wrong):
    assert went_wrong["derived"] is None


async def charge_point(bay: Bay) -> Json:
    found = await bay.operator.data(CHARGE_POINT, id=bay.port_id)
    return found["node"]["chargePoint"]  # type: ignore[no-any-return]


async def done(person: Person, mutation: str, fields: str, **given: Any) -> Json:
    """The payload, without errors."""
    payload = await person.do(mutation, fields, **given)
    assert payload["errors"] == [], payload
    return payload


async def shows(ask: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
    """What is asked for, once it is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds(found := await ask()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found


@operates()
async def test_a_reset_boots_the_charge_point_and_ends_its_session(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    booted_at = (await charge_point(bay))["lastBootAt"]
    id_ = (await charge_point(bay))["id"]
    await done(bay.operator, "resetChargePoint", "chargePoint { id }", chargePointId=id_, kind="SOFT")
    session = await bay.ends(checked_in, flags=set())
    assert session["stopReason"] == "SOFT_RESET"
    await shows(lambda: charge_point(bay), lambda it: it["lastBootAt"] > booted_at)
    assert len(bay.charger.log.calls("BootNotification")) == 2
    with pytest.raises(GraphQLErrors, match="FORBIDDEN"):
        await bay.attendant.do("resetChargePoint", "chargePoint { id }", chargePointId=id_, kind="HARD")
    await bay.charger.unplug()
    await bay.leaves(checked_in)


@operates()
async def test_unlocking_ends_the_session_and_frees_the_cable(bay):
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await done(bay.operator, "unlockConnector", "port { id }", portId=bay.port_id)
    session = await bay.ends(checked_in, flags=set())
    assert session["stopReason"] == "UNLOCK_COMMAND"
    await bay.charger.unplug()
    await bay.leaves(checked_in)


@operates()
async def test_out_of_order_and_back(bay):
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    change = "changeAvailability"
    answered = await done(bay.operator, change, "answer ports { id isOutOfOrder }", portId=bay.port_id, available=False)
    assert answered["answer"] == "Accepted"
    await bay.screen.shows_port(bay.port_id, status="UNAVAILABLE", isOpen=False)
    await bay.charger.wait_for_status(1, "Unavailable")
    checked_in = await bay.check_in()
    started = await bay.attendant.start(checked_in["request"], bay.port_id)
    assert [error["code"] for error in started["errors"]] == ["PORT_NOT_OPEN"]
    await done(bay.operator, change, "answer", portId=bay.port_id, available=True)
    await bay.charger.wait_for_status(1, "Available")
    await bay.begins(checked_in)
    scheduled = await done(bay.operator, change, "answer", portId=bay.port_id, available=False)
    assert scheduled["answer"] == "Scheduled"
    await bay.charger.unplug()
    await bay.screen.shows(checked_in["request"], "CHARGED")
    await bay.screen.shows_port(bay.port_id, status="UNAVAILABLE", isOpen=False)
    await done(bay.operator, change, "answer", portId=bay.port_id, available=True)
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    await bay.leaves(checked_in)


@operates("refuses-keys")
async def test_b3_what_a_charge_point_refuses_is_shown_with_it(bay):
    def keys(found: Json) -> dict[str, Json]:
        return {key["key"]: key for key in found["configuration"]}

    def has_answered(found: Json) -> bool:
        held = keys(found)
        return "MeterValuesSampledData" in held and held["MeterValuesSampledData"]["answer"] is not None

    found = await shows(lambda: charge_point(bay), has_answered)
    sampled = keys(found)["MeterValuesSampledData"]
    assert sampled["value"] == "Energy.Active.Import.Register"
    id_ = found["id"]
    reboot = await done(
        bay.operator,
        "setConfiguration",
        "status configurationKey { key wish isDrifting }",
        chargePointId=id_,
        key="MeterValueSampleInterval",
        value="17",
    )
    assert reboot["status"] == "RebootRequired"
    read = await done(
        bay.operator,
        "getConfiguration",
        "configuration { key value wish isDrifting }",
        chargePointId=id_,
        keys=["MeterValueSampleInterval"],
    )
    (interval,) = (key for key in read["configuration"] if key["key"] == "MeterValueSampleInterval")
    assert (interval["wish"], interval["isDrifting"]) == ("17", True)
    await bay.charger.power_cycle()
    found = await shows(lambda: charge_point(bay), lambda it: not keys(it)["MeterValueSampleInterval"]["isDrifting"])
    assert keys(found)["MeterValueSampleInterval"]["value"] == "17"


@operates()
async def test_a_message_is_triggered_and_read_in_the_log(bay):
    id_ = (await charge_point(bay))["id"]
    before = len(bay.charger.log.calls("MeterValues"))
    await done(
        bay.operator, "triggerMessage", "chargePoint { id }", chargePointId=id_, message="METER_VALUES", connectorId=1
    )
    await until(lambda: len(bay.charger.log.calls("MeterValues")) > before)
    frames = 'query($id: ID!) { node(id: $id) { ... on ChargePoint { frames(action: "MeterValues") { edges { node {'
    frames += " direction kind frame } } } } } }"

    async def logged() -> list[Json]:
        return [edge["node"] for edge in (await bay.operator.data(frames, id=id_))["node"]["frames"]["edges"]]

    found = await shows(logged, lambda it: len(it) >= 1)
    assert any('"Trigger"' in frame["frame"] for frame in found)


async def subscriptions(bay: Bay) -> int:
    """How many the server has."""
    (told,) = [line for line in await bay.operator.metrics() if line.startswith("evgraph_subscriptions ")]
    return int(told.split()[1])


@operates()
async def test_firmware_is_followed_until_it_is_installed(bay):
    id_ = (await charge_point(bay))["id"]
    document = "subscription($id: ID) { chargePointJobUpdated(chargePointId: $id) { id kind status endedAt } }"
    before = await subscriptions(bay)
    async with bay.operator.over_socket(document, id=id_) as updates:
        # It says nothing of its beginning; no other journey here opens one.
        await shows(lambda: subscriptions(bay), lambda it: it == before + 1)
        asked = await done(
            bay.operator,
            "updateFirmware",
            "job { id kind }",
            chargePointId=id_,
            location="https://firmware.example/ax48-2.4.0.bin",
        )
        told = []
        while not told or told[-1] != "Installed":
            update = (await updates.next())["chargePointJobUpdated"]
            assert update["id"] == asked["job"]["id"]
            told.append(update["status"])
    # What happened while it was opened is told by what it led to.
    followed = [status for status in told if status in FIRMWARE]
    assert followed == FIRMWARE[-len(followed) :]
    assert (await charge_point(bay))["firmwareVersion"] == "2.4.0"


FIRMWARE = ["Downloading", "Downloaded", "Installing", "Installed"]


@operates()
async def test_diagnostics_are_followed_until_they_are_uploaded(bay):
    id_ = (await charge_point(bay))["id"]
    asked = await done(
        bay.operator, "getDiagnostics", "job { id fileName }", chargePointId=id_, location="ftp://logs.example/in/"
    )
    assert asked["job"]["fileName"].startswith("diagnostics-")
    document = "query($id: ID!) { node(id: $id) { ... on ChargePointJob { status endedAt } } }"

    async def job() -> Json:
        return (await bay.operator.data(document, id=asked["job"]["id"]))["node"]  # type: ignore[no-any-return]

    assert (await shows(job, lambda it: it["endedAt"] is not None))["status"] == "Uploaded"


@operates()
async def test_a_reservation_keeps_others_away_until_it_is_cancelled(bay):
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    expires_at = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    made = await done(
        bay.operator,
        "reserveNow",
        "reservation { id state idTag }",
        portId=bay.port_id,
        idTag="GUEST-48",
        expiresAt=expires_at,
    )
    await bay.charger.wait_for_status(1, "Reserved")
    await bay.screen.shows_port(bay.port_id, status="RESERVED", isOpen=False)
    assert not await bay.charger.start_locally(1, "SOMEBODY-ELSE")
    await done(bay.operator, "cancelReservation", "reservation { state }", reservationId=made["reservation"]["id"])
    await bay.charger.wait_for_status(1, "Available")
    checked_in = await bay.check_in()
    await bay.begins(checked_in)
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    await bay.leaves(checked_in)


@operates()
async def test_a_charging_profile_lowers_the_power(bay):
    checked_in = await bay.check_in()
    await bay.screen.shows_port(bay.port_id, isOpen=True)
    await bay.attendant.started(checked_in["request"], bay.port_id)
    await bay.charger.plug_in(1, Car(state_of_charge=0.1, max_power_w=11_500))
    shown = await bay.screen.shows(checked_in["request"], "CHARGING")
    await bay.takes(4)
    assert bay.charger.connector(1).power_w == 11_500
    id_ = (await charge_point(bay))["id"]
    await done(
        bay.operator,
        "setChargingProfile",
        "profile { profileId }",
        chargePointId=id_,
        connectorId=1,
        purpose="TX_DEFAULT_PROFILE",
        kind="RELATIVE",
        unit="W",
        periods=[{"startSeconds": 0, "limit": "4000"}],
    )
    assert bay.charger.connector(1).power_w == 4000
    power = "query($id: ID!) { session(id: $id) { powerKw } }"

    async def told_kw() -> float:
        return (await bay.attendant.data(power, id=shown["session"]["id"]))["session"]["powerKw"]  # type: ignore[no-any-return]

    await shows(told_kw, lambda it: it == 4.0)
    composite = await done(
        bay.operator,
        "getCompositeSchedule",
        "schedule { unit periods { startSeconds limit } }",
        chargePointId=id_,
        connectorId=1,
        durationSeconds=600,
        unit="W",
    )
    (period,) = composite["schedule"]["periods"]
    assert (period["startSeconds"], float(period["limit"])) == (0, 4000.0)
    await done(
        bay.operator, "clearChargingProfile", "chargePoint { id }", chargePointId=id_, purpose="TX_DEFAULT_PROFILE"
    )
    assert bay.charger.connector(1).power_w == 11_500
    await bay.charger.unplug()
    await bay.ends(checked_in, flags=set())
    await bay.leaves(checked_in)


@operates()
async def test_any_call_can_be_made_raw_and_a_wrong_payload_never_leaves(bay):
    id_ = (await charge_point(bay))["id"]
    echo = {"vendorId": "Phihong Technology", "messageId": "Echo", "data": "48"}
    given = {"chargePointId": id_, "action": "DataTransfer"}
    answered = await done(bay.operator, "callChargePoint", "result", payload=echo, **given)
    assert answered["result"] == {"status": "Accepted", "data": "48"}
    sent = len(bay.charger.log.calls("DataTransfer", "in"))
    for wrong in ({"messageId": "Echo"}, {**echo, "vendorId": 48}, {**echo, "more": "than there is"}):
        payload = await bay.operator.do("callChargePoint", "result", payload=wrong, **given)
        assert [error["code"] for error in payload["errors"]] == ["INVALID"], payload
    assert len(bay.charger.log.calls("DataTransfer", "in")) == sent
    unknown = await bay.operator.do("callChargePoint", "result", chargePointId=id_, action="MakeCoffee", payload={})
    assert [error["code"] for error in unknown["errors"]] == ["INVALID"]


async def test_a_listed_card_starts_while_the_server_is_away(open_garage):
    async with open_garage(upkeep_every_s=0.1) as garage:
        operator = await garage.sign_in(Role.OPERATOR)
        async with garage.charger() as charger:
            await charger.connected()
            await charger.told_everything()
            add = {"garageId": operator.garage_id, "idTag": "Staff-7", "name": "Ana"}
            await done(operator, "addCard", "card { id status }", **add)
            port = (await operator.board_now()).port("AX48-1-1")
            id_ = (await operator.data(CHARGE_POINT, id=port["id"]))["node"]["chargePoint"]["id"]
            sent = await done(operator, "sendLocalList", "status version entryCount", chargePointId=id_)
            assert (sent["status"], sent["entryCount"]) == ("Accepted", 1)
            await done(
                operator,
                "setConfiguration",
                "status",
                chargePointId=id_,
                key="AllowOfflineTxForUnknownId",
                value="false",
            )
            await garage.server.kill()
            await charger.disconnected()
            assert not await charger.start_locally(1, "STRANGER")
            assert await charger.start_locally(1, "STAFF-7")
            await charger.plug_in(1, Car(state_of_charge=0.1))
            await charger.has_queued(6)
            await charger.unplug()
            await garage.server.start()
            await charger.told_everything()
            (session,) = await operator.all_of("sessions", "status energyWh flags stay { id }")
            assert session == {
                "status": "ENDED",
                "energyWh": charger.delivered[0].energy_wh,
                "flags": [],
                "stay": None,
            }
