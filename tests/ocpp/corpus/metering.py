"""M1 to M4, C8: what meters say."""

from typing import Any

from tests.ocpp.corpus.vocabulary import FINE, TX, TX_TEXT, Case, Given, call, case

_REGISTER = "Energy.Active.Import.Register"
_INTERVAL = "Energy.Active.Import.Interval"
_POWER = "Power.Active.Import"


def _value(stamp: str, *samples: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-03-01T{stamp}Z", "sampledValue": list(samples)}


def _payload(*meter_values: Any, **changed: Any) -> dict[str, Any]:
    return {"connectorId": 1, "transactionId": TX, "meterValue": list(meter_values)} | changed


def _at_half_past(*samples: Any) -> dict[str, Any]:
    return _payload(_value("11:30:00", *samples))


def _phases(*phases: str, value: str = "1000", **more: Any) -> list[dict[str, Any]]:
    return [{"value": value, "phase": phase} | more for phase in phases]


_NO_READING = "is not a reading"

# One MeterValue at 11:30: its samples, and what came of them. The register stood at 1000 Wh at 11:00.
_SAMPLES: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("a bare value", [{"value": "3000"}], {"energy_wh": 2000}),
    ("a value that is a number", [{"value": 3000}], {"energy_wh": 2000}),
    ("a value that is a fraction", [{"value": 3000.4}], {"energy_wh": 2000}),
    ("a value rounded half up", [{"value": "3000.5"}], {"energy_wh": 2001}),
    ("a value in blanks", [{"value": " 3000 "}], {"energy_wh": 2000}),
    ("a value with a plus", [{"value": "+3000"}], {"energy_wh": 2000}),
    ("a value with an exponent", [{"value": "3e3"}], {"energy_wh": 2000}),
    ("kWh", [{"value": "3.25", "unit": "kWh"}], {"energy_wh": 2250}),
    ("kWh to the seventh decimal", [{"value": "3.2504999", "unit": "kWh"}], {"energy_wh": 2250}),
    ("kWh in capitals", [{"value": "3.25", "unit": "KWH"}], {"energy_wh": 2250}),
    ("an empty unit", [{"value": "3000", "unit": ""}], {"energy_wh": 2000}),
    ("null for a unit", [{"value": "3000", "unit": None}], {"energy_wh": 2000}),
    ("W for Wh", [{"value": "3000", "unit": "W"}], {"energy_wh": 2000}),
    ("an unknown unit", [{"value": "3000", "unit": "MWh"}], {"quarantined": (_NO_READING,)}),
    ("a unit that is an object", [{"value": "3000", "unit": {}}], {"energy_wh": 2000}),
    (
        "everything spelt out",
        [
            {
                "value": "3000",
                "measurand": _REGISTER,
                "unit": "Wh",
                "format": "Raw",
                "location": "Outlet",
                "context": "Sample.Periodic",
            }
        ],
        {"energy_wh": 2000},
    ),
    ("a measurand in lower case", [{"value": "3000", "measurand": _REGISTER.lower()}], {"energy_wh": 2000}),
    ("null for a measurand", [{"value": "3000", "measurand": None}], {"energy_wh": 2000}),
    ("an empty measurand", [{"value": "3000", "measurand": ""}], {"energy_wh": 2000}),
    ("an unknown measurand", [{"value": "3000", "measurand": "Energy.Of.Love"}], {}),
    ("a measurand of exports", [{"value": "3000", "measurand": "Energy.Active.Export.Register"}], {}),
    (
        "a measurand of reactive energy",
        [{"value": "3000", "measurand": "Energy.Reactive.Import.Register", "unit": "kvarh"}],
        {},
    ),
    ("an unknown context", [{"value": "3000", "context": "Sample.OnAWhim"}], {"energy_wh": 2000}),
    ("the context Transaction.End", [{"value": "3000", "context": "Transaction.End"}], {"energy_wh": 2000}),
    ("an unknown format", [{"value": "3000", "format": "Cooked"}], {"energy_wh": 2000}),
    ("SignedData", [{"value": "2A4F", "format": "SignedData"}], {}),
    ("SignedData of digits alone", [{"value": "9000", "format": "SignedData"}], {}),
    (
        "SignedData beside a register",
        [{"value": "9000", "format": "SignedData"}, {"value": "3000"}],
        {"energy_wh": 2000},
    ),
    ("the inlet of one connector", [{"value": "3000", "location": "Inlet"}], {"energy_wh": 2000}),
    ("amperes without a measurand", [{"value": "16", "unit": "A"}, {"value": "3000"}], {"energy_wh": 2000}),
    ("volts and a share without a measurand", [{"value": "230", "unit": "V"}, {"value": "80", "unit": "Percent"}], {}),
    ("reactive energy without a measurand", [{"value": "9000", "unit": "varh"}], {}),
    (
        "the register of now and that of the start",
        [{"value": "3000", "context": "Sample.Periodic"}, {"value": "1000", "context": "Transaction.Begin"}],
        {"energy_wh": 2000},
    ),
    (
        "the register of the start and that of now",
        [{"value": "1000", "context": "Transaction.Begin"}, {"value": "3000", "context": "Sample.Periodic"}],
        {"energy_wh": 2000},
    ),
    ("the register of the start alone", [{"value": "900", "context": "Transaction.Begin"}], {}),
    ("phases in lower case", _phases("l1", "l2", "l3"), {"energy_wh": 2000}),
    ("a phase twice beside the others", [*_phases("L1", "L2", "L3"), *_phases("L1")], {"energy_wh": 2000}),
    (
        "power of one phase",
        [{"value": "3000"}, *_phases("L1", value="2400", measurand=_POWER)],
        {"energy_wh": 2000},
    ),
    ("the inlet beside the outlet", [{"value": "9000", "location": "Inlet"}, {"value": "3000"}], {"energy_wh": 2000}),
    ("an unknown location", [{"value": "3000", "location": "Moon"}], {}),
    ("an empty location", [{"value": "3000", "location": ""}], {"energy_wh": 2000}),
    ("three phases", _phases("L1", "L2", "L3"), {"energy_wh": 2000}),
    ("three phases to neutral", _phases("L1-N", "L2-N", "L3-N"), {"energy_wh": 2000}),
    ("both kinds of phases", _phases("L1", "L2", "L3", "L1-N", "L2-N", "L3-N"), {"energy_wh": 2000}),
    ("three phases and their sum", [*_phases("L1", "L2", "L3", value="900"), {"value": "3000"}], {"energy_wh": 2000}),
    ("one phase", _phases("L1", value="3000"), {"energy_wh": 2000}),
    ("a phase twice", _phases("L1", "L1", value="3000"), {"energy_wh": 2000}),
    (
        "phases of different units",
        [{"value": "1.5", "unit": "kWh", "phase": "L1"}, {"value": "1500", "unit": "Wh", "phase": "L2"}],
        {"energy_wh": 2000},
    ),
    ("the phase N alone", _phases("N"), {}),
    ("an unknown phase", _phases("L9"), {}),
    ("phases between lines", _phases("L1-L2", "L2-L3"), {}),
    ("an empty phase", _phases("", value="3000"), {"energy_wh": 2000}),
    ("an interval alone", [{"value": "500", "measurand": _INTERVAL}], {"energy_wh": 500}),
    ("an interval in kWh", [{"value": "0.5", "measurand": _INTERVAL, "unit": "kWh"}], {"energy_wh": 500}),
    ("an interval of less than nothing", [{"value": "-500", "measurand": _INTERVAL}], {"quarantined": (_NO_READING,)}),
    (
        "an interval beside a register",
        [{"value": "500", "measurand": _INTERVAL}, {"value": "3000"}],
        {"energy_wh": 2000},
    ),
    (
        "two registers",
        [{"value": "2500", "context": "Transaction.Begin"}, {"value": "3000", "context": "Sample.Periodic"}],
        {"energy_wh": 2000},
    ),
    (
        "the same register in Wh and kWh",
        [{"value": "3000", "unit": "Wh"}, {"value": "3.0", "unit": "kWh"}],
        {"energy_wh": 2000},
    ),
    ("power in W", [{"value": "7200", "measurand": _POWER, "unit": "W"}], {"power_w": 7200}),
    ("power in kW", [{"value": "7.2", "measurand": _POWER, "unit": "kW"}], {"power_w": 7200}),
    ("power labelled kWh", [{"value": "7.2", "measurand": _POWER, "unit": "kWh"}], {"power_w": 7200}),
    ("power of three phases", _phases("L1", "L2", "L3", value="2400", measurand=_POWER), {"power_w": 7200}),
    ("power back into the grid", [{"value": "-300", "measurand": _POWER}], {"power_w": -300}),
    ("power beyond all", [{"value": "1e12", "measurand": _POWER}], {"quarantined": (_NO_READING,)}),
    (
        "a temperature in Celcius, as 1.6 spells it",
        [{"value": "40", "measurand": "Temperature", "unit": "Celcius"}],
        {},
    ),
    ("a state of charge that is n/a", [{"value": "n/a", "measurand": "SoC", "unit": "Percent"}], {}),
    ("the same sample twice", [{"value": "3000"}, {"value": "3000"}], {"energy_wh": 2000}),
    ("no samples", [], {}),
    ("a register below the one at the start", [{"value": "200"}], {"flags": "METER_RESET"}),
    ("a register of 0", [{"value": "0"}], {"flags": "METER_RESET"}),
    ("an empty value", [{"value": ""}], {"quarantined": (_NO_READING,)}),
    ("null for a value", [{"value": None}], {"quarantined": (_NO_READING,)}),
    ("no value", [{"measurand": _REGISTER}], {"quarantined": (_NO_READING,)}),
    ("a value in words", [{"value": "full"}], {"quarantined": (_NO_READING,)}),
    ("a value with its unit", [{"value": "3000 Wh"}], {"quarantined": (_NO_READING,)}),
    ("a value with a decimal comma", [{"value": "3000,5"}], {"quarantined": (_NO_READING,)}),
    ("a value in hexadecimal", [{"value": "0xBB8"}], {"quarantined": (_NO_READING,)}),
    ("a value of NaN", [{"value": "NaN"}], {"quarantined": (_NO_READING,)}),
    ("a value of Infinity", [{"value": "Infinity"}], {"quarantined": (_NO_READING,)}),
    ("a value of 5,000 digits", [{"value": "9" * 5000}], {"quarantined": (_NO_READING,)}),
    ("a value of true", [{"value": True}], {"quarantined": (_NO_READING,)}),
    ("a value that is an array", [{"value": ["3000"]}], {"quarantined": (_NO_READING,)}),
    ("a value of -1", [{"value": "-1"}], {"quarantined": (_NO_READING,)}),
    ("a value of 0xFFFFFFFF", [{"value": "4294967295"}], {"quarantined": (_NO_READING,)}),
    ("a value of 1e30", [{"value": "1e30"}], {"quarantined": (_NO_READING,)}),
    (
        "a value in words beside a register",
        [{"value": "full"}, {"value": "3000"}],
        {"energy_wh": 2000, "quarantined": (_NO_READING,)},
    ),
    (
        "samples that are no objects",
        ["3000", 3000, None],
        {"quarantined": ("sampledValue holds something else than objects",)},
    ),
]

