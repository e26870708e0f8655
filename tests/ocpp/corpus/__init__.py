"""Malformed and strange frames, by theme, each with what must come of it. `tests/ocpp/test_corpus.py` sends them."""

from tests.ocpp.corpus import (
    answering,
    booting,
    framing,
    metering,
    parts,
    stamping,
    starting,
    status,
    stopping,
)
from tests.ocpp.corpus.vocabulary import Case

CASES: list[Case] = [
    *framing.CASES,
    *answering.CASES,
    *booting.CASES,
    *status.CASES,
    *starting.CASES,
    *stamping.CASES,
    *metering.CASES,
    *stopping.CASES,
    *parts.CASES,
]
