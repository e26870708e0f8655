"""C8, M1: the short road of a MeterValues reads what the tolerant one reads, or leaves it to that."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evgraph.ocpp import frames, messages, translate
from evgraph.ocpp.fields import CallRefused, Fields
from evgraph.ocpp.frames import Call
from evgraph.ocpp.plain_readings import Told, plainly
from tests.ocpp import corpus, fuzz
from tests.ocpp.corpus.vocabulary import TX

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = "2026-03-01T11:59:00Z"
REGISTER = {"value": "1500", "context": "Sample.Periodic", "measurand": "Energy.Active.Import.Register", "unit": "Wh"}


def _tolerantly(payload: dict[str, Any]) -> tuple[Told | None, list[str]]:
    fields = Fields(payload)
    try:
        message = messages.meter_values(fields)
    except CallRefused:
        return None, fields.problems
    readings = translate.readings(message.meter_values, NOW)
    return Told(message.connector_id, message.transaction_id, readings), fields.problems


def _agree(text: str) -> bool:
    """Whether the short road took it."""
    plain = plainly(text, NOW)
    if plain is None:
        return False
    call = frames.decode(text)
    assert isinstance(call, Call)
    assert (call.message_id, call.action) == (plain.message_id, "MeterValues")
    assert (plain.told, []) == _tolerantly(call.payload)
    return True


def _frame(payload: Any) -> str:
    return json.dumps([2, "17", "MeterValues", payload], default=str)


def _mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(usual, usual, usual, odd)


_odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([]) | st.just({})
_value = _mostly(
    st.integers(0, 10**11).map(str),
    st.decimals(allow_nan=True, places=3).map(str)
    | st.sampled_from(
        ["0007", "-0", "1e3", "12.5", " 12 ", ".5", "5.", "\u0661", "\u00b2", "2147483647", "2147483648", "9" * 60]
    )
    | _odd,
)
_words = {
    "measurand": [
        "Energy.Active.Import.Register",
        "Energy.Active.Import.Interval",
        "Power.Active.Import",
        "Voltage",
        "SoC",
        "x",
    ],
    "unit": ["Wh", "kWh", "W", "kW", "V", "kwh", ""],
    "context": ["Sample.Periodic", "Sample.Clock", "Transaction.Begin", "Transaction.End", "transaction.begin", "?"],
    "format": ["Raw", "SignedData", "raw"],
    "location": ["Outlet", "Inlet", "outlet", "EV"],
}
_sample = st.fixed_dictionaries(
    {"value": _value},
    optional={
        **{name: _mostly(st.sampled_from(words), _odd) for name, words in _words.items()},
        "phase": st.sampled_from(["L1", "l1", "L2", "L3", "L1-N", "N", None]),
        "extra": _odd,
    },
)
_stamp = _mostly(
    st.datetimes(datetime(2019, 12, 1), datetime(2026, 3, 2)).map(lambda at: at.isoformat() + "Z"),  # noqa: DTZ001
    st.sampled_from(
        [
            STAMP,
            "2026-03-01T06:59:00-05:00",
            "2026-03-01 11:59:00",
            "2026-03-01",
            "2026-02-30T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "2026-03-01T11:59:60Z",
            "2026-03-01T11:59:00+25:00",
        ]
    )
    | _odd,
)
_meter_value = st.fixed_dictionaries(
    {}, optional={"timestamp": _stamp, "sampledValue": st.lists(_mostly(_sample, _odd), max_size=5)}
)
_payload = st.fixed_dictionaries(
    {},
    optional={
        "connectorId": _mostly(st.integers(-1, 1001), _odd),
        "transactionId": _mostly(st.integers(-1, 2**31), _odd),
        "meterValue": _mostly(st.lists(_mostly(_meter_value, _odd), max_size=3), _odd),
    },
)


@settings(max_examples=1500, deadline=None)
@given(_payload)
@example(
    {"connectorId": 1, "meterValue": [{"timestamp": STAMP, "sampledValue": [REGISTER, REGISTER | {"unit": "kWh"}]}]}
)
@example({"connectorId": True, "transactionId": True, "meterValue": [{"timestamp": STAMP, "sampledValue": [REGISTER]}]})
def test_c8_both_roads_read_the_same(payload: dict[str, Any]) -> None:
    _agree(_frame(payload))


@settings(max_examples=1500, deadline=None)
@given(_payload, st.integers(0, 400), st.text(max_size=3))
def test_c8_both_roads_read_a_frame_that_was_garbled_the_same(payload: dict[str, Any], at: int, noise: str) -> None:
    text = _frame(payload)
    _agree(text[:at] + noise + text[at + 1 :])
    _agree(text[:at] + noise + text[at:])


@pytest.mark.parametrize(
    "text",
    [
        '[2,"17","MeterValues",{"connectorId":1.0,"meterValue":[]}]',
        '[2,"17","MeterValues",{"connectorId":1,"connectorId":2,"meterValue":[]}]',
        '[2,17,"MeterValues",{"connectorId":1,"meterValue":[]}]',
        '[2,"17","MeterValues",{"connectorId":1,"meterValue":[]},{}]',
        '\ufeff[2,"17","MeterValues",{"connectorId":1,"meterValue":[]}]\x00',
        '[2,"\\ud800","MeterValues",{"connectorId":1,"meterValue":[]}]',
        '[2.0,"17","MeterValues",{"connectorId":1,"meterValue":[]}]',
        '[2,"17","MeterValues",{"connectorId":1,"meterValue":[],"transactionId":1e3}]',
    ],
)
def test_c8_both_roads_read_what_json_allows_the_same(text: str) -> None:
    _agree(text)


def test_c8_both_roads_read_the_corpus_and_the_fuzz_the_same() -> None:
    said = [said.frame for case in corpus.CASES for said in case.said if isinstance(said.frame, str)]
    texts = [text.replace(f'"{TX}"', "7") for text in said] + list(fuzz.hostile_frames(seed=4, count=20_000))
    assert sum(map(_agree, texts)) > 50


@pytest.mark.parametrize(
    "sampled",
    [
        [REGISTER],
        [{"value": "1500"}],
        [{"value": "1.5", "unit": "kWh"}, {"value": "9840.4", "measurand": "Power.Active.Import", "unit": "W"}],
        [
            REGISTER,
            {"value": "n/a", "measurand": "SoC", "unit": "Percent"},
            {"value": "230", "measurand": "Voltage", "phase": "L1"},
        ],
        [{"value": "163.6", "unit": "kWh", "context": "Sample.Clock"}],
        [{"value": "5", "measurand": "Energy.Active.Import.Interval"}],
        [],
    ],
    ids=str,
)
def test_m1_what_most_chargers_send_takes_the_short_road(sampled: list[dict[str, Any]]) -> None:
    payload = {"connectorId": 1, "transactionId": 7, "meterValue": [{"timestamp": STAMP, "sampledValue": sampled}]}
    assert _agree(_frame(payload))