# Of one instant, a sample a message or a meterValue.
_INSTANT: list[tuple[str, list[dict[str, Any]], dict[str, Any]]] = [
    ("power and then the register", [{"value": "7200", "measurand": _POWER}, {"value": "3000"}], {"power_w": 7200}),
    ("three phases", _phases("L1", "L2", "L3"), {}),
    (
        "three phases of power and a register",
        [*_phases("L1", "L2", "L3", measurand=_POWER), {"value": "3000"}],
        {"power_w": 3000},
    ),
    (
        "the register of the start, and that of now",
        [{"value": "900", "context": "Transaction.Begin"}, {"value": "3000"}],
        {},
    ),
    (
        "the register of now, and that of the start",
        [{"value": "3000"}, {"value": "900", "context": "Transaction.Begin"}],
        {},
    ),
    ("the cable and then the outlet", [{"value": "2999", "location": "Cable"}, {"value": "3000"}], {}),
    ("the outlet and then the cable", [{"value": "3000"}, {"value": "9000", "location": "Cable"}], {}),
    ("two registers", [{"value": "3000"}, {"value": "2990"}], {}),
    ("the same register", [{"value": "3000"}, {"value": "3000"}], {}),
    ("an interval and then the register", [{"value": "500", "measurand": _INTERVAL}, {"value": "3000"}], {}),
]

