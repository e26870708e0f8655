"""C6, C7, C9: frames that are none, ids of all kinds, actions that there are not, the same again."""

import json

from tests.ocpp.corpus.vocabulary import (
    AGAIN,
    FINE,
    NOTHING,
    TX,
    Binary,
    Case,
    Closed,
    Error,
    Given,
    Result,
    Said,
    Time,
    call,
    case,
)

_BEAT = '[2,"m1","Heartbeat",{}]'
_SMALL = 64 * 1024
_LARGEST = 1024 * 1024
_STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": "2026-03-01T11:50:00Z"}


def _of_size(size: int) -> str:
    frame = '[2,"big","Heartbeat",{"pad":"%s"}]'
    return frame % ("x" * (size - len(frame) + 2))


_NO_FRAMES: list[tuple[str, str | bytes | Binary]] = [
    ("an empty text", ""),
    ("blanks", " \r\n\t "),
    ("NULs alone", "\x00\x00"),
    ("words", "hello"),
    ("HTTP", "GET /ocpp/CP1 HTTP/1.1\r\n\r\n"),
    ("XML of OCPP-S", "<soap:Envelope><soap:Body/></soap:Envelope>"),
    ("an object", '{"2":"m1"}'),
    ("null", "null"),
    ("a number", "2"),
    ("a text", '"[2]"'),
    ("true", "true"),
    ("an empty array", "[]"),
    ("a frame in an array", f"[{_BEAT}]"),
    ("a frame in a text", json.dumps(_BEAT)),
    ("two frames in one", _BEAT + _BEAT),
    ("a frame and rubbish", _BEAT + " x"),
    ("a frame cut short", _BEAT[:-2]),
    ("a frame cut in its id", '[2,"m'),
    ("a trailing comma in the array", '[2,"m1","Heartbeat",{},]'),
    ("a trailing comma in the payload", '[2,"m1","Heartbeat",{"a":1,}]'),
    ("single quotes", "[2,'m1','Heartbeat',{}]"),
    ("names without quotes", '[2,"m1","Heartbeat",{a:1}]'),
    ("a comment", '[2,"m1","Heartbeat",{}/* */]'),
    ("a hexadecimal type", '[0x2,"m1","Heartbeat",{}]'),
    ("message type 0", '[0,"m1","Heartbeat",{}]'),
    ("message type 1", '[1,"m1","Heartbeat",{}]'),
    ("message type 5", '[5,"m1","Heartbeat",{}]'),
    ("message type 22", '[22,"m1","Heartbeat",{}]'),
    ("message type -2", '[-2,"m1","Heartbeat",{}]'),
    ("message type 2.5", '[2.5,"m1","Heartbeat",{}]'),
    ("message type 1e400", '[1e400,"m1","Heartbeat",{}]'),
    ("message type NaN", '[NaN,"m1","Heartbeat",{}]'),
    ("message type as a text", '["2","m1","Heartbeat",{}]'),
    ("message type true", '[true,"m1","Heartbeat",{}]'),
    ("message type null", '[null,"m1","Heartbeat",{}]'),
    ("message type an array", '[[2],"m1","Heartbeat",{}]'),
    ("message type an object", '[{"2":2},"m1","Heartbeat",{}]'),
    ("a CALL and no more", "[2]"),
    ("an id that is null", '[2,null,"Heartbeat",{}]'),
    ("an id that is true", '[2,true,"Heartbeat",{}]'),
    ("an id that is an array", '[2,["m1"],"Heartbeat",{}]'),
    ("an id that is an object", '[2,{"id":"m1"},"Heartbeat",{}]'),
    ("30,000 arrays that open", "[" * 30_000),
    ("30,000 arrays in each other", "[" * 30_000 + "]" * 30_000),
    ("a payload 5,000 objects deep", '[2,"m1","Heartbeat",' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "]"),
    ("a text frame of half a UTF-8 character", b'[2,"m1","Heartbeat",{"a":"\xc3"}]'),
    ("a text frame of Latin-1", '[2,"m1","Heartbeat",{"a":"Tür"}]'.encode("latin-1")),
    ("a text frame of UTF-16", '[2,"m1","Heartbeat",{}]'.encode("utf-16")),
    ("a text frame with an overlong slash", b'[2,"m1","Heartbeat",{"a":"\xc0\xaf"}]'),
    ("a text frame with a surrogate in UTF-8", b'[2,"m1","Heartbeat",{"a":"\xed\xa0\x80"}]'),
    ("a binary frame that would be a CALL", Binary(_BEAT.encode())),
    ("an empty binary frame", Binary(b"")),
    ("a binary frame of noise", Binary(bytes(range(256)))),
]

