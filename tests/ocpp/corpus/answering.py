"""C5: answers nobody asked for, and what comes to a CALL of ours in the shape of an answer."""

from tests.ocpp.corpus.vocabulary import COMMAND, NOTHING, Case, Command, Given, Said, Time, case

_BEAT = Said('[2,"m1","Heartbeat",{}]', Time())

_NOT_ASKED_FOR: list[tuple[str, str]] = [
    ("a CALLRESULT", '[3,"nobody",{"status":"Accepted"}]'),
    ("a CALLRESULT of null", '[3,"nobody",null]'),
    ("a CALLRESULT without payload", '[3,"nobody"]'),
    ("a CALLRESULT without id", "[3]"),
    ("a CALLRESULT with an id of null", "[3,null,{}]"),
    ("a CALLERROR", '[4,"nobody","GenericError","",{}]'),
    ("a CALLERROR of two elements", '[4,"nobody"]'),
    ("a CALLERROR without id", '[4,null,"GenericError","",{}]'),
    ("a CALLERROR with our own words", '[4,"nobody","FormatViolation","no such id",{"id":37}]'),
]

_ACCEPTED: list[tuple[str, str]] = [
    ("as it should be", f'[3,"{COMMAND}",{{"status":"Accepted"}}]'),
    ("with an extra field", f'[3,"{COMMAND}",{{"status":"Accepted","customData":{{"a":[1]}}}}]'),
    ("with a fourth element", f'[3,"{COMMAND}",{{"status":"Accepted"}},{{}}]'),
    ("of message type 3.0", f'[3.0,"{COMMAND}",{{"status":"Accepted"}}]'),
    ("with a byte order mark and a NUL", f'\ufeff[3,"{COMMAND}",{{"status":"Accepted"}}]\x00'),
    ("with its status twice", f'[3,"{COMMAND}",{{"status":"Rejected","status":"Accepted"}}]'),
]

_REFUSED: list[tuple[str, str]] = [
    ("a CALLRESULT of null", f'[3,"{COMMAND}",null]'),
    ("an empty CALLRESULT", f'[3,"{COMMAND}",{{}}]'),
    ("a CALLRESULT without payload", f'[3,"{COMMAND}"]'),
    ("a CALLRESULT of a text", f'[3,"{COMMAND}","Accepted"]'),
    ("a CALLRESULT of an array", f'[3,"{COMMAND}",[{{"status":"Accepted"}}]]'),
    ("a CALLRESULT of true", f'[3,"{COMMAND}",true]'),
    ("a status of null", f'[3,"{COMMAND}",{{"status":null}}]'),
    ("a status of 1", f'[3,"{COMMAND}",{{"status":1}}]'),
    ("a status in an array", f'[3,"{COMMAND}",{{"status":["Accepted"]}}]'),
    ("a status under another name", f'[3,"{COMMAND}",{{"Status":"Accepted"}}]'),
    ("a CALLERROR of two elements", f'[4,"{COMMAND}"]'),
    ("a CALLERROR of three elements", f'[4,"{COMMAND}","NotSupported"]'),
    ("a CALLERROR of four elements", f'[4,"{COMMAND}","NotSupported","no"]'),
    ("a CALLERROR of five elements", f'[4,"{COMMAND}","NotSupported","no",{{}}]'),
    ("a CALLERROR of six elements", f'[4,"{COMMAND}","NotSupported","no",{{}},1]'),
    ("a CALLERROR of an unknown code", f'[4,"{COMMAND}","OutOfCoffee","",{{}}]'),
    ("a CALLERROR of the code FormatViolation", f'[4,"{COMMAND}","FormatViolation","",{{}}]'),
    (
        "a CALLERROR of the code OccurrenceConstraintViolation",
        f'[4,"{COMMAND}","OccurrenceConstraintViolation","",{{}}]',
    ),
    ("a CALLERROR of an empty code", f'[4,"{COMMAND}","","",{{}}]'),
    ("a CALLERROR of a code that is a number", f'[4,"{COMMAND}",17,"",{{}}]'),
    ("a CALLERROR of nulls", f'[4,"{COMMAND}",null,null,null]'),
    ("a CALLERROR with details that are a text", f'[4,"{COMMAND}","GenericError","","x"]'),
    ("a CALLERROR with a description of 50,000 characters", f'[4,"{COMMAND}","GenericError","{"x" * 50_000}",{{}}]'),
    ("a CALLERROR with half a surrogate", rf'[4,"{COMMAND}","GenericError","\ud800",{{}}]'),
]

