"""What an operator tells charge points, through the graph."""

import logging
from datetime import timedelta
from decimal import Decimal

import pytest

from evgraph.domain.asks import (
    CancelReservation,
    ChangeAvailability,
    ClearCache,
    ClearChargingProfile,
    CompositeSchedule,
    DataTransfer,
    GetCompositeSchedule,
    ReserveNow,
    Reset,
    ResetKind,
    SetChargingProfile,
    TriggerMessage,
    UnlockConnector,
    VendorAnswer,
)
from evgraph.domain.charging_profile import ChargingRateUnit, ChargingSchedule, SchedulePeriod
from evgraph.domain.people import Role
from evgraph.schema.global_ids import encode
from evgraph.services.interfaces import BadCall, ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout

PROFILE = """profile {
  profileId connectorId stackLevel purpose kind recurrency validFrom validTo unit durationSeconds startsAt minRate
  periods { startSeconds limit phases } setBy setAt session { id }
}"""
TX_DEFAULT = {
    "purpose": "TX_DEFAULT_PROFILE",
    "kind": "RELATIVE",
    "unit": "A",
    "periods": [{"startSeconds": 0, "limit": "32"}, {"startSeconds": 1800, "limit": "16.5", "phases": 1}],
}
SEEN = "query($id: ID!) { node(id: $id) { ... on ChargePoint { %s } } }"


@pytest.fixture
async def operator(world):
    return await world.sign_in(Role.OPERATOR)


@pytest.fixture
def charge_point(world) -> str:
    return encode("ChargePoint", world.garage.charge_point_key)


CALL = """mutation($input: CallChargePointInput!) {
  callChargePoint(input: $input) { result errors { code message field } }
}"""


async def call(api, charge_point: str, action: str, **payload):
    given = {"chargePointId": charge_point, "action": action} | payload
    return (await api.data(CALL, input=given))["callChargePoint"]


def the_error(payload) -> tuple[str, list[str] | None]:
    (error,) = payload["errors"]
    assert error["message"].endswith(".")
    return error["code"], error["field"]


async def test_each_command_reaches_its_charge_point(world, operator, charge_point):
    answers, port = world.chargers.answers, world.garage.ports[1]
    commands = [
        ("resetChargePoint", {"chargePointId": charge_point, "kind": "HARD"}, Reset(ResetKind.HARD), "Accepted"),
        ("unlockConnector", {"portId": port}, UnlockConnector(2), "Unlocked"),
        (
            "triggerMessage",
            {"chargePointId": charge_point, "message": "STATUS_NOTIFICATION", "connectorId": 2},
            TriggerMessage("StatusNotification", 2),
            "Accepted",
        ),
        (
            "triggerMessage",
            {"chargePointId": charge_point, "message": "HEARTBEAT"},
            TriggerMessage("Heartbeat"),
            "Accepted",
        ),
        ("clearCache", {"chargePointId": charge_point}, ClearCache(), "Accepted"),
        (
            "clearChargingProfile",
            {"chargePointId": charge_point, "stackLevel": 0},
            ClearChargingProfile(stack_level=0),
            "Accepted",
        ),
    ]
    for name, given, ask, yes in commands:
        shown = "port { id }" if name == "unlockConnector" else "chargePoint { identity }"
        found = {"port": {"id": port}} if name == "unlockConnector" else {"chargePoint": {"identity": "AX48-NYC-034"}}
        answers[type(ask)] = yes
        assert await operator.do(name, shown, **given) == found | {"errors": []}
        assert world.chargers.asks[-1] == ("AX48-NYC-034", ask)
        field = ["input", "portId" if name == "unlockConnector" else "chargePointId"]
        for told, code in (
            ("Perhaps", "CHARGER_REJECTED"),
            (ChargerRejected("NotSupported: no"), "CHARGER_REJECTED"),
            (ChargerOffline("gone"), "CHARGER_OFFLINE"),
            (ChargerTimeout("late"), "CHARGER_TIMEOUT"),
            (ChargerBusy("never sent"), "CHARGER_BUSY"),
        ):
            answers[type(ask)] = told
            payload = await operator.do(name, shown, **given)
            assert the_error(payload) == (code, field)
            assert set(payload) - {"errors"} == {key for key in payload if payload[key] is None}


