"""What mutations answer: what they changed, or why they did not."""

import pytest

from evgraph.domain.people import Role
from evgraph.services.interfaces import ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout


async def test_a_refusal_names_the_field_at_fault(world):
    pos = await world.sign_in(Role.POS)
    payload = await pos.do(
        "checkIn",
        "stay { id } request { id }",
        garageId=world.garage.id,
        kind="TRANSIENT",
        vehicle={"licensePlate": "X" * 21},
    )
    assert payload == {
        "stay": None,
        "request": None,
        "errors": [
            {
                "code": "INVALID",
                "message": "The license plate has at most 20 characters.",
                "field": ["input", "vehicle", "licensePlate"],
            }
        ],
    }


async def test_a_field_that_is_left_out_stays_and_null_takes_it_away(world):
    pos = await world.sign_in(Role.POS)
    later = "2026-11-22T18:00:00.000Z"
    stay = (await world.check_in(pos, chargingNote="Ask first.", estimatedCheckoutAt=later))["stay"]
    shown = (
        "stay { chargingNote estimatedCheckoutAt vehicle { licensePlate make } activeRequest { estimatedCheckoutAt } }"
    )
    kept = await pos.do("updateStay", shown, stayId=stay["id"], vehicle={"licensePlate": "abc 1", "make": "BMW"})
    assert kept["stay"] == {
        "chargingNote": "Ask first.",
        "estimatedCheckoutAt": later,
        "vehicle": {"licensePlate": "ABC 1", "make": "BMW"},
        "activeRequest": {"estimatedCheckoutAt": later},
    }
    gone = await pos.do("updateStay", shown, stayId=stay["id"], chargingNote=None, estimatedCheckoutAt=None)
    assert gone["stay"]["chargingNote"] is None
    assert gone["stay"]["estimatedCheckoutAt"] is None
    assert gone["stay"]["activeRequest"] == {"estimatedCheckoutAt": None}
    assert gone["stay"]["vehicle"] == {"licensePlate": "ABC 1", "make": "BMW"}


async def test_a_retry_with_the_same_key_answers_as_the_first_call_did(world):
    pos = await world.sign_in(Role.POS)
    given = {
        "garageId": world.garage.id,
        "kind": "MONTHLY",
        "vehicle": {"licensePlate": "ABC"},
        "idempotencyKey": "key-1",
        "evCharge": True,
    }
    first = await pos.do("checkIn", "stay { id } request { id }", **given)
    assert await pos.do("checkIn", "stay { id } request { id }", **given) == first
    other = await pos.do("checkIn", "stay { id } request { id }", **(given | {"kind": "TRANSIENT"}))
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]


async def test_a_vehicle_gets_on_the_queue_and_off_it_again(world):
    pos = await world.sign_in(Role.POS)
    stay = (await world.check_in(pos, evCharge=False))["stay"]
    where = {"garageId": world.garage.id, "ticketNumber": stay["ticketNumber"]}
    shown = "request { id status channel stay { id activeRequest { status } } session { id } }"
    made = await pos.do("makeRequest", shown, channel="HANDHELD", **where)
    assert made["request"] == {
        "id": made["request"]["id"],
        "status": "NEEDS_CHARGING",
        "channel": "HANDHELD",
        "stay": {"id": stay["id"], "activeRequest": {"status": "NEEDS_CHARGING"}},
        "session": None,
    }
    twice = await pos.do("makeRequest", "request { id }", stayId=stay["id"])
    assert [error["code"] for error in twice["errors"]] == ["REQUEST_EXISTS"]
    gone = await pos.do("cancelRequest", shown, requestId=made["request"]["id"])
    assert (gone["request"]["status"], gone["request"]["stay"]["activeRequest"]) == ("CANCELED", None)
    neither = await pos.do("makeRequest", "request { id }")
    assert neither["errors"] == [
        {
            "code": "INVALID",
            "message": "Provide stayId, or garageId and ticketNumber.",
            "field": ["input", "stayId"],
        }
    ]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ChargerRejected(), "CHARGER_REJECTED"),
        (ChargerTimeout(), "CHARGER_TIMEOUT"),
        (ChargerBusy(), "CHARGER_BUSY"),
        (ChargerOffline(), "CHARGER_OFFLINE"),
    ],
)
async def test_a_charger_that_does_not_start_says_why_and_the_vehicle_waits_again(world, answer, code):
    attendant = await world.sign_in(Role.ATTENDANT)
    waiting = await world.check_in(attendant)
    world.chargers.answer = answer
    payload = await attendant.do(
        "startCharging", "session { id }", requestId=waiting["request"]["id"], portId=world.garage.ports[0]
    )
    assert payload["session"] is None
    assert [error["code"] for error in payload["errors"]] == [code]
    document = (
        "query($id: ID!) { garage(id: $id) { board { needsCharging { status lastStartFailure session { status } } } } }"
    )
    (card,) = (await attendant.data(document, id=world.garage.id))["garage"]["board"]["needsCharging"]
    assert card["status"] == "NEEDS_CHARGING"
    assert card["lastStartFailure"]
    assert card["session"] == {"status": "FAILED"}


