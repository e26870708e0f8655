"""An operator registers, accepts, configures and checks charge points, and gives them new keys."""

import logging

import pytest

from evgraph.domain.asks import ChangeConfiguration, Configuration, ConfigurationKey, GetConfiguration, TriggerMessage
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.people import Role
from evgraph.schema.global_ids import encode, key_of
from evgraph.services.interfaces import ChargerOffline

KEYS = "key value isReadonly isKnown wish why isOperatorsWish isDrifting answer askedAt readAt"


@pytest.fixture
def held(chargers) -> dict[str, str]:
    """What every charge point of the test holds."""
    keys = {"HeartbeatInterval": "86400", "MeterValueSampleInterval": "15", "ConnectionTimeOut": "60"}

    def get(ask):
        named = ask.keys or tuple(keys)
        return Configuration(
            keys=tuple(ConfigurationKey(key, keys[key], key == "ConnectionTimeOut") for key in named if key in keys),
            unknown=tuple(key for key in named if key not in keys),
        )

    def change(ask):
        if ask.key not in keys:
            return "NotSupported"
        keys[ask.key] = ask.value
        return "Accepted"

    chargers.answers |= {GetConfiguration: get, ChangeConfiguration: change, TriggerMessage: "NotImplemented"}
    return keys


@pytest.fixture
def charge_point(world) -> str:
    return encode("ChargePoint", world.garage.charge_point_key)


async def test_what_a_charge_point_holds_is_read_and_stays_with_it(world, held, charge_point):
    operator = await world.sign_in(Role.OPERATOR)
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on ChargePoint {{ configuration {{ {KEYS} }} }} }} }}"
    unread = (await operator.data(document, id=charge_point))["node"]["configuration"]
    assert {one["readAt"] for one in unread} == {None}
    assert "MeterValuesSampledData" in {one["key"] for one in unread}

    payload = await operator.do("getConfiguration", f"configuration {{ {KEYS} }}", chargePointId=charge_point)
    told = {one["key"]: one for one in payload["configuration"]}
    heartbeat = told["HeartbeatInterval"]
    assert (heartbeat["value"], heartbeat["wish"], heartbeat["isDrifting"]) == ("86400", "300", True)
    assert heartbeat["why"] == "Its clock is set by the answer to each heartbeat."
    assert told["ConnectionTimeOut"]["isReadonly"]
    assert not told["WebSocketPingInterval"]["isKnown"]
    assert (await operator.data(document, id=charge_point))["node"]["configuration"] == payload["configuration"]

    some = await operator.do(
        "getConfiguration", "configuration { key }", chargePointId=charge_point, keys=["ConnectionTimeOut"]
    )
    assert some["configuration"] == [{"key": "ConnectionTimeOut"}]


async def test_a_key_is_set_and_read_back(world, held, charge_point):
    operator = await world.sign_in(Role.OPERATOR)
    given = {"chargePointId": charge_point, "key": "HeartbeatInterval", "value": "600"}
    payload = await operator.do("setConfiguration", f"status configurationKey {{ {KEYS} }}", **given)
    assert (payload["errors"], payload["status"]) == ([], "Accepted")
    kept = payload["configurationKey"]
    assert (kept["value"], kept["wish"], kept["isOperatorsWish"], kept["answer"]) == ("600", "600", True, "Accepted")
    assert held["HeartbeatInterval"] == "600"

    payload = await operator.do("setConfiguration", "status", chargePointId=charge_point, key="Nonsense", value="1")
    (error,) = payload["errors"]
    assert (error["code"], "NotSupported" in error["message"]) == ("CHARGER_REJECTED", True)
    payload = await operator.do(
        "setConfiguration", "status", chargePointId=charge_point, key="AuthorizationKey", value="1" * 40
    )
    assert [error["field"] for error in payload["errors"]] == [["input", "key"]]


async def test_a_charge_point_is_registered_once(world):
    operator = await world.sign_in(Role.OPERATOR)
    fields = "urlPath key chargePoint { id identity acceptance isKeptConfigured securityProfile ports { id } }"
    given = {
        "garageId": world.garage.id,
        "identity": "AX48=9@roof",
        "connectors": 2,
        "maxPowerKw": "22",
        "acceptance": "PENDING",
        "isKeptConfigured": False,
    }
    made = await operator.do("registerChargePoint", fields, **given)
    assert made["errors"] == []
    assert made["urlPath"] == "/ocpp/AX48%3D9%40roof"
    assert len(bytes.fromhex(made["key"])) == 20
    point = made["chargePoint"]
    assert (point["acceptance"], point["isKeptConfigured"], len(point["ports"])) == ("PENDING", False, 2)

    again = await operator.do("registerChargePoint", fields, **given)
    assert [(error["code"], error["field"]) for error in again["errors"]] == [("NAME_TAKEN", ["input", "identity"])]
    assert again["key"] is None


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"identity": "two words"}, "identity"),
        ({"identity": ""}, "identity"),
        ({"connectors": 0}, "connectors"),
        ({"maxPowerKw": "0"}, "maxPowerKw"),
        ({"maxPowerKw": "1001"}, "maxPowerKw"),
        ({"key": "short"}, "key"),
        ({"key": "long enough to serve", "hasNoKey": True}, "key"),
    ],
)
async def test_what_cannot_be_registered(world, given, field):
    operator = await world.sign_in(Role.OPERATOR)
    payload = await operator.do(
        "registerChargePoint", "key", **({"garageId": world.garage.id, "identity": "AX48-99"} | given)
    )
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID", ["input", field])]


