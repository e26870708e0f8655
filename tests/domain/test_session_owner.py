"""Whose a session is: assigned to a ticket, moved to another, and what refuses it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionStatus, StopReason
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.session_end import transaction_stopped
from evgraph.domain.session_owner import assigned, moved_to
from evgraph.domain.session_start import unassigned, was_opened_by
from evgraph.domain.transactions import TransactionStart

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def nobodys() -> ChargingSession:
    return unassigned(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        id_tag="STAFF",
        authorization=AuthorizationStatus.ACCEPTED,
        meter_start_wh=500,
        at=NOON,
        reported_start="2026-03-01T12:00:00Z",
        rate_id=9,
        clock_replaced=False,
        now=NOON,
    )


def a_start(reported_at: str) -> TransactionStart:
    return TransactionStart(
        connector_id=1, id_tag="STAFF", meter_start_wh=500, at=NOON, reported_at=reported_at, clock_replaced=False
    )


def over(session: ChargingSession) -> ChargingSession:
    return transaction_stopped(session, meter_stop_wh=900, at=NOON, reason=StopReason.LOCAL, supply=None)


@pytest.mark.parametrize("session", [nobodys(), over(nobodys())], ids=["running", "ended"])
def test_s6_an_unassigned_session_becomes_a_tickets_as_it_began(session: ChargingSession):
    given = assigned(session, 5, 6)
    assert given == replace(session, request_id=5, stay_id=6)
    moved = moved_to(given, 7, 8, flat_fee_paid=True)
    assert moved == replace(session, request_id=7, stay_id=8, flat_fee_paid=True)


def test_s6_what_is_a_tickets_is_moved_and_what_is_nobodys_is_assigned():
    with pytest.raises(Refusal, match="Move it instead"):
        assigned(assigned(nobodys(), 5, 6), 7, 8)
    with pytest.raises(Refusal, match="Assign it instead"):
        moved_to(nobodys(), 5, 6)
    with pytest.raises(Refusal, match="on that ticket already"):
        moved_to(assigned(nobodys(), 5, 6), 7, 6)


@pytest.mark.parametrize("status", [SessionStatus.STARTING, SessionStatus.FAILED])
def test_s6_what_never_began_is_nobodys_to_give(status: SessionStatus):
    session = replace(nobodys(), status=status, started_at=None)
    for move in (assigned, moved_to):
        with pytest.raises(Refusal) as refused:
            move(session, 5, 6)
        assert refused.value.code is ErrorCode.SESSION_NOT_ACTIVE


def test_s2_a_card_that_begins_again_is_not_the_assigned_session_sent_again():
    session = assigned(over(nobodys()), 5, 6)
    assert was_opened_by(session, a_start("2026-03-01T12:00:00Z"), another_waits=False)
    assert not was_opened_by(session, a_start("2026-03-01T13:00:00Z"), another_waits=False)