async def test_a_vendors_message_and_its_answer(world, operator, charge_point):
    world.chargers.answers[DataTransfer] = VendorAnswer("Accepted", "done")
    payload = await operator.do(
        "dataTransfer", "status data", chargePointId=charge_point, vendorId="com.phihong", messageId="Light", data="off"
    )
    assert payload == {"status": "Accepted", "data": "done", "errors": []}
    assert world.chargers.asks[-1][1] == DataTransfer("com.phihong", "Light", "off")


async def test_any_call_goes_out_as_it_is_and_its_result_comes_back(world, operator, charge_point):
    world.chargers.raw_answer = {
        "configurationKey": [{"key": "Limit", "value": None, "exact": Decimal("16.5"), "whole": Decimal("2.0")}]
    }
    given = {"key": ["Limit"], "odd": [1, 2.5, None, True, {"a": "b"}]}
    payload = await call(operator, charge_point, "GetConfiguration", payload=given)
    assert payload == {
        "result": {"configurationKey": [{"key": "Limit", "value": None, "exact": 16.5, "whole": 2}]},
        "errors": [],
    }
    assert world.chargers.raw == [("AX48-NYC-034", "GetConfiguration", given)]
    for empty in ({}, {"payload": None}, {"payload": {}}):
        await call(operator, charge_point, "ClearCache", **empty)
        assert world.chargers.raw[-1] == ("AX48-NYC-034", "ClearCache", {})


async def test_c5_a_result_of_any_shape_is_shown_or_refused(world, operator, charge_point):
    world.chargers.raw_answer = {
        "beyond": 2**70,
        "decimal": Decimal("1E+30"),
        "tiny": Decimal("0.1"),
        "half \ud800": "a \ud800 b",
        "flags": [True, False, None, -7],
    }
    payload = await call(operator, charge_point, "ClearCache")
    assert payload["result"] == {
        "beyond": "1180591620717411303424",
        "decimal": "1000000000000000000000000000000",
        "tiny": 0.1,
        "half ?": "a ? b",
        "flags": [True, False, None, -7],
    }
    endless: list = []
    for _ in range(900):
        endless = [endless]
    world.chargers.raw_answer = {"data": endless}
    payload = await call(operator, charge_point, "ClearCache")
    assert payload["result"] is None
    assert the_error(payload) == ("CHARGER_REJECTED", ["input", "chargePointId"])
    world.chargers.raw_answer = ChargerRejected("InternalError: a \ud800\n\x00b" + "x" * 5000)
    payload = await call(operator, charge_point, "ClearCache")
    assert payload["errors"][0]["message"].startswith("AX48-NYC-034 refused: InternalError: a bxxx")
    assert len(payload["errors"][0]["message"]) < 250


async def test_a_payload_may_stand_in_the_document(world, operator, charge_point):
    document = """mutation($id: ID!) {
      callChargePoint(input: {chargePointId: $id, action: "Reset", payload: {type: "Soft", n: [1, 2.5, null]}}) {
        errors { code }
      }
    }"""
    assert await operator.data(document, id=charge_point) == {"callChargePoint": {"errors": []}}
    assert world.chargers.raw == [("AX48-NYC-034", "Reset", {"type": "Soft", "n": [1, 2.5, None]})]


async def test_a_call_that_cannot_be_sent_names_what_is_wrong_with_it(world, operator, charge_point):
    for wrong in ([1], "Hard", 7, True):
        assert the_error(await call(operator, charge_point, "Reset", payload=wrong)) == (
            "INVALID",
            ["input", "payload"],
        )
    assert world.chargers.raw == []
    world.chargers.raw_answer = BadCall("Reset.type must be one of Hard, Soft.", "payload")
    payload = await call(operator, charge_point, "Reset", payload={"type": "Hot"})
    assert the_error(payload) == ("INVALID", ["input", "payload"])
    assert payload["errors"][0]["message"] == "Reset.type must be one of Hard, Soft."
    world.chargers.raw_answer = BadCall("There is no Nonsense.", "action")
    assert the_error(await call(operator, charge_point, "Reset")) == ("INVALID", ["input", "action"])
    world.chargers.raw_answer = ChargerRejected("NotSupported: ")
    assert the_error(await call(operator, charge_point, "Reset")) == ("CHARGER_REJECTED", ["input", "chargePointId"])