async def test_it_may_have_a_key_already_or_none(world):
    operator = await world.sign_in(Role.OPERATOR)
    known = "k" * 16
    made = await operator.do("registerChargePoint", "key", garageId=world.garage.id, identity="A", key=known)
    assert made["key"] == known
    made = await operator.do(
        "registerChargePoint", "key errors { code }", garageId=world.garage.id, identity="B", hasNoKey=True
    )
    assert (made["key"], made["errors"]) == (None, [])


async def test_b1_an_acceptance_holds_at_once(world, chargers, charge_point):
    operator = await world.sign_in(Role.OPERATOR)
    for acceptance in ("PENDING", "ACCEPTED"):
        payload = await operator.do(
            "setChargePointAcceptance", "chargePoint { acceptance }", chargePointId=charge_point, acceptance=acceptance
        )
        assert payload["chargePoint"] == {"acceptance": acceptance}
    assert chargers.accepted == [("AX48-NYC-034", Acceptance.PENDING), ("AX48-NYC-034", Acceptance.ACCEPTED)]


async def test_a_key_is_rotated_and_told_once(world, held, chargers, charge_point):
    operator = await world.sign_in(Role.OPERATOR)
    held["AuthorizationKey"] = ""
    payload = await operator.do("rotateChargePointKey", "key handover", chargePointId=charge_point)
    assert (payload["errors"], payload["handover"]) == ([], "TAKEN")
    assert [ask.value for ask in chargers.all(ChangeConfiguration)] == [payload["key"]]
    chargers.answers[ChangeConfiguration] = "NotSupported"
    payload = await operator.do("rotateChargePointKey", "key handover", chargePointId=charge_point)
    assert (payload["key"], [error["code"] for error in payload["errors"]]) == (None, ["CHARGER_REJECTED"])
    payload = await operator.do("rotateChargePointKey", "key handover", chargePointId=charge_point, byHand=True)
    assert (payload["errors"], payload["handover"]) == ([], "BY_HAND")


async def test_it_is_kept_configured_or_not(world, charge_point):
    operator = await world.sign_in(Role.OPERATOR)
    for is_kept in (False, True):
        payload = await operator.do(
            "updateChargePoint",
            "chargePoint { isKeptConfigured }",
            chargePointId=charge_point,
            isKeptConfigured=is_kept,
        )
        assert payload["chargePoint"] == {"isKeptConfigured": is_kept}
    payload = await operator.do("updateChargePoint", "chargePoint { isKeptConfigured }", chargePointId=charge_point)
    assert payload["chargePoint"] == {"isKeptConfigured": True}


async def test_a_check_tells_what_is_not_well(world, held, chargers, charge_point):
    operator = await world.sign_in(Role.OPERATOR)
    fields = "report { verdict findings { topic verdict text advice } }"
    report = (await operator.do("checkChargePoint", fields, chargePointId=charge_point))["report"]
    found = {finding["topic"]: finding for finding in report["findings"]}
    assert found["online"]["verdict"] == "OK"
    assert "HeartbeatInterval is '86400' and should be '300'" in found["configuration"]["text"] + str(report)
    assert found["remote trigger"]["verdict"] == "WARN"

    chargers.answers |= {GetConfiguration: ChargerOffline("its connection closed")}
    report = (await operator.do("checkChargePoint", fields, chargePointId=charge_point))["report"]
    assert report["verdict"] == "FAIL"
    await world.house.charge_points.disconnected(key_of("ChargePoint", charge_point))
    report = (await operator.do("checkChargePoint", fields, chargePointId=charge_point))["report"]
    assert {finding["topic"]: finding["verdict"] for finding in report["findings"]}["online"] == "FAIL"


@pytest.mark.parametrize(
    ("selected", "is_shown"),
    [
        ("acceptance", True),
        ("isKeptConfigured", False),
        ("securityProfile", False),
        ("configuration { key }", False),
    ],
)
async def test_what_is_set_in_a_charge_point_is_its_operators_to_see(world, charge_point, selected, is_shown):
    attendant = await world.sign_in(Role.ATTENDANT)
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on ChargePoint {{ {selected} }} }} }}"
    answer = await attendant.ask(document, id=charge_point)
    assert ("errors" not in answer) is is_shown
    if not is_shown:
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


async def test_the_configurations_of_a_garage_cost_one_query(world, caplog):
    operator = await world.sign_in(Role.OPERATOR)
    document = "query($id: ID!) { garage(id: $id) { chargePoints { identity configuration { key } } } }"
    counted = []
    for identities in ("A",), ("B", "C", "D"):
        for identity in identities:
            await operator.do("registerChargePoint", "key", garageId=world.garage.id, identity=identity)
        await operator.data("{ viewer { id } }")
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="tortoise.db_client"):
            points = (await operator.data(document, id=world.garage.id))["garage"]["chargePoints"]
        counted.append(len([record for record in caplog.records if "SELECT" in record.getMessage()]))
    assert [len(point["configuration"]) for point in points] == [8] * 5
    assert counted[0] == counted[1] > 0
