"""C8 and B7 as tables: one payload in, one value of the domain out."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from evgraph.domain.charging_session import StopReason
from evgraph.domain.port import PortStatus
from evgraph.ocpp import messages, translate
from evgraph.ocpp.fields import CallRefused, Fields, number
from evgraph.ocpp.frames import ErrorCode

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAMP = "2026-03-01T11:59:00Z"
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": STAMP}
STOP = {"transactionId": 7, "meterStop": 2000, "timestamp": STAMP}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12, "12"),
        (Decimal("12.50"), "12.50"),
        ("12.5", "12.5"),
        (" 12 ", "12"),
        ("12\x00", "12"),
        ("+3", "3"),
        ("-4", "-4"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("", None),
        ("abc", None),
        ("n/a", None),
        ("NaN", None),
        ("Infinity", None),
        ("1_000", None),
        ("12,5", None),
        ("12 kWh", None),
        ("\u0661\u0662", None),
        ("1e999", None),
        ("9" * 6000, None),
        (10**60, None),
        (True, None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_c8_numbers_come_as_text_and_text_as_numbers(value: Any, expected: str | None) -> None:
    assert number(value) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("meter_stop", "expected"),
    [
        (12, 12),
        (Decimal("12.0"), 12),
        ("12", 12),
        ("12.5", 13),
        (Decimal("12.49"), 12),
        (0, 0),
        ("abc", None),
        (None, None),
        (-1, None),
        (2**31 - 1, 2**31 - 1),
        (2**32 - 1, None),
        (10**13, None),
        ({}, None),
    ],
)
def test_c8_meter_stop_in_every_form(meter_stop: Any, expected: int | None) -> None:
    fields = Fields(STOP | {"meterStop": meter_stop})
    stop = translate.transaction_stop(messages.stop_transaction(fields), NOW, "raw")
    assert stop.meter_stop_wh == expected
    assert fields.problems == ([] if expected is not None else ["meterStop is not a meter reading"])


@pytest.mark.parametrize(
    ("transaction_id", "expected", "problems"),
    [
        (7, 7, 0),
        ("7", 7, 0),
        (Decimal("7.0"), 7, 0),
        (2**31 - 1, 2**31 - 1, 0),
        (None, None, 0),
        (0, None, 0),
        (-1, None, 0),
        (2**31, None, 0),
        (10**30, None, 0),
        ("", None, 1),
        ("abc", None, 1),
    ],
)
def test_t3_a_transaction_id_that_is_none_of_ours_is_none(
    transaction_id: Any, expected: int | None, problems: int
) -> None:
    fields = Fields(STOP | {"transactionId": transaction_id})
    assert messages.stop_transaction(fields).transaction_id == expected
    assert len(fields.problems) == problems


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (None, StopReason.LOCAL),
        ("", StopReason.LOCAL),
        ("PowerLoss", StopReason.POWER_LOSS),
        ("powerloss", StopReason.POWER_LOSS),
        ("EVDisconnected", StopReason.EV_DISCONNECTED),
        ("MagicSmoke", StopReason.OTHER),
        (5, StopReason.OTHER),
    ],
)
def test_c8_an_unknown_reason_is_no_reason_to_refuse(reason: Any, expected: StopReason) -> None:
    stop = translate.transaction_stop(messages.stop_transaction(Fields(STOP | {"reason": reason})), NOW, "raw")
    assert stop.reason is expected


def test_t1_an_absent_reason_means_local() -> None:
    assert translate.transaction_stop(messages.stop_transaction(Fields(STOP)), NOW, "raw").reason is StopReason.LOCAL


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Available", PortStatus.AVAILABLE),
        ("SuspendedEV", PortStatus.SUSPENDED_EV),
        ("suspendedevse", PortStatus.SUSPENDED_EVSE),
        (" Charging ", PortStatus.CHARGING),
        ("Occupied", None),
        ("Offline", None),
        ("", None),
        (None, None),
        (5, None),
        ([], None),
    ],
)
def test_c8_a_status_is_known_or_not(status: Any, expected: PortStatus | None) -> None:
    fields = Fields({"connectorId": 1, "errorCode": "NoError", "status": status})
    report = translate.status_report(messages.status_notification(fields), NOW)
    assert (report.status if report else None) is expected


@pytest.mark.parametrize(
    ("error_code", "expected"),
    [("NoError", None), ("noerror", None), (None, None), ("GroundFailure", "GroundFailure"), ("Flood", "Flood")],
)
def test_c8_error_codes_are_kept_as_text(error_code: str | None, expected: str | None) -> None:
    fields = Fields({"connectorId": 1, "errorCode": error_code, "status": "Faulted", "info": "x" * 80, "new": {}})
    report = translate.status_report(messages.status_notification(fields), NOW)
    assert report is not None
    assert (report.error_code, report.info) == (expected, "x" * 50)
    assert fields.problems == []


def test_c8_over_long_and_odd_texts_of_a_boot_are_cut() -> None:
    fields = Fields(
        {
            "chargePointVendor": "V" * 40,
            "chargePointModel": 48,
            "chargePointSerialNumber": "S" * 60 + "\x00",
            "firmwareVersion": None,
            "iccid": "",
            "imsi": [],
        }
    )
    report = translate.boot_report(messages.boot_notification(fields))
    assert (report.vendor, report.model) == ("V" * 20, "48")
    assert (report.serial_number, report.firmware_version) == ("S" * 25, None)
    assert fields.problems == []


def test_c8_text_that_a_database_cannot_hold_is_cleaned() -> None:
    fields = Fields({"idTag": "A\x00B\ud800"})
    assert messages.authorize(fields).id_tag == "AB?"


@pytest.mark.parametrize(
    ("read", "payload"),
    [
        (messages.boot_notification, {"chargePointVendor": "V"}),
        (messages.status_notification, {"connectorId": 1}),
        (messages.start_transaction, {"connectorId": 1, "idTag": "T"}),
        (messages.stop_transaction, {"transactionId": 1}),
        (messages.meter_values, {"connectorId": 1}),
    ],
)
def test_c8_only_a_part_that_is_missing_altogether_is_refused(read: Any, payload: dict[str, Any]) -> None:
    with pytest.raises(CallRefused) as refusal:
        read(Fields(payload))
    assert refusal.value.code is ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ({"meterStart": "abc"}, (1, "TAG", None)),
        ({"meterStart": None}, (1, "TAG", None)),
        ({"meterStart": -5}, (1, "TAG", None)),
        ({"connectorId": "left"}, (0, "TAG", 1000)),
        ({"idTag": {}}, (1, "", 1000)),
    ],
)
def test_c8_s6_a_start_of_which_a_part_cannot_be_read_is_a_start(
    change: dict[str, Any], read: tuple[int, str, int | None]
) -> None:
    fields = Fields(START | change)
    start = translate.transaction_start(messages.start_transaction(fields), NOW)
    assert (start.connector_id, start.id_tag, start.meter_start_wh) == read
    assert len(fields.problems) == 1


def test_c8_a_start_in_odd_forms_is_read() -> None:
    fields = Fields({"connectorId": "2", "idTag": 12345, "meterStart": "999.5", "timestamp": None, "extra": 1})
    start = translate.transaction_start(messages.start_transaction(fields), NOW)
    assert start is not None
    assert (start.connector_id, start.id_tag, start.meter_start_wh) == (2, "12345", 1000)
    assert (start.at, start.reported_at, start.clock_replaced) == (NOW, "", True)
    assert fields.problems == []


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ("2026-03-01T11:59:00Z", "2026-03-01T11:59:00+00:00"),
        ("2026-03-01T11:59:00z", "2026-03-01T11:59:00+00:00"),
        ("2026-03-01t11:59:00.1Z", "2026-03-01T11:59:00.100000+00:00"),
        ("2026-03-01T11:59:00.123456789Z", "2026-03-01T11:59:00.123456+00:00"),
        ("2026-03-01 11:59:00", "2026-03-01T11:59:00+00:00"),
        ("2026-03-01T11:59", "2026-03-01T11:59:00+00:00"),
        ("2026-03-01T06:59:00-05:00", "2026-03-01T11:59:00+00:00"),
        ("2026-03-01T12:59:00+0100", "2026-03-01T11:59:00+00:00"),
        ("20260301T115900Z", "2026-03-01T11:59:00+00:00"),
        ("2025-12-24T00:00:00Z", "2025-12-24T00:00:00+00:00"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00+00:00"),
    ],
)
def test_b7_a_plausible_stamp_is_right_also_one_of_the_past(reported: str, expected: str) -> None:
    stamp = translate.stamp(reported, NOW)
    assert (stamp.at.isoformat(), stamp.reported, stamp.is_replaced) == (expected, reported, False)
    assert stamp.reported_at == stamp.at


@pytest.mark.parametrize(
    ("ahead_s", "is_flagged"), [(0.001, False), (1, False), (60, False), (61, True), (299, True), (301, True)]
)
def test_b7_a_stamp_ahead_of_its_receipt_counts_as_receipt(ahead_s: float, is_flagged: bool) -> None:
    reported_at = NOW + timedelta(seconds=ahead_s)
    stamp = translate.stamp(reported_at.isoformat(), NOW)
    assert (stamp.at, stamp.reported_at, stamp.is_replaced) == (NOW, reported_at, is_flagged)
    (reading,) = translate.readings([messages.MeterValue(timestamp=reported_at.isoformat(), samples=())], NOW)
    assert (reading.at, reading.reported_at, reading.received_at) == (NOW, reported_at, NOW)
    assert reading.clock_replaced is is_flagged


def test_m4_readings_whose_stamps_are_replaced_stay_apart_and_in_order() -> None:
    reported = ["2026-03-01T12:00:20Z", "1970-01-01T00:00:10Z", "2026-03-01T12:00:10Z", "1970-01-01T00:00:20Z"]
    found = translate.readings(
        [messages.MeterValue(timestamp=one, samples=()) for one in [*reported, reported[0]]], NOW
    )
    assert [one.reported_at for one in found] == sorted(map(translate.instant, reported))  # type: ignore[type-var]
    assert [NOW - one.at for one in found] == [timedelta(microseconds=n) for n in (3, 2, 1, 0)]


@pytest.mark.parametrize(
    "reported",
    [
        "1970-01-01T00:00:00Z",
        "2019-12-31T23:59:59Z",
        "2026-03-01T12:05:01Z",
        "2026-03-01T13:00:00",
        "2099-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z",
        "2026-03-01",
        "2026-W09-7T00:00:00Z",
        "1772366340",
        "yesterday",
        "",
        None,
    ],
)
def test_b7_an_implausible_stamp_is_replaced_by_the_receipt_and_flagged(reported: str | None) -> None:
    stamp = translate.stamp(reported, NOW)
    assert (stamp.at, stamp.reported, stamp.is_replaced) == (NOW, reported or "", True)


@pytest.mark.parametrize("stamp", [1772366340, {}, [], True])
def test_b7_a_stamp_of_another_form_is_a_bad_stamp_and_no_problem(stamp: Any) -> None:
    fields = Fields(STOP | {"timestamp": stamp})
    stop = translate.transaction_stop(messages.stop_transaction(fields), NOW, "raw")
    assert (stop.at, stop.clock_replaced, fields.problems) == (NOW, True, [])


def _samples(*sampled: Any) -> tuple[Any, list[str]]:
    payload = {"connectorId": 1, "meterValue": [{"timestamp": STAMP, "sampledValue": list(sampled)}]}
    fields = Fields(payload)
    (reading,) = translate.readings(messages.meter_values(fields).meter_values, NOW)
    return reading, fields.problems


@pytest.mark.parametrize(
    ("sample", "register_wh"),
    [
        ({"value": "1500"}, 1500),
        ({"value": 1500}, 1500),
        ({"value": "1.2345", "unit": "kWh"}, 1235),
        ({"value": "1.5", "unit": "KWH", "measurand": "energy.active.import.register"}, 1500),
        ({"value": "1500.5", "unit": "Wh", "format": "Raw", "location": "outlet", "vendor": 1}, 1501),
        ({"value": "1500", "unit": "W"}, 1500),
        ({"value": "1500", "context": "Transaction.End", "phase": ""}, 1500),
        ({"value": "1500", "context": "sample.clock", "phase": "l1"}, 1500),
        ({"value": "1500", "context": "transaction.begin"}, None),
        ({"value": "1500", "location": "cable"}, 1500),
        ({"value": "16", "unit": "A"}, None),
        ({"value": "230", "unit": "V"}, None),
        ({"value": "80", "unit": "Percent"}, None),
        ({"value": "5", "unit": "kvarh"}, None),
        ({"value": "n/a", "unit": "Celsius"}, None),
        ({"value": "5", "unit": "VA", "measurand": "Power.Active.Import"}, None),
        ({"value": "1500", "location": "Inlet"}, None),
        ({"value": "2A4F", "format": "SignedData"}, None),
        ({"value": "n/a", "measurand": "Temperature"}, None),
        ({"value": "", "measurand": "Voltage", "unit": "V"}, None),
    ],
)
def test_m1_a_sample_has_its_defaults(sample: dict[str, Any], register_wh: int | None) -> None:
    reading, problems = _samples(sample)
    assert (reading.register_wh, problems) == (register_wh, [])


@pytest.mark.parametrize(
    "sample",
    [
        {"value": "n/a"},
        {"value": ""},
        {"value": None},
        {},
        {"value": "-5"},
        {"value": "4294967295"},
        {"value": "4294967.295", "unit": "kWh"},
        {"value": "1e15"},
        {"value": "9" * 30, "measurand": "Power.Active.Import"},
    ],
)
def test_c8_a_sample_that_is_no_number_is_noted_and_the_others_count(sample: dict[str, Any]) -> None:
    reading, problems = _samples(sample, {"value": "7000", "measurand": "Energy.Active.Import.Register"})
    assert reading.register_wh == 7000
    assert len(problems) == 1


def test_m1_phases_are_summed_and_power_is_read() -> None:
    phases = [{"value": "1.5", "unit": "kWh", "phase": phase} for phase in ("L1", "L2", "L3")]
    power = {"value": "7.2", "unit": "kW", "measurand": "Power.Active.Import"}
    reading, problems = _samples(*phases, power)
    assert (reading.register_wh, reading.power_w, problems) == (4500, 7200, [])
    assert reading.at == NOW - timedelta(minutes=1)


@pytest.mark.parametrize(
    "meter_value", [[], None, 5, "x", [5], {}, [{}], [{"sampledValue": "x"}], [{"sampledValue": [5]}]]
)
def test_c8_meter_values_of_any_shape_are_read(meter_value: Any) -> None:
    message = messages.meter_values(Fields({"connectorId": 1, "meterValue": meter_value}))
    assert all(not value.samples for value in message.meter_values)


def test_b1_current_time_is_utc_with_z_and_milliseconds() -> None:
    assert translate.iso(datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)) == "2026-03-01T12:00:00.123Z"
    assert translate.iso(NOW) == "2026-03-01T12:00:00.000Z"