async def test_a_port_goes_out_of_order_and_comes_back(world, operator, charge_point):
    ports = "ports { connectorId status isOpen isOutOfOrder } answer warning chargePoint { identity }"
    world.chargers.answers[ChangeAvailability] = ChargerOffline("gone")
    payload = await operator.do("changeAvailability", ports, portId=world.garage.ports[0], available=False)
    assert payload == {
        "ports": [{"connectorId": 1, "status": "UNAVAILABLE", "isOpen": False, "isOutOfOrder": True}],
        "answer": None,
        "warning": "AX48-NYC-034 is offline. Ask again when it is connected.",
        "chargePoint": {"identity": "AX48-NYC-034"},
        "errors": [],
    }
    checked_in = await world.check_in(operator)
    start = {"requestId": checked_in["request"]["id"], "portId": world.garage.ports[0]}
    payload = await operator.do("startCharging", "session { id }", **start)
    assert payload["errors"][0]["message"].endswith("is out of order. Choose another port.")
    world.chargers.answers[ChangeAvailability] = "Accepted"
    payload = await operator.do("changeAvailability", ports, chargePointId=charge_point, available=True)
    assert [(found["connectorId"], found["isOpen"]) for found in payload["ports"]] == [(1, True), (2, True)]
    assert (payload["answer"], payload["warning"], payload["errors"]) == ("Accepted", None, [])
    both = {"portId": world.garage.ports[0], "chargePointId": charge_point}
    for named in ({}, both):
        payload = await operator.do("changeAvailability", ports, available=False, **named)
        assert the_error(payload) == ("INVALID", ["input", "portId"])


async def test_a_reservation_is_made_shown_and_cancelled(world, operator, charge_point):
    world.chargers.answers |= {ReserveNow: "Accepted", CancelReservation: "Accepted"}
    shown = "reservation { id connectorId port { id } idTag parentIdTag state expiresAt madeBy madeAt }"
    given = {"portId": world.garage.ports[1], "idTag": "staff-7", "expiresAt": "2026-11-22T10:00:00+00:00"}
    payload = await operator.do("reserveNow", shown, parentIdTag="staff", **given)
    made = payload["reservation"]
    assert made | {"id": None} == {
        "id": None,
        "connectorId": 2,
        "port": {"id": world.garage.ports[1]},
        "idTag": "staff-7",
        "parentIdTag": "staff",
        "state": "ACTIVE",
        "expiresAt": "2026-11-22T10:00:00.000Z",
        "madeBy": "Operator",
        "madeAt": "2026-11-22T08:48:00.000Z",
    }
    anywhere = {"chargePointId": charge_point, "idTag": "X", "expiresAt": "2026-11-22T10:00:00Z"}
    payload = await operator.do("reserveNow", shown, **anywhere)
    assert (payload["reservation"]["port"], payload["reservation"]["connectorId"]) == (None, 0)
    payload = await operator.do("cancelReservation", "reservation { id state }", reservationId=made["id"])
    assert payload == {"reservation": {"id": made["id"], "state": "CANCELED"}, "errors": []}
    world.clock.turn(hours=2)
    data = await operator.data(SEEN % "reservations { idTag state }", id=charge_point)
    assert data["node"]["reservations"] == [
        {"idTag": "X", "state": "EXPIRED"},
        {"idTag": "staff-7", "state": "CANCELED"},
    ]
    payload = await operator.do("reserveNow", shown, **given)
    assert the_error(payload) == ("INVALID", ["input", "expiresAt"])
    payload = await operator.do("cancelReservation", "reservation { id }", reservationId=made["id"])
    assert the_error(payload) == ("INVALID", ["input", "reservationId"])


