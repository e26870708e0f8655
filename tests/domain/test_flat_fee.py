"""Which of a request's sessions owe its flat fee: in any order of what is known (T8, X2)."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, StopReason
from evgraph.domain.flat_fee import flat_fees_paid
from evgraph.domain.rate import Rate, RateKind
from evgraph.domain.session_end import transaction_stopped
from evgraph.domain.session_start import unassigned

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def rate(kind: RateKind) -> Rate:
    return Rate(
        id=1, garage_id=1, kind=kind, amount_cents=Decimal(500), currency="USD", effective_from=NOON, set_by=None
    )


def running(id_: int) -> ChargingSession:
    session = unassigned(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        id_tag="",
        authorization=AuthorizationStatus.ACCEPTED,
        meter_start_wh=0,
        at=NOON + timedelta(hours=id_),
        reported_start="",
        rate_id=1,
        clock_replaced=False,
        now=NOON,
    )
    return replace(session, id=id_)


def part(id_: int, reason: StopReason, energy_wh: int = 1000) -> ChargingSession:
    begun = running(id_)
    return transaction_stopped(
        begun, meter_stop_wh=energy_wh, at=NOON + timedelta(hours=id_, minutes=30), reason=reason, supply=None
    )


CUT, ENDED = StopReason.POWER_LOSS, StopReason.LOCAL


@pytest.mark.parametrize(
    ("parts", "paid"),
    [
        ([part(1, ENDED), part(2, ENDED)], [False, False]),
        ([part(1, CUT), part(2, ENDED)], [False, True]),
        ([part(1, ENDED), part(2, CUT)], [False, False]),
        ([part(1, CUT), part(2, CUT), part(3, ENDED)], [False, True, True]),
        ([part(1, CUT, energy_wh=9), part(2, ENDED)], [False, False]),
        ([part(1, CUT, energy_wh=9), part(2, CUT), part(3, ENDED)], [False, False, True]),
        ([part(1, CUT), running(2)], [False, True]),
        ([running(1), part(2, ENDED)], [False, False]),
    ],
)
def test_t8_an_earlier_part_that_was_cut_off_bears_the_fee(parts: list[ChargingSession], paid: list[bool]) -> None:
    fee = rate(RateKind.FLAT_FEE)
    expected = {session.id: is_paid for session, is_paid in zip(parts, paid, strict=True)}
    for order in itertools.permutations(parts):
        # What was thought before does not count.
        for thought in (False, True):
            known = [(replace(session, flat_fee_paid=thought), fee) for session in order]
            assert dict(zip((one.id for one in order), flat_fees_paid(known), strict=True)) == expected


@pytest.mark.parametrize("first", [None, rate(RateKind.PER_KWH), rate(RateKind.PER_MINUTE)])
def test_t8_what_pays_no_flat_fee_bears_none(first: Rate | None) -> None:
    assert flat_fees_paid([(part(1, CUT), first), (part(2, ENDED), rate(RateKind.FLAT_FEE))]) == [False, False]


def test_t8_of_two_of_one_instant_the_one_that_is_not_saved_yet_is_later() -> None:
    first = part(1, CUT)
    fee = rate(RateKind.FLAT_FEE)
    assert flat_fees_paid([(replace(running(1), id=0), fee), (first, fee)]) == [True, False]
