"""What the answers to RemoteStopTransaction leave on a session (T4, T7)."""

from datetime import timedelta

import pytest

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.remote_stop import is_overdue, refuse_unless_running, stop_accepted, stop_failed
from tests.domain.test_charging_session import at, charging, ended


def _asked(session: ChargingSession, code: ErrorCode | None, minute: float) -> ChargingSession:
    if code is None:
        return stop_accepted(session, sent_at=at(minute))
    return stop_failed(session, code, sent_at=at(minute), now=at(minute + 0.5))


@pytest.mark.parametrize(
    ("answers", "asked", "rejected", "failed"),
    [
        ([None], 0, None, None),
        ([ErrorCode.CHARGER_OFFLINE], None, None, 0.5),
        ([ErrorCode.CHARGER_BUSY], None, None, 0.5),
        ([ErrorCode.CHARGER_TIMEOUT], 0, None, 0.5),
        ([ErrorCode.CHARGER_REJECTED], 0, 0.5, 0.5),
        ([ErrorCode.CHARGER_REJECTED, ErrorCode.CHARGER_REJECTED], 1, 0.5, 1.5),
        ([ErrorCode.CHARGER_REJECTED, ErrorCode.CHARGER_TIMEOUT], 1, 0.5, 1.5),
        ([ErrorCode.CHARGER_REJECTED, ErrorCode.CHARGER_OFFLINE], 0, 0.5, 1.5),
        ([ErrorCode.CHARGER_REJECTED, None], 1, None, None),
        ([ErrorCode.CHARGER_REJECTED, None, ErrorCode.CHARGER_REJECTED], 2, 2.5, 2.5),
    ],
)
def test_t7_the_first_rejection_since_the_charger_accepted_is_kept(
    answers: list[ErrorCode | None], asked: float | None, rejected: float | None, failed: float | None
) -> None:
    session = charging()
    for minute, code in enumerate(answers):
        session = _asked(session, code, minute)
    expected = tuple(at(minute) if minute is not None else None for minute in (asked, rejected, failed))
    assert (session.stop_asked_at, session.stop_rejected_at, session.stop_failed_at) == expected


def test_t7_an_accepted_stop_is_overdue_after_a_minute() -> None:
    session = _asked(charging(), None, 10)
    assert not is_overdue(charging(), at(99))
    assert not is_overdue(session, at(11) - timedelta(microseconds=1))
    assert is_overdue(session, at(11))
    assert not is_overdue(_asked(session, ErrorCode.CHARGER_REJECTED, 12), at(20))


def test_only_a_running_session_is_stopped() -> None:
    refuse_unless_running(charging())
    with pytest.raises(Refusal) as refused:
        refuse_unless_running(ended())
    assert refused.value.code is ErrorCode.SESSION_NOT_ACTIVE
    assert ended().status is SessionStatus.ENDED