# The id as it stands in the frame, and as JSON reads it in the answer.
_IDS: list[tuple[str, str, object]] = [
    ("of 36 characters", f'"{"i" * 36}"', "i" * 36),
    ("of 37 characters", f'"{"i" * 37}"', "i" * 37),
    ("of 30,000 characters", f'"{"i" * 30_000}"', "i" * 30_000),
    ("that is empty", '""', ""),
    ("of blanks", '"  "', "  "),
    ("that is an integer", "7", 7),
    ("that is 0", "0", 0),
    ("that is negative", "-1", -1),
    ("that is an integer of 64 bits", str(2**63), 2**63),
    ("that is an integer beyond 64 bits", "123456789012345678901234", 123456789012345678901234),
    ("that is a fraction", "1.5", 1.5),
    ("with quotes and backslashes", r'"a\"b\\c"', 'a"b\\c'),
    ("with a newline", r'"a\nb"', "a\nb"),
    ("with a NUL", r'"a\u0000b"', "a\x00b"),
    ("in Chinese", '"充电"', "充电"),
    ("with an emoji", '"🔌"', "🔌"),
    ("with half a surrogate", r'"\ud83d"', "\ud83d"),
    ("in braces, as a GUID", '"{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"', "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"),
]

_READ_ALL_THE_SAME: list[tuple[str, str]] = [
    ("null for a payload", '[2,"m1","Heartbeat",null]'),
    ("a fifth element", '[2,"m1","Heartbeat",{},"more"]'),
    ("message type 2.0", '[2.0,"m1","Heartbeat",{}]'),
    ("blanks around and between", ' [ 2 , "m1" ,\r\n "Heartbeat" , { } ] \r\n'),
    ("a byte order mark", "\ufeff" + _BEAT),
    ("a NUL at its end", _BEAT + "\x00"),
    ("a raw tab and a raw NUL in a text", '[2,"m1","Heartbeat",{"a":"x\ty\x00"}]'),
    ("a raw newline in a text", '[2,"m1","Heartbeat",{"a":"x\ny"}]'),
    ("duplicate keys", '[2,"m1","Heartbeat",{"a":1,"a":2}]'),
    ("NaN", '[2,"m1","Heartbeat",{"a":NaN}]'),
    ("Infinity", '[2,"m1","Heartbeat",{"a":-Infinity}]'),
    ("a number of 5,000 digits", '[2,"m1","Heartbeat",{"a":%s}]' % ("9" * 5000)),
    ("a fraction of 5,000 digits", '[2,"m1","Heartbeat",{"a":0.%s}]' % ("9" * 5000)),
    ("an exponent beyond all", '[2,"m1","Heartbeat",{"a":1e99999999999999999999}]'),
    ("half a surrogate", r'[2,"m1","Heartbeat",{"a":"\udead"}]'),
    ("half a surrogate for a name", r'[2,"m1","Heartbeat",{"\udead":1}]'),
    ("an empty name", '[2,"m1","Heartbeat",{"":""}]'),
    ("1,000 fields", json.dumps([2, "m1", "Heartbeat", {f"f{n}": n for n in range(1000)}])),
    ("a payload 100 objects deep", '[2,"m1","Heartbeat",' + '{"a":' * 100 + "1" + "}" * 100 + "]"),
    ("a name of Python's own", '[2,"m1","Heartbeat",{"__class__":"x","self":1}]'),
]

_ACTIONS: list[tuple[str, str, str]] = [
    ("that there is not", '"MakeCoffee"', "NotImplemented"),
    ("of OCPP 2.0.1", '"TransactionEvent"', "NotImplemented"),
    ("of OCPP 1.2", '"Status Notification"', "NotImplemented"),
    ("that is empty", '""', "NotImplemented"),
    ("in lower case", '"heartbeat"', "NotImplemented"),
    ("in capitals", '"STOPTRANSACTION"', "NotImplemented"),
    ("with Request at its end", '"HeartbeatRequest"', "NotImplemented"),
    ("with .req at its end", '"Heartbeat.req"', "NotImplemented"),
    ("with a blank at its end", '"Heartbeat "', "NotImplemented"),
    ("of 10,000 characters", f'"{"A" * 10_000}"', "NotImplemented"),
    ("with half a surrogate", r'"\ud83d"', "NotImplemented"),
    ("that only we may send: Reset", '"Reset"', "NotSupported"),
    ("that only we may send: RemoteStartTransaction", '"RemoteStartTransaction"', "NotSupported"),
    ("that only we may send: ChangeConfiguration", '"ChangeConfiguration"', "NotSupported"),
    ("that is null", "null", "FormationViolation"),
    ("that is a number", "5", "FormationViolation"),
    ("that is true", "true", "FormationViolation"),
    ("that is an array", '["Heartbeat"]', "FormationViolation"),
    ("that is an object", '{"action":"Heartbeat"}', "FormationViolation"),
]

_MALFORMED: list[tuple[str, str]] = [
    ("nothing after the id", '[2,"m1"]'),
    ("no payload", '[2,"m1","Heartbeat"]'),
    ("an array for a payload", '[2,"m1","Heartbeat",[]]'),
    ("a payload within an array", '[2,"m1","Heartbeat",[{}]]'),
    ("a text for a payload", '[2,"m1","Heartbeat","{}"]'),
    ("a number for a payload", '[2,"m1","Heartbeat",0]'),
    ("false for a payload", '[2,"m1","Heartbeat",false]'),
    ("payload before action", '[2,"m1",{},"Heartbeat"]'),
]