# The whole MeterValues.
_MESSAGES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "M4",
        "readings out of order",
        _payload(
            _value("11:40:00", {"value": "4000"}),
            _value("11:20:00", {"value": "2000"}),
            _value("11:30:00", {"value": "3000"}),
        ),
        {"energy_wh": 3000, "samples": 3},
    ),
    (
        "M4",
        "the same reading twice in a message",
        _payload(_value("11:30:00", {"value": "3000"}), _value("11:30:00", {"value": "3000"})),
        {"energy_wh": 2000, "samples": 1},
    ),
    (
        "M2",
        "a reset between two readings",
        _payload(
            _value("11:20:00", {"value": "3000"}),
            _value("11:30:00", {"value": "50"}),
            _value("11:40:00", {"value": "550"}),
        ),
        {"energy_wh": 2500, "samples": 3, "flags": "METER_RESET"},
    ),
    (
        "M1",
        "two intervals",
        _payload(
            _value("11:20:00", {"value": "500", "measurand": _INTERVAL}),
            _value("11:30:00", {"value": "500", "measurand": _INTERVAL}),
        ),
        {"energy_wh": 1000, "samples": 2},
    ),
    (
        "M1",
        "an interval and then a register",
        _payload(_value("11:20:00", {"value": "500", "measurand": _INTERVAL}), _value("11:30:00", {"value": "3000"})),
        {"energy_wh": 2000, "samples": 2},
    ),
    (
        "M1",
        "mixed units from one reading to the next",
        _payload(
            _value("11:20:00", {"value": "2000", "unit": "Wh"}), _value("11:30:00", {"value": "3.0", "unit": "kWh"})
        ),
        {"energy_wh": 2000, "samples": 2},
    ),
    (
        "C8",
        "one MeterValue that is no list",
        _payload() | {"meterValue": _value("11:30:00", {"value": "3000"})},
        {"energy_wh": 2000, "samples": 1},
    ),
    (
        "C8",
        "one sample that is no list",
        _payload({"timestamp": "2026-03-01T11:30:00Z", "sampledValue": {"value": "3000"}}),
        {"energy_wh": 2000, "samples": 1},
    ),
    ("C8", "no MeterValue", _payload(), {}),
    ("C8", "null for the MeterValues", _payload() | {"meterValue": None}, {}),
    (
        "C8",
        "a text for the MeterValues",
        _payload() | {"meterValue": "3000"},
        {"quarantined": ("meterValue holds something else than objects",)},
    ),
    (
        "C8",
        "a MeterValue that is null",
        _payload(None, _value("11:30:00", {"value": "3000"})),
        {"energy_wh": 2000, "samples": 1, "quarantined": ("meterValue holds something else than objects",)},
    ),
    ("C8", "a MeterValue without samples", _payload({"timestamp": "2026-03-01T11:30:00Z"}), {"samples": 1}),
    (
        "B7",
        "a MeterValue without a timestamp",
        _payload({"sampledValue": [{"value": "3000"}]}),
        {"energy_wh": 2000, "samples": 1, "flags": "CLOCK_REPLACED"},
    ),
    (
        "C8",
        "extra fields everywhere",
        _payload(_value("11:30:00", {"value": "3000", "vendor": {}}) | {"x": 1}, customData=[]),
        {"energy_wh": 2000, "samples": 1},
    ),
    (
        "C8",
        "100 readings",
        _payload(*(_value(f"11:{n // 2:02}:{n % 2 * 30:02}", {"value": str(1010 + 10 * n)}) for n in range(1, 101))),
        {"energy_wh": 1010, "samples": 100},
    ),
]


