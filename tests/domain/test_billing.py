"""What stands on the ticket (T5, T8, T9, T10)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evgraph.domain.billing import Charge, LineItem, LineItemUnit, charge, correction, cost, kwh, line_item, minutes
from evgraph.domain.charging_session import ChargingSession, SessionStatus, StopReason
from evgraph.domain.rate import Rate, RateKind, new_rate
from evgraph.domain.session_end import transaction_stopped
from evgraph.domain.session_start import asked, transaction_started
from evgraph.domain.stay import Channel, Stay, StayKind, Vehicle, check_in, check_out

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=9)


def rate(kind: RateKind, amount_cents: str) -> Rate:
    return new_rate(garage_id=1, kind=kind, amount_cents=Decimal(amount_cents), currency="USD", now=NOON, set_by=None)


PER_KWH, PER_MINUTE, FLAT_FEE = (
    rate(RateKind.PER_KWH, "25"),
    rate(RateKind.PER_MINUTE, "3"),
    rate(RateKind.FLAT_FEE, "500"),
)


def running(flat_fee_paid: bool = False) -> ChargingSession:
    session = asked(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        request_id=5,
        stay_id=6,
        id_tag="ONCE",
        now=NOON,
    )
    began = transaction_started(
        replace(session, id=77),
        meter_start_wh=0,
        at=NOON,
        reported_start="",
        rate_id=9,
        flat_fee_paid=flat_fee_paid,
    )
    assert began.status is SessionStatus.CHARGING
    return began


def ended(energy_wh: int, lasted: timedelta = timedelta(hours=1), flat_fee_paid: bool = False) -> ChargingSession:
    return transaction_stopped(
        running(flat_fee_paid), meter_stop_wh=energy_wh, at=NOON + lasted, reason=StopReason.LOCAL, supply=None
    )


def stay() -> Stay:
    checked_in = check_in(
        garage_id=1,
        ticket_number="T-1",
        kind=StayKind.TRANSIENT,
        channel=Channel.POS,
        vehicle=Vehicle(license_plate="EV 1"),
        charging_note=None,
        estimated_checkout_at=None,
        now=NOON,
    )
    return replace(checked_in, id=6)


def billed(session: ChargingSession, of_rate: Rate | None) -> LineItem:
    item = line_item(session, of_rate, stay(), LATER)
    assert item is not None
    return item


def from_the_books(item: LineItem) -> LineItem:
    """A database gives each quantity three decimals."""
    return replace(item, quantity=item.quantity.quantize(Decimal("0.001")))


# ------------------------------------------------------------------------------------------------------ quantities


@pytest.mark.parametrize(
    ("energy_wh", "text"),
    [(0, "0.000"), (1, "0.001"), (10, "0.010"), (17_234, "17.234"), (1000, "1.000"), (123_456_789, "123456.789")],
)
def test_t9_kwh_are_exact_with_three_decimals(energy_wh: int, text: str):
    assert str(kwh(energy_wh)) == text


@pytest.mark.parametrize(
    ("lasted", "text"),
    [
        (timedelta(0), "0.00"),
        (timedelta(minutes=90), "90.00"),
        (timedelta(seconds=1), "0.02"),
        (timedelta(seconds=20), "0.33"),
        (timedelta(seconds=40), "0.67"),
        (timedelta(milliseconds=300), "0.01"),
        (timedelta(microseconds=299_999), "0.00"),
        (timedelta(milliseconds=900), "0.02"),
        (timedelta(milliseconds=1500), "0.03"),
        (timedelta(days=30), "43200.00"),
    ],
)
def test_t9_minutes_are_counted_to_hundredths_half_up(lasted: timedelta, text: str):
    assert str(minutes(lasted)) == text


# ---------------------------------------------------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("kind", "unit_cents", "energy_wh", "lasted", "quantity", "unit", "cents"),
    [
        (RateKind.PER_KWH, "25", 17_234, timedelta(hours=3), "17.234", "KWH", 431),
        (RateKind.PER_KWH, "25", 17_220, timedelta(hours=3), "17.220", "KWH", 431),
        (RateKind.PER_KWH, "25", 17_219, timedelta(hours=3), "17.219", "KWH", 430),
        (RateKind.PER_KWH, "50", 10, timedelta(hours=3), "0.010", "KWH", 1),
        (RateKind.PER_KWH, "49.9999", 10, timedelta(hours=3), "0.010", "KWH", 0),
        (RateKind.PER_KWH, "32.5", 1000, timedelta(hours=3), "1.000", "KWH", 33),
        (RateKind.PER_KWH, "0.0001", 9_999_999, timedelta(hours=3), "9999.999", "KWH", 1),
        (RateKind.PER_KWH, "0", 17_234, timedelta(hours=3), "17.234", "KWH", 0),
        (RateKind.PER_KWH, "100000", 999_999, timedelta(hours=3), "999.999", "KWH", 99_999_900),
        (RateKind.PER_MINUTE, "3", 17_234, timedelta(minutes=90), "90.00", "MINUTE", 270),
        (RateKind.PER_MINUTE, "3", 17_234, timedelta(seconds=10), "0.17", "MINUTE", 1),
        (RateKind.PER_MINUTE, "0.75", 17_234, timedelta(minutes=90), "90.00", "MINUTE", 68),
        (RateKind.PER_MINUTE, "3", 17_234, timedelta(0), "0.00", "MINUTE", 0),
        (RateKind.FLAT_FEE, "500", 17_234, timedelta(minutes=90), "1", "SESSION", 500),
        (RateKind.FLAT_FEE, "12.5", 17_234, timedelta(minutes=90), "1", "SESSION", 13),
        (RateKind.FLAT_FEE, "0", 17_234, timedelta(minutes=90), "1", "SESSION", 0),
    ],
)
def test_t9_the_amount_is_quantity_times_unit_price_rounded_once(
    kind: RateKind, unit_cents: str, energy_wh: int, lasted: timedelta, quantity: str, unit: str, cents: int
):
    due = charge(rate(kind, unit_cents), energy_wh=energy_wh, lasted=lasted)
    assert due == Charge(quantity=Decimal(quantity), unit=LineItemUnit(unit), unit_cents=Decimal(unit_cents))
    assert str(due.quantity) == quantity
    assert due.amount_cents == cents
    assert type(due.amount_cents) is int


@pytest.mark.parametrize("of_rate", [rate(RateKind.PER_KWH, "50"), PER_MINUTE, FLAT_FEE], ids=lambda r: r.kind)
@pytest.mark.parametrize(("energy_wh", "is_charged"), [(0, False), (9, False), (10, True), (11, True)])
def test_t8_no_charge_under_a_hundredth_of_a_kwh(of_rate: Rate, energy_wh: int, is_charged: bool):
    session = ended(energy_wh)
    assert (charge(of_rate, energy_wh=energy_wh, lasted=timedelta(hours=1)) is not None) is is_charged
    assert (line_item(session, of_rate, stay(), LATER) is not None) is is_charged
    assert (cost(session, of_rate, LATER) == 0) is not is_charged


@pytest.mark.parametrize(("of_rate", "cents"), [(FLAT_FEE, 0), (PER_KWH, 250), (PER_MINUTE, 180)])
def test_t8_a_flat_fee_that_an_earlier_part_bore_is_not_asked_again(of_rate: Rate, cents: int):
    session = ended(10_000, flat_fee_paid=True)
    assert cost(session, of_rate, LATER) == cents
    assert (line_item(session, of_rate, stay(), LATER) is None) is (of_rate is FLAT_FEE)
    assert (correction(session, of_rate, stay(), [], LATER) is None) is (of_rate is FLAT_FEE)


# ------------------------------------------------------------------------------------------------------------- cost


@pytest.mark.parametrize(
    ("of_rate", "minutes_on", "energy_wh", "cents"),
    [
        (PER_KWH, 30, 0, 0),
        (PER_KWH, 30, 9, 0),
        (PER_KWH, 30, 1234, 31),
        (PER_MINUTE, 30, 0, 0),
        (PER_MINUTE, 30, 10, 90),
        (PER_MINUTE, 31, 10, 93),
        (FLAT_FEE, 30, 9, 0),
        (FLAT_FEE, 30, 10, 500),
        (None, 30, 1234, None),
    ],
)
def test_the_cost_runs_while_it_charges(of_rate: Rate | None, minutes_on: int, energy_wh: int, cents: int | None):
    session = replace(running(), energy_wh=energy_wh)
    assert cost(session, of_rate, NOON + timedelta(minutes=minutes_on)) == cents


@pytest.mark.parametrize(("of_rate", "cents"), [(PER_KWH, 250), (PER_MINUTE, 180), (FLAT_FEE, 500)])
def test_the_cost_is_final_once_the_session_has_ended(of_rate: Rate, cents: int):
    session = ended(10_000)
    assert cost(session, of_rate, LATER) == cents
    assert cost(session, of_rate, LATER + timedelta(days=9)) == cents


def test_a_session_that_never_began_costs_nothing_to_tell():
    assert cost(replace(running(), started_at=None), PER_KWH, LATER) is None


# -------------------------------------------------------------------------------------------------------- line items


@pytest.mark.parametrize(
    ("of_rate", "description"),
    [
        (PER_KWH, "EV charging, 17.234 kWh at 25 c/kWh"),
        (rate(RateKind.PER_KWH, "32.5000"), "EV charging, 17.234 kWh at 32.5 c/kWh"),
        (PER_MINUTE, "EV charging, 60.00 minutes at 3 c/minute"),
        (FLAT_FEE, "EV charging, flat fee"),
    ],
)
def test_t1_a_line_item_reads_like_a_receipt(of_rate: Rate, description: str):
    assert billed(ended(17_234), of_rate).description == description


def test_t1_a_line_item_carries_what_was_billed():
    assert billed(ended(17_234), PER_KWH) == LineItem(
        id=0,
        garage_id=1,
        stay_id=6,
        session_id=77,
        sequence=1,
        description="EV charging, 17.234 kWh at 25 c/kWh",
        quantity=Decimal("17.234"),
        unit=LineItemUnit.KWH,
        unit_cents=Decimal(25),
        amount_cents=431,
        is_correction=False,
        after_checkout=False,
        created_at=LATER,
    )


def test_t10_without_a_rate_nothing_is_billed_or_corrected():
    assert line_item(ended(17_234), None, stay(), LATER) is None
    assert correction(ended(17_234), None, stay(), [], LATER) is None
    assert correction(ended(17_234), None, stay(), [billed(ended(17_234), PER_KWH)], LATER) is None


def test_t5_a_line_item_on_a_ticket_that_is_checked_out_says_so():
    gone = check_out(stay(), LATER)
    item = line_item(ended(17_234), PER_KWH, gone, LATER)
    assert item is not None
    assert item.after_checkout
    further = correction(ended(20_000), PER_KWH, gone, [billed(ended(17_234), PER_KWH)], LATER)
    assert further is not None
    assert further.after_checkout


# ------------------------------------------------------------------------------------------------------- corrections

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("of_rate", "was", "truth", "quantity", "cents", "description"),
    [
        (PER_KWH, (10_000, HOUR), (14_500, HOUR), "4.500", 113, "Correction: +4.500 kWh"),
        (PER_KWH, (10_000, HOUR), (7_500, HOUR), "-2.500", -62, "Correction: -2.500 kWh"),
        (PER_KWH, (10_000, HOUR), (9, HOUR), "-10.000", -250, "Correction: -10.000 kWh"),
        (PER_KWH, (10_000, HOUR), (10_001, HOUR), "0.001", 0, "Correction: +0.001 kWh"),
        (PER_MINUTE, (10_000, HOUR), (10_000, HOUR * 2), "60.00", 180, "Correction: +60.00 minutes"),
        (PER_MINUTE, (10_000, HOUR), (14_000, HOUR / 2), "-30.00", -90, "Correction: -30.00 minutes"),
        (PER_MINUTE, (10_000, HOUR), (0, HOUR), "-60.00", -180, "Correction: -60.00 minutes"),
        (FLAT_FEE, (10_000, HOUR), (0, HOUR), "-1", -500, "Correction: -1 flat fee"),
    ],
)
def test_t5_the_truth_is_a_further_line_item_up_or_down(
    of_rate: Rate,
    was: tuple[int, timedelta],
    truth: tuple[int, timedelta],
    quantity: str,
    cents: int,
    description: str,
):
    first = from_the_books(billed(ended(*was), of_rate))
    item = correction(ended(*truth), of_rate, stay(), [first], LATER)
    assert item is not None
    assert (str(item.quantity), item.amount_cents, item.description) == (quantity, cents, description)
    assert (item.sequence, item.is_correction, item.after_checkout) == (2, True, False)
    assert (item.unit, item.unit_cents, item.session_id, item.stay_id) == (first.unit, first.unit_cents, 77, 6)


@pytest.mark.parametrize(
    ("of_rate", "was", "truth"),
    [
        (PER_KWH, (10_000, HOUR), (10_000, HOUR)),
        (PER_KWH, (10_000, HOUR), (10_000, HOUR * 5)),
        (PER_MINUTE, (10_000, HOUR), (20_000, HOUR)),
        (FLAT_FEE, (10_000, HOUR), (90_000, HOUR * 5)),
    ],
)
def test_t5_a_truth_that_costs_the_same_is_no_line_item(
    of_rate: Rate, was: tuple[int, timedelta], truth: tuple[int, timedelta]
):
    first = from_the_books(billed(ended(*was), of_rate))
    assert correction(ended(*truth), of_rate, stay(), [first], LATER) is None


def test_t5_a_flat_fee_that_was_taken_back_can_be_put_back():
    first = from_the_books(billed(ended(10_000), FLAT_FEE))
    back = correction(ended(0), FLAT_FEE, stay(), [first], LATER)
    assert back is not None
    again = correction(ended(8_000), FLAT_FEE, stay(), [first, from_the_books(back)], LATER)
    assert again is not None
    assert (again.sequence, again.amount_cents, again.description) == (3, 500, "Correction: +1 flat fee")


def test_t5_where_nothing_was_billed_the_truth_is_a_first_bill():
    item = correction(ended(17_234), PER_KWH, stay(), [], LATER)
    assert item is not None
    assert (item.sequence, item.is_correction, item.amount_cents) == (1, False, 431)


TRUTHS = st.tuples(
    st.integers(min_value=0, max_value=200_000),
    st.integers(min_value=0, max_value=10**11).map(lambda us: timedelta(microseconds=us)),
)
AMOUNTS = st.decimals(min_value=0, max_value=100_000, places=4)


@given(st.sampled_from(RateKind), AMOUNTS, st.lists(TRUTHS, min_size=1, max_size=6))
def test_t5_bill_and_corrections_always_come_to_the_charge_of_the_truth(
    kind: RateKind, unit_cents: Decimal, truths: list[tuple[int, timedelta]]
):
    of_rate = rate(kind, str(unit_cents))
    items: list[LineItem] = []
    for energy_wh, lasted in truths:
        item = correction(ended(energy_wh, lasted), of_rate, stay(), items, LATER)
        if item is not None:
            items.append(from_the_books(item))
    energy_wh, lasted = truths[-1]
    due = charge(of_rate, energy_wh=energy_wh, lasted=lasted)
    assert sum(item.amount_cents for item in items) == (due.amount_cents if due else 0)
    assert sum(item.quantity for item in items) == (due.quantity if due else 0)
    assert [item.sequence for item in items] == list(range(1, len(items) + 1))
    assert [item.is_correction for item in items] == [False, *[True] * (len(items) - 1)][: len(items)]
