"""OCPP-J framing, as tables."""

import json
from decimal import Decimal
from typing import Any

import pytest

from evgraph.ocpp import frames
from evgraph.ocpp.frames import Call, CallError, CallResult, ErrorCode, MalformedCall, NotAFrame


@pytest.mark.parametrize(
    "message_id", ["19223201", "", "x" * 37, 7, 0, -1, 12345678901234567890123, "\u00fc\U0001f50c"]
)
def test_c7_a_message_id_is_echoed_unchanged(message_id: Any) -> None:
    call = frames.decode(json.dumps([2, message_id, "Heartbeat", {}]))
    assert call == Call(message_id, "Heartbeat", {})
    assert json.loads(frames.encode_result(call.message_id, {})) == [3, message_id, {}]


@pytest.mark.parametrize("message_id", ["1.5", '"\\ud800"'])
def test_c7_odd_message_ids_are_echoed_as_they_came(message_id: str) -> None:
    call = frames.decode(f'[2,{message_id},"Heartbeat",{{}}]')
    assert frames.encode_result(call.message_id, {}) == f"[3,{message_id},{{}}]"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hello",
        "{}",
        "null",
        "2",
        '"2"',
        "[]",
        "[2]",
        "[2,",
        '[2,null,"Heartbeat",{}]',
        '[2,true,"Heartbeat",{}]',
        '[2,["1"],"Heartbeat",{}]',
        '[2,{"id":1},"Heartbeat",{}]',
        '[9,"1","Heartbeat",{}]',
        '["2","1","Heartbeat",{}]',
        '[true,"1","Heartbeat",{}]',
        '[null,"1","Heartbeat",{}]',
        '[[2],"1","Heartbeat",{}]',
        '[2.5,"1","Heartbeat",{}]',
        "[" * 60_000,
        '{"a":' * 10_000,
        "[2," + "[" * 30_000 + "]" * 30_000 + ']"Heartbeat",{}]',
        '[2,"1","Heartbeat",{}] [2,"2","Heartbeat",{}]',
    ],
)
def test_c7_what_is_no_frame_is_told_apart(text: str) -> None:
    with pytest.raises(NotAFrame):
        frames.decode(text)


@pytest.mark.parametrize(
    "text",
    [
        '[2,"1"]',
        '[2,"1","Heartbeat"]',
        '[2,"1",["Heartbeat"],{}]',
        '[2,"1",null,{}]',
        '[2,"1",5,{}]',
        '[2,"1","Heartbeat",[]]',
        '[2,"1","Heartbeat","{}"]',
        '[2,"1","Heartbeat",5]',
    ],
)
def test_c7_a_call_of_bad_shape_can_still_be_answered(text: str) -> None:
    frame = frames.decode(text)
    assert isinstance(frame, MalformedCall)
    assert frame.message_id == "1"


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('[2,"1","A",null]', {}),
        ('[2,"1","A",{"a":1,"a":2}]', {"a": 2}),
        ('[2,"1","A",{"a":12.50}]', {"a": Decimal("12.50")}),
        ('[2,"1","A",{},"more"]', {}),
        ('\ufeff [2,"1","A",{}]\r\n\x00', {}),
        ('[2.0,"1","A",{}]', {}),
        ('[2,"1","A",{"a":"x\ty\x01"}]', {"a": "x\ty\x01"}),
        ('[2,"1","A",{"a":NaN}]', {"a": "NaN"}),
        ('[2,"1","A",{"a":"\\udead"}]', {"a": "\udead"}),
        ('[2,"1","A",{"a":1e999999999999999999999}]', {"a": "1e999999999999999999999"}),
        ('[2,"1","A",{"a":' + "9" * 6000 + "}]", {"a": "9" * 6000}),
    ],
)
def test_c8_payloads_that_json_libraries_stumble_over_are_read(text: str, payload: dict[str, Any]) -> None:
    assert frames.decode(text) == Call("1", "A", payload)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[3,"1",{"status":"Accepted"}]', CallResult("1", {"status": "Accepted"})),
        ('[3,"1",null]', CallResult("1", {})),
        ('[3,"1"]', CallResult("1", None)),
        ('[3,"1",["Accepted"]]', CallResult("1", None)),
        ('[4,"1"]', CallError("1", "")),
        ('[4,"1","NotSupported"]', CallError("1", "NotSupported")),
        ('[4,"1","NotSupported","no"]', CallError("1", "NotSupported", "no")),
        ('[4,"1","Made Up",null,null]', CallError("1", "Made Up")),
        ('[4,"1",17,{"a":1},"x"]', CallError("1", "")),
        ('[4,"1","GenericError","no",{"a":1}]', CallError("1", "GenericError", "no", {"a": 1})),
    ],
)
def test_c5_answers_are_read_in_every_shape(text: str, expected: object) -> None:
    assert frames.decode(text) == expected


def test_c7_a_callerror_has_five_elements_and_the_spelling_of_1_6() -> None:
    text = frames.encode_error(CallError("1", ErrorCode.FORMATION_VIOLATION))
    assert json.loads(text) == [4, "1", "FormationViolation", "", {}]
    assert ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION == "OccurenceConstraintViolation"


def test_a_call_of_ours_has_four_elements() -> None:
    assert json.loads(frames.encode_call("1", "Reset", {"type": "Soft"})) == [2, "1", "Reset", {"type": "Soft"}]
