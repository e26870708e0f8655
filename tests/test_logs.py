"""What libraries log, as one line an event."""

import json
import logging

import pytest

from evgraph.logs import set_up_logs


@pytest.mark.parametrize(("level", "is_traceback"), [("warning", False), ("error", True)])
def test_only_a_librarys_error_has_a_traceback(
    level: str, is_traceback: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs("json", "info")
    try:
        raise OSError("the database is gone")
    except OSError:
        getattr(logging.getLogger("asyncpg"), level)("Trying again", exc_info=True)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"]) == ("Trying again", level)
    assert ("exception" in line) is is_traceback
    assert line.get("why") == (None if is_traceback else "OSError: the database is gone")
