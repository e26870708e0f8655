"""A vehicle's place in the queue: every move from every status."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.charging_request import (
    ChargingRequest,
    RequestStatus,
    asked_again,
    can_be_revived,
    canceled,
    charged,
    charging_began,
    new_request,
    start_asked,
    start_failed,
)
from evgraph.domain.refusals import Refusal
from evgraph.domain.stay import Channel

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)
WHY = "The charger did not answer."


def waiting() -> ChargingRequest:
    return new_request(garage_id=1, stay_id=6, channel=Channel.POS, estimated_checkout_at=None, now=NOON)


def of(status: str) -> ChargingRequest:
    """In life a request comes to each status through these moves; its latest session is 70."""
    tried = start_failed(start_asked(waiting(), 70), 70, "The car was not plugged in.")
    asked = start_asked(tried, 70)
    request = {
        "NEEDS_CHARGING": tried,
        "STARTING": asked,
        "CHARGING": charging_began(asked, 70),
        "CHARGED": charged(charging_began(asked, 70), 70),
        "CANCELED": canceled(tried),
    }[status]
    assert request.status == status
    return request


STATUSES = ("NEEDS_CHARGING", "STARTING", "CHARGING", "CHARGED", "CANCELED")
MOVES: dict[str, Callable[[ChargingRequest], ChargingRequest]] = {
    "asked again": lambda r: asked_again(r, channel=Channel.PORTAL, estimated_checkout_at=None, now=LATER),
    "start asked": lambda r: start_asked(r, 71),
    "start failed": lambda r: start_failed(r, 70, WHY),
    "another session's start failed": lambda r: start_failed(r, 69, WHY),
    "charging began": lambda r: charging_began(r, 71),
    "charged": lambda r: charged(r, 70),
    "another session charged": lambda r: charged(r, 69),
    "canceled": canceled,
}
STAYS, EXISTS, NOT_WAITING = "stays as it is", "REQUEST_EXISTS", "REQUEST_NOT_WAITING"
TABLE = {
    #                                NEEDS_CHARGING    STARTING          CHARGING     CHARGED           CANCELED
    "asked again": (EXISTS, EXISTS, EXISTS, "NEEDS_CHARGING", EXISTS),
    "start asked": ("STARTING", NOT_WAITING, NOT_WAITING, NOT_WAITING, NOT_WAITING),
    "start failed": (STAYS, "NEEDS_CHARGING", STAYS, STAYS, STAYS),
    "another session's start failed": (STAYS, STAYS, STAYS, STAYS, STAYS),
    "charging began": ("CHARGING", "CHARGING", "CHARGING", "CHARGING", "CHARGING"),
    "charged": ("CHARGED", "CHARGED", "CHARGED", "CHARGED", STAYS),
    "another session charged": (STAYS, STAYS, STAYS, STAYS, STAYS),
    "canceled": ("CANCELED", NOT_WAITING, NOT_WAITING, NOT_WAITING, STAYS),
}


@pytest.mark.parametrize(
    ("move", "status", "outcome"),
    [(move, status, outcome) for move, row in TABLE.items() for status, outcome in zip(STATUSES, row, strict=True)],
)
def test_every_move_from_every_status(move: str, status: str, outcome: str):
    request = of(status)
    if outcome in (EXISTS, NOT_WAITING):
        with pytest.raises(Refusal) as refused:
            MOVES[move](request)
        assert refused.value.code == outcome
    elif outcome == STAYS:
        assert MOVES[move](request) is request
    else:
        assert MOVES[move](request).status == outcome


def test_the_table_knows_every_move_and_status():
    assert MOVES.keys() == TABLE.keys()
    assert tuple(RequestStatus) == STATUSES


def test_a_new_request_waits():
    request = new_request(garage_id=1, stay_id=6, channel=Channel.HANDHELD, estimated_checkout_at=LATER, now=NOON)
    assert request == ChargingRequest(
        id=0,
        garage_id=1,
        stay_id=6,
        status=RequestStatus.NEEDS_CHARGING,
        channel=Channel.HANDHELD,
        requested_at=NOON,
        estimated_checkout_at=LATER,
        session_id=None,
        last_start_failure=None,
    )


def test_s1_a_start_takes_a_new_session_and_forgets_the_last_failure():
    request = start_asked(of("NEEDS_CHARGING"), 71)
    assert (request.session_id, request.last_start_failure) == (71, None)


def test_s4_a_request_whose_start_failed_says_why():
    request = start_failed(of("STARTING"), 70, WHY)
    assert (request.status, request.last_start_failure) == (RequestStatus.NEEDS_CHARGING, WHY)


def test_s4_a_failure_of_an_earlier_session_does_not_touch_the_next_start():
    request = start_asked(start_failed(start_asked(waiting(), 70), 70, WHY), 71)
    assert start_failed(request, 70, "It came late.") is request


def test_s5_a_revived_request_forgets_the_failure():
    request = charging_began(of("NEEDS_CHARGING"), 70)
    assert (request.status, request.session_id, request.last_start_failure) == (RequestStatus.CHARGING, 70, None)


@pytest.mark.parametrize(
    ("status", "can_be"),
    [("NEEDS_CHARGING", True), ("STARTING", False), ("CHARGING", False), ("CHARGED", False), ("CANCELED", False)],
)
def test_s5_only_a_waiting_request_can_be_revived_and_by_its_latest_session(status: str, can_be: bool):
    assert can_be_revived(of(status), 70) is can_be
    assert not can_be_revived(of(status), 69)


def test_t8_a_charged_vehicle_goes_back_to_the_queue_with_the_same_request():
    once = replace(of("CHARGED"), id=5, estimated_checkout_at=LATER)
    request = asked_again(once, channel=Channel.PORTAL, estimated_checkout_at=None, now=LATER)
    assert (request.id, request.session_id, request.requested_at) == (5, 70, LATER)
    assert (request.channel, request.estimated_checkout_at) == (Channel.PORTAL, LATER)
    sooner = NOON + timedelta(minutes=30)
    assert (
        asked_again(once, channel=Channel.POS, estimated_checkout_at=sooner, now=NOON).estimated_checkout_at == sooner
    )


@pytest.mark.parametrize(
    ("status", "message"),
    [
        ("STARTING", "This vehicle is starting already. Plug it in."),
        ("CHARGING", "This vehicle is charging already."),
        ("CHARGED", "This vehicle has been charged already. Make a new request first."),
        ("CANCELED", "This request was canceled. Make a new request first."),
    ],
)
def test_a_start_that_is_refused_tells_the_attendant_what_is(status: str, message: str):
    with pytest.raises(Refusal) as refused:
        start_asked(of(status), 71)
    assert (refused.value.message, refused.value.field) == (message, ("input", "requestId"))