def _named(transaction_id: Any, **changed: Any) -> dict[str, Any]:
    return _at_half_past({"value": "3000"}) | {"transactionId": transaction_id} | changed


# M3: what the message says it belongs to.
_BELONGING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("transactionId as a text", _named(TX_TEXT), {"energy_wh": 2000}),
    ("transactionId as a fraction", _named(f"{TX_TEXT}.0"), {"energy_wh": 2000}),
    ("transactionId null", _named(None), {"energy_wh": 2000}),
    ("transactionId 0", _named(0), {"energy_wh": 2000}),
    ("transactionId -1", _named(-1), {"energy_wh": 2000}),
    ("transactionId of another", _named(999_999_999), {"energy_wh": 2000}),
    ("transactionId beyond int32", _named(2**31), {"energy_wh": 2000}),
    ("transactionId beyond int64", _named(2**70), {"energy_wh": 2000}),
    ("transactionId 1e30", _named(1e30), {"energy_wh": 2000}),
    ("transactionId 1.5", _named(1.5), {"energy_wh": 2000}),
    ("transactionId empty", _named(""), {"energy_wh": 2000, "quarantined": ("transactionId is not an integer",)}),
    (
        "transactionId in words",
        _named("none"),
        {"energy_wh": 2000, "quarantined": ("transactionId is not an integer",)},
    ),
    ("transactionId an object", _named({}), {"energy_wh": 2000, "quarantined": ("transactionId is not an integer",)}),
    ("transactionId true", _named(True), {"energy_wh": 2000, "quarantined": ("transactionId is not an integer",)}),
    ("connectorId '1'", _named(TX, connectorId="1"), {"energy_wh": 2000}),
    ("connectorId 1.0", _named(TX, connectorId=1.0), {"energy_wh": 2000}),
    ("another connector, and its transactionId", _named(TX, connectorId=2), {"energy_wh": 2000}),
    ("connectorId 0 without a transactionId", _named(None, connectorId=0), {}),
]

