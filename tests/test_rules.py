"""docs/rules.md: each rule that it tells of has a test that bears its id, and no test bears another id."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Of each letter the rules are counted without a gap, up to this one.
_LAST = {"C": 10, "B": 7, "S": 7, "M": 6, "T": 12, "X": 2}
_ROW = re.compile(r"^\| ([A-Z]\d+) \|", re.MULTILINE)
_TEST = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
_ID = re.compile(r"(?<=_)[bcmstx]\d+(?=_|$)")


def test_every_rule_has_a_test_that_bears_its_id() -> None:
    told = set(_ROW.findall((ROOT / "docs" / "rules.md").read_text(encoding="utf-8")))
    names = [name for file in (ROOT / "tests").rglob("test_*.py") for name in _TEST.findall(file.read_text("utf-8"))]
    assert told == {f"{letter}{number}" for letter, last in _LAST.items() for number in range(1, last + 1)}
    assert {id_.upper() for name in names for id_ in _ID.findall(name)} == told