_OF_SOMETHING_ELSE: list[tuple[str, str]] = [
    ("another id", '[3,"nobody",{"status":"Accepted"}]'),
    ("our id and a character more, the 37th", f'[3,"{COMMAND}0",{{"status":"Accepted"}}]'),
    ("our id in blanks", f'[3," {COMMAND} ",{{"status":"Accepted"}}]'),
    ("our id in an array", f'[3,["{COMMAND}"],{{"status":"Accepted"}}]'),
    ("a number for an id", '[3,1,{"status":"Accepted"}]'),
    ("an unknown message type", f'[5,"{COMMAND}",{{"status":"Accepted"}}]'),
    ("message type 3 as a text", f'["3","{COMMAND}",{{"status":"Accepted"}}]'),
    ("an answer cut short", f'[3,"{COMMAND}",{{"status":"Acc'),
    ("a CALLERROR to another id", '[4,"nobody","GenericError","",{}]'),
]

CASES: list[Case] = [
    *(
        case("C5", f"{name} that nobody asked for", Given.CONNECTED, Said(frame, NOTHING))
        for name, frame in _NOT_ASKED_FOR
    ),
    case(
        "C5",
        "3,000 CALLRESULTs that nobody asked for",
        Given.CONNECTED,
        Said('[3,"nobody",{"status":"Accepted"}]', NOTHING, times=3000),
        _BEAT,
    ),
    *(
        case("C5", f"our CALL answered {name}", Given.COMMANDED, Said(frame, NOTHING), command=Command.ACCEPTED)
        for name, frame in _ACCEPTED
    ),
    *(
        case("C5", f"our CALL answered with {name}", Given.COMMANDED, Said(frame, NOTHING), command=Command.REFUSED)
        for name, frame in _REFUSED
    ),
    *(
        case("C5", f"during our CALL, {name}", Given.COMMANDED, Said(frame, NOTHING), command=Command.WAITING)
        for name, frame in _OF_SOMETHING_ELSE
    ),
    case(
        "C5",
        "during our CALL, 3,000 CALLRESULTs to something else",
        Given.COMMANDED,
        Said('[3,"nobody",{"status":"Accepted"}]', NOTHING, times=3000),
        command=Command.WAITING,
    ),
    case(
        "C5",
        "during our CALL, 1,000 CALLERRORs and then its answer",
        Given.COMMANDED,
        Said('[4,"nobody","GenericError","",{}]', NOTHING, times=1000),
        Said(f'[3,"{COMMAND}",{{"status":"Accepted"}}]', NOTHING),
        command=Command.ACCEPTED,
    ),
    case("C5", "a CALL that crosses ours", Given.COMMANDED, _BEAT, command=Command.WAITING),
    case(
        "C5",
        "a CALL that crosses ours under its id",
        Given.COMMANDED,
        Said(f'[2,"{COMMAND}","Heartbeat",{{}}]', Time(), COMMAND),
        command=Command.WAITING,
    ),
    case(
        "C5",
        "our CALL answered twice",
        Given.COMMANDED,
        Said(f'[3,"{COMMAND}",{{"status":"Accepted"}}]', NOTHING),
        Said(f'[4,"{COMMAND}","GenericError","",{{}}]', NOTHING),
        command=Command.ACCEPTED,
    ),
]