# M5: beyond what a port of 11.5 kW can have delivered since 11:00.
_LEAPS: list[tuple[str, list[tuple[str, Any]], dict[str, Any]]] = [
    ("a leap that nothing confirms", [("11:30:00", {"value": "912345"})], {}),
    (
        "a leap that the next reading confirms",
        [("11:30:00", {"value": "912345"}), ("11:40:00", {"value": "912845"})],
        {"energy_wh": 911_845},
    ),
    (
        "a leap, and then a reading that is in reach",
        [("11:30:00", {"value": "912345"}), ("11:40:00", {"value": "3000"})],
        {"energy_wh": 2000},
    ),
    ("kWh labelled Wh", [("11:30:00", {"value": "2"})], {}),
    ("kWh labelled Wh, twice", [("11:30:00", {"value": "2"}), ("11:40:00", {"value": "2"})], {}),
    (
        "kWh labelled Wh, and then Wh",
        [("11:30:00", {"value": "2"}), ("11:40:00", {"value": "4000"})],
        {"energy_wh": 3000},
    ),
    ("Wh labelled kWh", [("11:30:00", {"value": "3000", "unit": "kWh"})], {}),
    (
        "Wh labelled kWh, twice",
        [("11:30:00", {"value": "3000", "unit": "kWh"}), ("11:40:00", {"value": "4000", "unit": "kWh"})],
        {},
    ),
    (
        "Wh labelled kWh, and then kWh",
        [("11:30:00", {"value": "3000", "unit": "kWh"}), ("11:40:00", {"value": "4.0", "unit": "kWh"})],
        {"energy_wh": 3000},
    ),
    ("an interval beyond reach", [("11:30:00", {"value": "400000", "measurand": _INTERVAL})], {}),
]

_NOWHERE = ("No session was open at connector 1",)