async def test_a_profile_is_set_shown_and_cleared(world, operator, charge_point):
    world.chargers.answers |= {SetChargingProfile: "Accepted", ClearChargingProfile: "Accepted"}
    payload = await operator.do("setChargingProfile", PROFILE, chargePointId=charge_point, **TX_DEFAULT)
    made = payload["profile"]
    assert made == {
        "profileId": 1,
        "connectorId": 0,
        "stackLevel": 0,
        "purpose": "TX_DEFAULT_PROFILE",
        "kind": "RELATIVE",
        "recurrency": None,
        "validFrom": None,
        "validTo": None,
        "unit": "A",
        "durationSeconds": None,
        "startsAt": None,
        "minRate": None,
        "periods": [
            {"startSeconds": 0, "limit": "32", "phases": None},
            {"startSeconds": 1800, "limit": "16.5", "phases": 1},
        ],
        "setBy": "Operator",
        "setAt": "2026-11-22T08:48:00.000Z",
        "session": None,
    }
    recurring = {
        "chargePointId": charge_point,
        "purpose": "CHARGE_POINT_MAX_PROFILE",
        "kind": "RECURRING",
        "recurrency": "WEEKLY",
        "startsAt": "2026-11-16T00:00:00Z",
        "durationSeconds": 604_800,
        "validTo": "2027-01-01T00:00:00Z",
        "minRate": "1380",
        "unit": "W",
        "stackLevel": 3,
        "profileId": 40,
        "periods": [{"startSeconds": 0, "limit": "22000.5"}],
    }
    payload = await operator.do("setChargingProfile", PROFILE, **recurring)
    assert payload["errors"] == []
    data = await operator.data(SEEN % f"chargingProfiles {PROFILE.removeprefix('profile ')}", id=charge_point)
    assert data["node"]["chargingProfiles"] == [payload["profile"], made]
    cleared = "chargePoint { chargingProfiles { profileId } }"
    payload = await operator.do(
        "clearChargingProfile", cleared, chargePointId=charge_point, purpose="CHARGE_POINT_MAX_PROFILE"
    )
    assert payload == {"chargePoint": {"chargingProfiles": [{"profileId": 1}]}, "errors": []}


async def test_a_profile_for_one_session_shows_it(world, operator, charge_point):
    world.chargers.answers[SetChargingProfile] = "Accepted"
    checked_in = await world.check_in(operator)
    session_id = await world.start(operator, checked_in["request"]["id"])
    of_session = TX_DEFAULT | {"purpose": "TX_PROFILE", "sessionId": session_id, "chargePointId": charge_point}
    payload = await operator.do("setChargingProfile", PROFILE, **of_session)
    assert the_error(payload) == ("SESSION_NOT_ACTIVE", ["input", "sessionId"])
    transaction = await world.garage.begin(session_id)
    payload = await operator.do("setChargingProfile", PROFILE, **of_session)
    assert (payload["profile"]["session"], payload["profile"]["connectorId"]) == ({"id": session_id}, 1)
    world.clock.turn(minutes=5)
    await world.garage.end(transaction, 3000)
    data = await operator.data(SEEN % "chargingProfiles { profileId }", id=charge_point)
    assert data["node"]["chargingProfiles"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"periods": []}, "periods"),
        ({"periods": [{"startSeconds": 0, "limit": "16.55"}]}, "periods"),
        ({"periods": [{"startSeconds": 0, "limit": "-1"}]}, "periods"),
        ({"purpose": "TX_PROFILE", "connectorId": 1}, "sessionId"),
        ({"purpose": "CHARGE_POINT_MAX_PROFILE", "connectorId": 1}, "connectorId"),
        ({"kind": "RECURRING"}, "recurrency"),
        ({"startsAt": "2026-11-22T10:00:00Z"}, "startsAt"),
        ({"connectorId": 9}, "connectorId"),
    ],
)
async def test_a_profile_that_cannot_be_is_not_sent(world, operator, charge_point, wrong, field):
    payload = await operator.do("setChargingProfile", PROFILE, **(TX_DEFAULT | {"chargePointId": charge_point} | wrong))
    assert the_error(payload) == ("INVALID", ["input", field])
    assert world.chargers.asks == []


async def test_a_composite_schedule_is_told(world, operator, charge_point):
    world.chargers.answers[GetCompositeSchedule] = CompositeSchedule(
        status="Accepted",
        connector_id=None,
        starts_at=world.clock.now(),
        schedule=ChargingSchedule(
            unit=ChargingRateUnit.A,
            periods=(SchedulePeriod(start_s=0, limit=Decimal("16.5"), phases=3),),
            duration_s=3600,
            starts_at=world.clock.now() - timedelta(hours=1),
        ),
    )
    shown = "schedule { connectorId startsAt unit durationSeconds minRate periods { startSeconds limit phases } }"
    given = {"chargePointId": charge_point, "connectorId": 1, "durationSeconds": 3600}
    assert await operator.do("getCompositeSchedule", shown, unit="W", **given) == {
        "schedule": {
            "connectorId": 1,
            "startsAt": "2026-11-22T08:48:00.000Z",
            "unit": "A",
            "durationSeconds": 3600,
            "minRate": None,
            "periods": [{"startSeconds": 0, "limit": "16.5", "phases": 3}],
        },
        "errors": [],
    }
    asked = GetCompositeSchedule(connector_id=1, duration_s=3600, unit=ChargingRateUnit.W)
    assert world.chargers.asks[-1][1] == asked
    world.chargers.answers[GetCompositeSchedule] = CompositeSchedule(
        status="Rejected", connector_id=None, starts_at=None, schedule=None
    )
    payload = await operator.do("getCompositeSchedule", shown, **given)
    assert the_error(payload) == ("CHARGER_REJECTED", ["input", "chargePointId"])


