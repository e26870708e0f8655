from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.charge_point import ReservationState
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.reservation import canceled, seen, wanted

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GIVEN = {
    "charge_point_id": 1,
    "connector_id": 2,
    "id_tag": " staff-7 ",
    "parent_id_tag": None,
    "expires_at": NOON + timedelta(hours=1),
    "made_by": "Olivia",
    "now": NOON,
}
HELD = wanted(**GIVEN)


def test_a_reservation_is_kept_under_its_tag_as_it_was_entered():
    assert (HELD.id_tag, HELD.state, HELD.made_at) == ("staff-7", ReservationState.ACTIVE, NOON)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"expires_at": NOON}, "expiresAt"),
        ({"expires_at": NOON - timedelta(days=1)}, "expiresAt"),
        ({"id_tag": " "}, "idTag"),
        ({"id_tag": "X" * 21}, "idTag"),
        ({"id_tag": "A\nB"}, "idTag"),
        ({"id_tag": "Größe"}, "idTag"),
        ({"parent_id_tag": "X" * 21}, "parentIdTag"),
    ],
)
def test_what_no_charger_takes_is_refused(wrong, field):
    with pytest.raises(Refusal) as refused:
        wanted(**(GIVEN | wrong))
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID, ("input", field))


@pytest.mark.parametrize(
    ("is_used", "minutes", "state"),
    [
        (False, 59, ReservationState.ACTIVE),
        (False, 60, ReservationState.EXPIRED),
        (True, 10, ReservationState.USED),
        (True, 600, ReservationState.USED),
    ],
)
def test_what_becomes_of_it(is_used, minutes, state):
    assert seen(HELD, is_used=is_used, now=NOON + timedelta(minutes=minutes)).state is state


@pytest.mark.parametrize("state", sorted(set(ReservationState) - {ReservationState.ACTIVE}))
def test_what_is_over_stays_over(state):
    over = replace(HELD, state=state)
    assert seen(over, is_used=True, now=NOON + timedelta(days=1)) == over
    with pytest.raises(Refusal, match=state.value.lower()):
        canceled(over)
