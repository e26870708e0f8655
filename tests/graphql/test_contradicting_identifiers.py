"""Identifiers that contradict each other are INVALID: nothing is done to whichever of them was meant."""

import pytest

from evgraph.domain.charging_profile import ChargingProfileKind, ChargingProfilePurpose
from evgraph.domain.charging_session import StopReason
from evgraph.domain.people import Role
from evgraph.domain.transactions import TransactionStop
from evgraph.models import ChargePointRow, QuarantinedMessageRow
from evgraph.schema.global_ids import encode


@pytest.fixture
async def admin(world):
    return await world.sign_in(Role.ADMIN)


@pytest.fixture
async def named(world, admin):
    """Two open stays of one garage, a stay of another garage of the organization, and a garage of strangers."""
    second = await world.house.registration.add_garage(
        organization="Midtown Parking", location_id="NYC-035", name="35th Street"
    )
    ids = {"garage": world.garage.id, "second": encode("Garage", second.id), "strangers": world.elsewhere.id}
    for name, plate, more in (
        ("a", "A 1", {"evCharge": False}),
        ("b", "B 2", {"evCharge": False}),
        ("c", "C 3", {"evCharge": False, "garageId": ids["second"], "ticketNumber": "C-3"}),
    ):
        stay = (await world.check_in(admin, plate, **more))["stay"]
        ids |= {name: stay["id"], f"{name}Number": stay["ticketNumber"]}
    return ids


# Of stay `a`: what is given beside or instead of its id, and the field at fault.
WRONG = {
    "another stay's number": ({"stayId": "a", "garageId": "garage", "ticketNumber": "bNumber"}, "ticketNumber"),
    "another stay's number alone": ({"stayId": "a", "ticketNumber": "bNumber"}, "ticketNumber"),
    "another garage": ({"stayId": "a", "garageId": "second"}, "garageId"),
    "another garage with its number": ({"stayId": "a", "garageId": "second", "ticketNumber": "aNumber"}, "garageId"),
    "a garage of strangers": ({"stayId": "a", "garageId": "strangers"}, "garageId"),
    "the stay of the other garage": ({"stayId": "c", "garageId": "garage", "ticketNumber": "aNumber"}, "garageId"),
    "a number without its garage": ({"ticketNumber": "aNumber"}, "garageId"),
    "a garage without a number": ({"garageId": "garage"}, "ticketNumber"),
    "nothing": ({}, "stayId"),
}
RIGHT = (
    {"stayId": "a"},
    {"garageId": "garage", "ticketNumber": "aNumber"},
    {"stayId": "a", "garageId": "garage"},
    {"stayId": "a", "ticketNumber": "aNumber"},
    {"stayId": "a", "garageId": "garage", "ticketNumber": "aNumber"},
)


def _given(which, named):
    return {field: named[name] for field, name in which.items()}


async def _statuses(admin, named):
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Stay { status requests { id } } } }"
    found = await admin.data(document, ids=[named["a"], named["b"], named["c"]])
    return [(node["status"], len(node["requests"])) for node in found["nodes"]]


@pytest.mark.parametrize("mutation", ["checkOut", "makeRequest"])
@pytest.mark.parametrize("case", WRONG)
async def test_a_stay_is_not_named_in_two_ways_that_contradict_each_other(admin, named, mutation, case):
    which, field = WRONG[case]
    shown = {"checkOut": "stay { id }", "makeRequest": "request { id }"}[mutation]
    payload = await admin.do(mutation, shown, **_given(which, named))
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID", ["input", field])]
    assert await _statuses(admin, named) == [("OPEN", 0)] * 3


@pytest.mark.parametrize("which", RIGHT, ids=str)
async def test_a_stay_may_be_named_in_two_ways_that_agree(admin, named, which):
    given = _given(which, named)
    made = await admin.do("makeRequest", "request { stay { id } }", **given)
    assert (made["request"]["stay"]["id"], made["errors"]) == (named["a"], [])
    gone = await admin.do("checkOut", "stay { id status }", **given)
    assert (gone["stay"], gone["errors"]) == ({"id": named["a"], "status": "CLOSED"}, [])