async def test_what_charge_points_hold_costs_the_same_number_of_queries_however_much(world, operator, caplog):
    world.chargers.answers |= {ReserveNow: "Accepted", SetChargingProfile: "Accepted"}
    caplog.set_level(logging.DEBUG, logger="tortoise.db_client")
    document = """query($id: ID!) { garage(id: $id) { chargePoints {
        reservations { idTag port { name } } chargingProfiles { profileId session { id } periods { limit } } } } }"""
    checked_in = await world.check_in(operator)
    session_id = await world.start(operator, checked_in["request"]["id"])
    await world.garage.begin(session_id)
    counted = []
    for number in range(1, 4):
        identity = f"MORE-{number}"
        charge_point, _ = await world.house.registration.add_charge_point(garage_id=world.garage.key, identity=identity)
        for key, more in ((charge_point.id, {}), (world.garage.charge_point_key, {"sessionId": session_id})):
            purpose = "TX_PROFILE" if more else "TX_DEFAULT_PROFILE"
            given = TX_DEFAULT | {"chargePointId": encode("ChargePoint", key), "purpose": purpose} | more
            payload = await operator.do("setChargingProfile", PROFILE, stackLevel=number, **given)
            assert payload["errors"] == []
        given = {"chargePointId": encode("ChargePoint", charge_point.id), "expiresAt": "2026-11-22T10:00:00Z"}
        await operator.do("reserveNow", "reservation { id }", idTag=f"TAG-{number}", **given)
        caplog.clear()
        data = await operator.data(document, id=world.garage.id)
        counted.append(sum("SELECT" in record.getMessage() for record in caplog.records))
    held = [len(found["chargingProfiles"]) for found in data["garage"]["chargePoints"]]
    assert sorted(held) == [1, 1, 1, 3]
    assert len(set(counted)) == 1


async def test_only_operators_and_admins_steer_and_see(world, charge_point):
    commands = {
        "resetChargePoint": {"chargePointId": charge_point, "kind": "SOFT"},
        "unlockConnector": {"portId": world.garage.ports[0]},
        "triggerMessage": {"chargePointId": charge_point, "message": "HEARTBEAT"},
        "clearCache": {"chargePointId": charge_point},
        "dataTransfer": {"chargePointId": charge_point, "vendorId": "com.phihong"},
        "callChargePoint": {"chargePointId": charge_point, "action": "ClearCache"},
        "changeAvailability": {"portId": world.garage.ports[0], "available": False},
        "reserveNow": {"portId": world.garage.ports[0], "idTag": "X", "expiresAt": "2026-11-22T10:00:00Z"},
        "setChargingProfile": {"chargePointId": charge_point, **TX_DEFAULT},
        "clearChargingProfile": {"chargePointId": charge_point},
        "getCompositeSchedule": {"chargePointId": charge_point, "connectorId": 0, "durationSeconds": 60},
    }
    for role in (Role.ATTENDANT, Role.POS, Role.DISPLAY):
        api = await world.sign_in(role)
        for name, given in commands.items():
            kind = name[0].upper() + name[1:]
            document = f"mutation($input: {kind}Input!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
            answer = await api.ask(document, input=given)
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"], (role, name)
        for seen in ("reservations { id }", "chargingProfiles { profileId }"):
            answer = await api.ask(SEEN % seen, id=charge_point)
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"], (role, seen)
    assert world.chargers.asks == []
    assert world.chargers.raw == []
    admin = await world.sign_in(Role.ADMIN)
    payload = await admin.do("resetChargePoint", "chargePoint { id }", chargePointId=charge_point, kind="SOFT")
    assert payload == {"chargePoint": {"id": charge_point}, "errors": []}
