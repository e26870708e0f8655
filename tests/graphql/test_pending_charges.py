"""T7, T12: what the graph tells of a bill that may still change."""

import pytest

from evgraph.domain.people import Role
from evgraph.resolvers import loaders
from evgraph.services.interfaces import ChargerOffline, ChargerRejected

TICKET = "status hasPendingCharges lineItems { afterCheckout isCorrection amount { cents } }"
CHECKED_OUT = f"stay {{ {TICKET} }} warnings {{ code message }}"


async def _charging(world, api):
    operator = await world.sign_in(Role.OPERATOR)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    checked_in = await world.check_in(api)
    session = await world.start(api, checked_in["request"]["id"])
    transaction = await world.garage.begin(session)
    world.clock.turn(minutes=20)
    await world.garage.meter(transaction, 3000)
    return checked_in["stay"], session, transaction


async def _ticket(api, stay):
    return (await api.data(f"query($id: ID!) {{ stay(id: $id) {{ {TICKET} }} }}", id=stay["id"]))["stay"]


@pytest.mark.parametrize("role", [Role.ATTENDANT, Role.POS, Role.ADMIN])
async def test_t12_a_checkout_while_the_charger_is_offline_says_that_the_bill_may_change(world, role):
    attendant = await world.sign_in(Role.ATTENDANT)
    stay, _, transaction = await _charging(world, attendant)
    assert not (await _ticket(attendant, stay))["hasPendingCharges"]
    world.chargers.answer = ChargerOffline()
    payload = await attendant.do("checkOut", CHECKED_OUT, stayId=stay["id"], stopCharging=True)
    item = {"afterCheckout": False, "isCorrection": False, "amount": {"cents": 50}}
    assert payload == {
        "stay": {"status": "CLOSED", "hasPendingCharges": True, "lineItems": [item]},
        "warnings": [
            {
                "code": "CHARGES_PENDING",
                "message": "The charger has not reported the end of a session. "
                f"Ticket {stay['ticketNumber']} was billed at the last meter reading and may be corrected later.",
            }
        ],
        "errors": [],
    }
    reader = attendant if role is Role.ATTENDANT else await world.sign_in(role)
    assert (await _ticket(reader, stay))["hasPendingCharges"]
    await world.garage.end(transaction, 5000)
    corrected = await _ticket(reader, stay)
    assert not corrected["hasPendingCharges"]
    assert corrected["lineItems"] == [item, {"afterCheckout": True, "isCorrection": True, "amount": {"cents": 50}}]


async def test_t12_charges_are_no_longer_pending_after_a_week(world):
    """Also in an answer that is asked for again with the same bytes."""
    attendant = await world.sign_in(Role.ATTENDANT)
    stay, _, _ = await _charging(world, attendant)
    world.chargers.answer = ChargerOffline()
    await attendant.do("checkOut", CHECKED_OUT, stayId=stay["id"], stopCharging=True)
    for _ in range(3):
        assert (await _ticket(attendant, stay))["hasPendingCharges"]
    world.clock.turn(days=7, seconds=1)
    # The sign-in is over by now as well.
    attendant = await world.sign_in(Role.POS)
    for _ in range(3):
        assert not (await _ticket(attendant, stay))["hasPendingCharges"]


async def test_t7_a_second_stop_ends_the_session(world):
    attendant = await world.sign_in(Role.ATTENDANT)
    stay, session, _ = await _charging(world, attendant)
    world.chargers.answer = ChargerRejected()
    shown = "session { status flags energyWh stopReason request { status } stay { hasPendingCharges } }"
    payload = await attendant.do("stopCharging", shown, sessionId=session)
    (error,) = payload["errors"]
    assert (error["code"], error["field"]) == ("CHARGER_REJECTED", ["input", "sessionId"])
    assert error["message"].endswith("Try again to end the session at its last reading.")
    payload = await attendant.do("stopCharging", shown, sessionId=session)
    assert payload == {
        "session": {
            "status": "ENDED",
            "flags": ["ESTIMATED"],
            "energyWh": 2000,
            "stopReason": "REMOTE",
            "request": {"status": "CHARGED"},
            "stay": {"hasPendingCharges": True},
        },
        "errors": [],
    }
    payload = await attendant.do("checkOut", CHECKED_OUT, stayId=stay["id"])
    assert [warning["code"] for warning in payload["warnings"]] == ["CHARGES_PENDING"]


async def test_t12_a_checkout_without_pending_charges_or_refused_has_no_warnings(world):
    attendant = await world.sign_in(Role.ATTENDANT)
    checked_in = await world.check_in(attendant)
    payload = await attendant.do("checkOut", CHECKED_OUT, stayId=checked_in["stay"]["id"])
    assert (payload["warnings"], payload["stay"]["hasPendingCharges"]) == ([], False)
    payload = await attendant.do("checkOut", CHECKED_OUT, stayId=checked_in["stay"]["id"])
    assert (payload["warnings"], payload["stay"]) == ([], None)
    assert [error["code"] for error in payload["errors"]] == ["STAY_CLOSED"]


@pytest.mark.parametrize("fields", ["lineItems { amount { cents } } hasPendingCharges", TICKET])
async def test_t12_no_answer_calls_a_bill_final_that_it_shows_without_its_correction(world, monkeypatch, fields):
    """The stop arrives while the ticket is being read."""
    attendant = await world.sign_in(Role.ATTENDANT)
    stay, _, transaction = await _charging(world, attendant)
    world.chargers.answer = ChargerOffline()
    await attendant.do("checkOut", CHECKED_OUT, stayId=stay["id"], stopCharging=True)
    all_of, stops = loaders._all_of, iter([5000])

    def interrupted(*what):
        async def load(keys):
            found = await all_of(*what)(keys)
            for meter in stops:
                await world.garage.end(transaction, meter)
            return found

        return load

    monkeypatch.setattr(loaders, "_all_of", interrupted)
    query = f"query($id: ID!) {{ stay(id: $id) {{ {fields} }} }}"
    shown = [(await attendant.data(query, id=stay["id"]))["stay"] for _ in range(2)]
    totals = [sum(item["amount"]["cents"] for item in ticket["lineItems"]) for ticket in shown]
    assert [ticket["hasPendingCharges"] or total == 100 for ticket, total in zip(shown, totals, strict=True)] == [
        True
    ] * 2
    assert (totals[-1], shown[-1]["hasPendingCharges"]) == (100, False)
