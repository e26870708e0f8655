"""C9: how long an answer is remembered."""

import pytest

from evgraph.ocpp.answered import MOST_REMEMBERED, SHORT_WHILE, Answered


@pytest.mark.parametrize(
    ("action", "after", "is_replayed"),
    [
        ("StopTransaction", 86_400.0, True),
        ("StartTransaction", 86_400.0, True),
        ("MeterValues", 86_400.0, True),
        ("Heartbeat", SHORT_WHILE - 1, True),
        ("Heartbeat", SHORT_WHILE + 1, False),
        ("BootNotification", SHORT_WHILE + 1, False),
        ("Authorize", SHORT_WHILE + 1, False),
    ],
)
def test_c9_an_answer_that_tells_the_moment_does_not_last(action: str, after: float, is_replayed: bool) -> None:
    answered = Answered()
    answered.keep(1, action, "frame", "answer", now=1000.0)
    assert (answered.again(1, "frame", now=1000.0 + after) == "answer") is is_replayed


def test_c9_the_latest_answers_are_kept_and_no_more() -> None:
    answered = Answered()
    for number in range(MOST_REMEMBERED + 1):
        answered.keep(number, "StopTransaction", f"frame {number}", f"answer {number}", now=0.0)
    assert answered.again(0, "frame 0", now=0.0) is None
    assert answered.again(1, "frame 1", now=0.0) == "answer 1"
    assert answered.again(MOST_REMEMBERED, f"frame {MOST_REMEMBERED}", now=0.0) == f"answer {MOST_REMEMBERED}"


def test_c9_the_same_id_with_another_content_is_another_message() -> None:
    answered = Answered()
    answered.keep("1", "StopTransaction", "frame", "answer", now=0.0)
    assert answered.again("1", "other frame", now=0.0) is None
    assert answered.again(1, "frame", now=0.0) is None
    assert answered.knows("1")