async def test_a_number_that_came_again_names_the_stay_of_the_id(admin, named):
    """A closed stay and an open one bear the same number: the id tells which."""
    await admin.do("checkOut", "stay { id }", stayId=named["a"])
    number = {"garageId": named["garage"], "ticketNumber": named["aNumber"]}
    again = await admin.do("checkIn", "stay { id }", kind="TRANSIENT", vehicle={"licensePlate": "D 4"}, **number)
    for stay_id, codes in ((named["a"], ["STAY_CLOSED"]), (again["stay"]["id"], [])):
        payload = await admin.do("checkOut", "stay { id }", stayId=stay_id, **number)
        assert [error["code"] for error in payload["errors"]] == codes


@pytest.mark.parametrize("case", WRONG)
async def test_a_query_of_a_stay_does_not_contradict_itself(admin, named, case):
    which, _ = WRONG[case]
    answer = await admin.ask(*_query(which, named))
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("which", RIGHT, ids=str)
async def test_a_query_of_a_stay_may_agree_with_itself(admin, named, which):
    assert (await admin.data(*_query(which, named)))["stay"] == {"id": named["a"]}


def _query(which, named):
    given = _given(which, named)
    arguments = ", ".join(f'{field.replace("stayId", "id")}: "{value}"' for field, value in given.items())
    return (f"{{ stay{f'({arguments})' if arguments else ''} {{ id }} }}",)


async def test_a_query_of_a_garage_does_not_contradict_itself(admin, named):
    document = "query($id: ID, $location: String) { garage(id: $id, locationId: $location) { id } }"
    for given in ({"id": named["garage"]}, {"location": "NYC-034"}):
        assert (await admin.data(document, **given))["garage"] == {"id": named["garage"]}
    for given in ({"id": named["garage"], "location": "NYC-035"}, {}):
        answer = await admin.ask(document, **given)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("mutation", ["assignSession", "reassignSession"])
async def test_a_session_does_not_go_to_a_ticket_of_another_garage(world, admin, named, mutation):
    charged = await world.charge(admin)
    for stay, code in (("c", "INVALID"), ("garage", "NOT_FOUND")):
        given = {"sessionId": charged["session"]["id"], "stayId": named[stay]}
        payload = await admin.do(mutation, "session { id }", **given)
        assert [(error["code"], error["field"]) for error in payload["errors"]] == [(code, ["input", "stayId"])]


async def test_a_profile_and_a_stop_are_not_for_a_session_of_another_charge_point(world, admin, named):
    identity = "AX48-OTHER"
    await world.house.registration.add_charge_point(garage_id=world.garage.key, identity=identity)
    other = (await admin.data(f'{{ chargePoint(identity: "{identity}") {{ id }} }}'))["chargePoint"]["id"]
    checked_in = await world.check_in(admin)
    session = await world.start(admin, checked_in["request"]["id"])
    await world.garage.begin(session)
    given = {
        "chargePointId": other,
        "sessionId": session,
        "purpose": ChargingProfilePurpose.TX_PROFILE.name,
        "kind": ChargingProfileKind.RELATIVE.name,
        "unit": "A",
        "periods": [{"startSeconds": 0, "limit": "16"}],
    }
    payload = await admin.do("setChargingProfile", "profile { profileId }", **given)
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID", ["input", "sessionId"])]

    key = (await ChargePointRow.get(identity=identity)).id
    stop = TransactionStop(
        transaction_id=None,
        id_tag=None,
        meter_stop_wh=5000,
        at=world.clock.now(),
        reason=StopReason.LOCAL,
        readings=(),
        clock_replaced=False,
        raw="[a frame]",
    )
    await world.house.transactions.transaction_stopped(key, stop)
    kept = await QuarantinedMessageRow.get(charge_point_id=key)
    payload = await admin.do(
        "resolveQuarantined",
        "quarantinedMessage { id }",
        id=encode("QuarantinedMessage", kept.id),
        resolution="It is that one.",
        sessionId=session,
    )
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID", ["input", "sessionId"])]
    assert (await QuarantinedMessageRow.get(id=kept.id)).resolved_at is None