CASES: list[Case] = [
    *(
        case(
            "M1 M2 C8",
            f"a reading of {name}",
            Given.METERED,
            call("MeterValues", _at_half_past(*samples)),
            **({"samples": 1} | seen),
        )
        for name, samples, seen in _SAMPLES
    ),
    *(
        case(rules, name, Given.METERED, call("MeterValues", payload), **seen)
        for rules, name, payload, seen in _MESSAGES
    ),
    *(
        case("M3", f"a reading with {name}", Given.METERED, call("MeterValues", payload), **({"samples": 1} | seen))
        for name, payload, seen in _BELONGING
    ),
    *(
        case(
            "M3 C8",
            f"a reading with connectorId {value!r}",
            Given.METERED,
            call("MeterValues", _named(TX, connectorId=value)),
            quarantined=("connectorId is not a connector",),
            energy_wh=2000,
            samples=1,
        )
        for value in (None, -1, 1.5, "left", {}, 10**12)
    ),
    *(
        case(
            "M1 M4",
            f"an instant in one message: {name}",
            Given.METERED,
            call("MeterValues", _payload(*(_value("11:30:00", sample) for sample in samples))),
            **({"samples": 1, "energy_wh": 2000} | seen),
        )
        for name, samples, seen in _INSTANT
    ),
    *(
        case(
            "M1 M4",
            f"an instant in several messages: {name}",
            Given.METERED,
            *(
                call("MeterValues", _payload(_value("11:30:00", sample)), FINE, f"m{number}")
                for number, sample in enumerate(samples, 1)
            ),
            **({"samples": 1, "energy_wh": 2000} | seen),
        )
        for name, samples, seen in _INSTANT
    ),
    *(
        case(
            "M2",
            f"kWh with {decimals} decimals, {word} at {register}",
            Given.METERED,
            call("MeterValues", _payload(_value("11:20:00", {"value": first, "unit": "kWh"})), FINE, "m1"),
            call("MeterValues", _payload(_value("11:30:00", {"value": register, "unit": "kWh"})), FINE, "m2"),
            energy_wh=energy_wh,
            samples=2,
            flags=flags,
        )
        for decimals, word, first, register, energy_wh, flags in [
            (0, "which stands", "1", "1", 0, ""),
            (0, "which rises", "1", "2", 1000, ""),
            (0, "which falls by a step", "3", "2", 2000, "METER_RESET"),
            (1, "which wavers by a step", "1.6", "1.5", 600, ""),
            (1, "which falls by two", "1.7", "1.5", 700, "METER_RESET"),
            (2, "which wavers by a step", "1.61", "1.60", 610, ""),
            (1, "which falls to nothing", "1.6", "0.0", 600, "METER_RESET"),
        ]
    ),
    case("M3", "a reading where nothing runs", Given.CONNECTED, call("MeterValues", _named(None)), samples=1),
    case(
        "M3",
        "a reading of a transaction that is not",
        Given.CONNECTED,
        call("MeterValues", _named(7_000_001)),
        quarantined=_NOWHERE,
    ),
    case("M3", "a reading while the start waits", Given.ASKED, call("MeterValues", _named(None)), samples=1),
    case(
        "M3",
        "a reading without an id, from before the start",
        Given.METERED,
        call("MeterValues", _payload(_value("10:00:00", {"value": "900"})) | {"transactionId": None}),
        samples=1,
    ),
    case("M3", "a reading of the session that ended", Given.ENDED, call("MeterValues", _named(TX)), samples=1),
    case(
        "M4",
        "an older reading after a newer one",
        Given.METERED,
        call("MeterValues", _payload(_value("11:30:00", {"value": "3000"})), FINE, "m1"),
        call("MeterValues", _payload(_value("11:20:00", {"value": "2000"})), FINE, "m2"),
        energy_wh=2000,
        samples=2,
    ),
    case(
        "M4",
        "the same reading under another id",
        Given.METERED,
        call("MeterValues", _at_half_past({"value": "3000"}), FINE, "m1"),
        call("MeterValues", _at_half_past({"value": "3000"}), FINE, "m2"),
        energy_wh=2000,
        samples=1,
    ),
    case(
        "M2",
        "a meter that starts anew and counts on",
        Given.METERED,
        call("MeterValues", _payload(_value("11:20:00", {"value": "3000"})), FINE, "m1"),
        call("MeterValues", _payload(_value("11:30:00", {"value": "0"})), FINE, "m2"),
        call("MeterValues", _payload(_value("11:40:00", {"value": "750"})), FINE, "m3"),
        energy_wh=2750,
        samples=3,
        flags="METER_RESET",
    ),
    *(
        case(
            "M5",
            name,
            Given.METERED,
            *(
                call("MeterValues", _payload(_value(at, sample)), FINE, f"m{number}")
                for number, (at, sample) in enumerate(told, 1)
            ),
            samples=len(told),
            flags="METER_LEAP",
            **seen,
        )
        for name, told, seen in _LEAPS
    ),
    case(
        "M2",
        "a meter that starts anew at 0, with less than 1 kWh told, and counts on",
        Given.METERED,
        call("MeterValues", _payload(_value("11:02:00", {"value": "0"})), FINE, "m1"),
        call("MeterValues", _payload(_value("11:12:00", {"value": "750"})), FINE, "m2"),
        energy_wh=750,
        samples=2,
        flags="METER_RESET",
    ),
]