async def test_two_mutations_of_one_document_see_each_others_changes(world):
    attendant = await world.sign_in(Role.ATTENDANT)
    waiting = await world.check_in(attendant)
    data = await attendant.data(
        """mutation($request: ID!, $port: ID!, $stay: ID!) {
            before: updateStay(input: {stayId: $stay}) { stay { activeRequest { status session { id } } } }
            start: startCharging(input: {requestId: $request, portId: $port}) {
                session { request { status stay { activeRequest { status } } } port { isOpen } } errors { code } }
            after: updateStay(input: {stayId: $stay}) { stay { activeRequest { status } } } }""",
        request=waiting["request"]["id"],
        port=world.garage.ports[0],
        stay=waiting["stay"]["id"],
    )
    assert data["before"]["stay"]["activeRequest"] == {"status": "NEEDS_CHARGING", "session": None}
    assert data["start"]["errors"] == []
    assert data["start"]["session"] == {
        "request": {"status": "STARTING", "stay": {"activeRequest": {"status": "STARTING"}}},
        "port": {"isOpen": False},
    }
    assert data["after"]["stay"]["activeRequest"] == {"status": "STARTING"}


async def test_stopping_asks_the_charger(world):
    attendant = await world.sign_in(Role.ATTENDANT)
    waiting = await world.check_in(attendant)
    session = await world.start(attendant, waiting["request"]["id"])
    await world.garage.begin(session)
    payload = await attendant.do("stopCharging", "session { id status }", sessionId=session)
    assert payload == {"session": {"id": session, "status": "CHARGING"}, "errors": []}
    assert world.chargers.asked == ["start AX48-NYC-034 1", "stop AX48-NYC-034"]


async def test_a_vehicle_that_still_charges_is_not_checked_out(world):
    attendant = await world.sign_in(Role.ATTENDANT)
    waiting = await world.check_in(attendant)
    await world.garage.begin(await world.start(attendant, waiting["request"]["id"]))
    payload = await attendant.do("checkOut", "stay { id }", stayId=waiting["stay"]["id"])
    assert [error["code"] for error in payload["errors"]] == ["STILL_CHARGING"]
    payload = await attendant.do("checkOut", "stay { id }", stayId=waiting["stay"]["id"], stopCharging=True)
    assert [error["code"] for error in payload["errors"]] == ["CHARGER_TIMEOUT"]


@pytest.mark.parametrize(("cents", "code"), [("-1", "INVALID"), ("100000.5", "INVALID"), ("0.00001", "INVALID")])
async def test_a_rate_that_cannot_be_is_refused(world, cents, code):
    operator = await world.sign_in(Role.OPERATOR)
    payload = await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents=cents)
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [(code, ["input", "amountCents"])]
