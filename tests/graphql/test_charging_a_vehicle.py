"""The way of a vehicle through the graph: checked in, charged, billed, checked out."""

import pytest

from evgraph.domain.people import Role


async def test_a_session_is_billed_at_the_rate_in_force_when_it_started(world):
    operator, pos = await world.sign_in(Role.OPERATOR), await world.sign_in(Role.POS)
    payload = await operator.do(
        "setRate", "rate { kind amountCents label setBy }", garageId=world.garage.id, kind="PER_KWH", amountCents="25"
    )
    assert payload["errors"] == []
    assert payload["rate"] == {"kind": "PER_KWH", "amountCents": "25", "label": "25 c per kWh", "setBy": "Operator"}
    charged = await world.charge(operator)
    data = await pos.data(
        """query Ticket($id: ID!) { stay(id: $id) {
            vehicle { licensePlate } status activeRequest { status }
            lineItems { description quantity unit unitCents isCorrection afterCheckout
                amount { cents currency formatted } session { id } stay { ticketNumber } }
            lineItemTotal { cents }
            sessions { status energyWh energyKwh powerKw durationSeconds stopReason transactionId flags
                cost { formatted } rate { label } lineItem { quantity } port { name } request { stay { id } } } } }""",
        id=charged["stay"]["id"],
    )
    stay = data["stay"]
    assert stay["lineItems"] == [
        {
            "description": "EV charging, 17.234 kWh at 25 c/kWh",
            "quantity": "17.234",
            "unit": "KWH",
            "unitCents": "25",
            "isCorrection": False,
            "afterCheckout": False,
            "amount": {"cents": 431, "currency": "USD", "formatted": "$4.31"},
            "session": {"id": charged["session"]["id"]},
            "stay": {"ticketNumber": charged["stay"]["ticketNumber"]},
        }
    ]
    assert stay["lineItemTotal"] == {"cents": 431}
    (session,) = stay["sessions"]
    assert session.pop("transactionId") > 0
    assert session == {
        "status": "ENDED",
        "energyWh": 17234,
        "energyKwh": 17.234,
        "powerKw": None,
        "durationSeconds": 3750,
        "stopReason": "EV_DISCONNECTED",
        "flags": [],
        "cost": {"formatted": "$4.31"},
        "rate": {"label": "25 c per kWh"},
        "lineItem": {"quantity": "17.234"},
        "port": {"name": "AX48-NYC-034-1"},
        "request": {"stay": {"id": charged["stay"]["id"]}},
    }
    assert stay["activeRequest"] == {"status": "CHARGED"}


@pytest.mark.parametrize(
    ("kind", "cents", "item"),
    [
        ("PER_KWH", "32.5", ("17.234", "KWH", "32.5", 560)),
        ("PER_MINUTE", "3.25", ("62.50", "MINUTE", "3.25", 203)),
        ("FLAT_FEE", "500", ("1", "SESSION", "500", 500)),
    ],
)
async def test_quantities_and_prices_are_exact(world, kind, cents, item):
    operator = await world.sign_in(Role.OPERATOR)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind=kind, amountCents=cents)
    charged = await world.charge(operator)
    document = """query($id: ID!) { session(id: $id) { cost { cents }
        lineItem { quantity unit unitCents amount { cents } stay { lineItemTotal { cents } } } } }"""
    session = (await operator.data(document, id=charged["session"]["id"]))["session"]
    shown = session["lineItem"]
    assert (shown["quantity"], shown["unit"], shown["unitCents"], shown["amount"]["cents"]) == item
    assert session["cost"] == shown["amount"] == shown["stay"]["lineItemTotal"]