_STOP = {"transactionId": TX, "meterStop": 6000, "timestamp": "2026-03-01T11:55:00Z"}

CASES: list[Case] = [
    *(case("C7", name, Given.CONNECTED, Said(frame, NOTHING)) for name, frame in _NO_FRAMES),
    *(
        case("C7", f"an id {name}", Given.CONNECTED, Said(f'[2,{written},"Heartbeat",{{}}]', Time(), read))
        for name, written, read in _IDS
    ),
    *(
        case(
            "C7",
            f"an id {name}, in a CALLERROR",
            Given.CONNECTED,
            Said(f"[2,{written},5]", Error("FormationViolation"), read),
        )
        for name, written, read in (_IDS[1], _IDS[5], _IDS[9], _IDS[16])
    ),
    *(case("C7", name, Given.CONNECTED, Said(frame, Time())) for name, frame in _READ_ALL_THE_SAME),
    *(
        case("C7", f"an action {name}", Given.CONNECTED, Said(f'[2,"m1",{action},{{}}]', Error(code)))
        for name, action, code in _ACTIONS
    ),
    *(case("C7", name, Given.CONNECTED, Said(frame, Error("FormationViolation"))) for name, frame in _MALFORMED),
    case("C7", "a bad frame before a good one", Given.CONNECTED, Said("[2,", NOTHING), Said(_BEAT, Time())),
    case("C7", "1,000 frames that are none", Given.CONNECTED, Said("[5]", NOTHING, times=1000), Said(_BEAT, Time())),
    *(
        case("C6", f"{size} bytes", Given.CONNECTED, Said(_of_size(size), Time(), "big"))
        for size in (_SMALL, _SMALL + 1, 70_000, 330_000, _LARGEST - 1, _LARGEST)
    ),
    *(
        case(
            "C6",
            f"{size} bytes",
            Given.CONNECTED,
            Said(_of_size(size), Closed(1009)),
            quarantined=(f"{size:,} bytes; the charge point's limit is {_LARGEST:,}",),
        )
        for size in (_LARGEST + 1, 5_000_000)
    ),
    case(
        "C6",
        "an id of 100,000 characters",
        Given.CONNECTED,
        Said(f'[2,"{"i" * 100_000}","A",{{}}]', Error("NotImplemented"), "i" * 100_000),
    ),
    case(
        "C6",
        "5 MB in a binary frame",
        Given.CONNECTED,
        Said(Binary(bytes(5_000_000)), Closed(1009)),
        quarantined=("5,000,000 bytes",),
    ),
    case(
        "C9",
        "the same Heartbeat twice",
        Given.CONNECTED,
        Said(_BEAT, Time()),
        Said(_BEAT, AGAIN),
    ),
    case(
        "C9",
        "the same id with another action",
        Given.CONNECTED,
        Said(_BEAT, Time()),
        call("StatusNotification", _STATUS),
        port="Preparing",
    ),
    case(
        "C9",
        "the same id with another content",
        Given.CONNECTED,
        call("StatusNotification", _STATUS),
        call("StatusNotification", _STATUS | {"status": "Faulted", "errorCode": "GroundFailure"}),
        port="Faulted",
        error="GroundFailure",
    ),
    case(
        "C9",
        "an id as a number after the same as a text",
        Given.CONNECTED,
        Said('[2,"7","Heartbeat",{}]', Time(), "7"),
        Said('[2,7,"Heartbeat",{}]', Time(), 7),
    ),
    case(
        "C9",
        "a refused CALL again",
        Given.CONNECTED,
        Said('[2,"m1","MakeCoffee",{}]', Error("NotImplemented")),
        Said('[2,"m1","MakeCoffee",{}]', Error("NotImplemented")),
    ),
    case(
        "C9 T2",
        "the same stop three times under one id",
        Given.CHARGING,
        call("StopTransaction", _STOP),
        call("StopTransaction", _STOP, AGAIN),
        call("StopTransaction", _STOP, AGAIN),
        session="ENDED",
        energy_wh=5000,
        cents=125,
        reason="Local",
        ended_at="2026-03-01T11:55:00+00:00",
    ),
    case(
        "C9",
        "a reading again under its id",
        Given.CHARGING,
        *(
            call(
                "MeterValues",
                {
                    "connectorId": 1,
                    "transactionId": TX,
                    "meterValue": [{"timestamp": "2026-03-01T11:30:00Z", "sampledValue": [{"value": "3000"}]}],
                },
                answer,
            )
            for answer in (FINE, AGAIN)
        ),
        energy_wh=2000,
        samples=1,
    ),
    case(
        "C9",
        "an id counted from 1 again for another stop",
        Given.CHARGING,
        call("Authorize", {"idTag": "STAFF-1"}, Result({"idTagInfo": {"status": "Accepted"}}), "1"),
        call("StopTransaction", _STOP, FINE, "1"),
        session="ENDED",
        energy_wh=5000,
        cents=125,
        reason="Local",
        ended_at="2026-03-01T11:55:00+00:00",
    ),
]
