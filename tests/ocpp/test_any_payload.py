"""C7 and C8 for what nobody thought of: nothing that a charger can send makes the reading fail."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evgraph.ocpp import frames, messages, translate
from evgraph.ocpp.fields import CallRefused, Fields
from evgraph.ocpp.frames import Call, MalformedCall, NotAFrame

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAMES = [
    "connectorId",
    "idTag",
    "meterStart",
    "meterStop",
    "timestamp",
    "transactionId",
    "reason",
    "transactionData",
    "meterValue",
    "sampledValue",
    "value",
    "unit",
    "phase",
    "measurand",
    "format",
    "status",
    "errorCode",
    "info",
    "chargePointVendor",
    "chargePointModel",
    "chargePointSerialNumber",
    "firmwareVersion",
    "location",
    "context",
]
_texts = st.text() | st.sampled_from(["2026-03-01T11:59:00Z", "9999-12-31T23:59:59-23:59", "1e99", "kWh", "L1", "12.5"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
_payloads = st.dictionaries(st.sampled_from(NAMES), _values)


def _read(read: Any, to_domain: Any, payload: dict[str, Any]) -> None:
    frame = frames.decode(json.dumps([2, "1", "Any", payload]))
    assert isinstance(frame, Call)
    try:
        message = read(Fields(frame.payload))
    except CallRefused:
        return
    to_domain(message)


@pytest.mark.parametrize(
    ("read", "to_domain"),
    [
        (messages.boot_notification, translate.boot_report),
        (messages.status_notification, lambda message: translate.status_report(message, NOW)),
        (messages.start_transaction, lambda message: translate.transaction_start(message, NOW)),
        (messages.stop_transaction, lambda message: translate.transaction_stop(message, NOW, "raw")),
        (messages.meter_values, lambda message: translate.readings(message.meter_values, NOW)),
        (messages.authorize, repr),
        (messages.data_transfer, repr),
    ],
)
@settings(max_examples=40, deadline=None)
@given(payload=_payloads, whole=st.booleans())
def test_c8_any_payload_is_read_or_refused(read: Any, to_domain: Any, payload: dict[str, Any], whole: bool) -> None:
    _read(read, to_domain, {**dict.fromkeys(NAMES), **payload} if whole else payload)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.lists(_values, max_size=6).map(json.dumps))
def test_c7_any_text_is_a_frame_or_none(text: str) -> None:
    try:
        frame = frames.decode(text)
    except NotAFrame:
        return
    if isinstance(frame, Call | MalformedCall):
        json.loads(frames.encode_result(frame.message_id, {}))
