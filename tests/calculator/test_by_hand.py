"""The calculator itself, against figures that were computed by hand from the rules and from the issue."""

import ast
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from . import Bill, Bills, CheckOut, Connected, StopAsked, calculate
from .tape import Tape, at, iso

PURE = ("__init__", "bills", "frames", "metering", "placing", "pricing", "record", "stamps", "tape")
PERIODIC = {"context": "Sample.Periodic"}
BEGIN = {"context": "Transaction.Begin"}


def bills(tape: Tape, **more: float) -> Bills:
    return calculate(tape.record(**more))


def the_bill(tape: Tape, **more: float) -> Bill:
    (bill,) = bills(tape, **more).sessions
    return bill


def charge(register: object = 1000, **tape: object) -> Tape:
    """A requested session that starts at minute 1."""
    made = Tape(**tape)  # type: ignore[arg-type]
    made.request(0, "A")
    made.start(1, "A", register)
    return made


@pytest.mark.parametrize("module", PURE)
def test_the_calculator_imports_nothing_but_the_standard_library(module: str) -> None:
    tree = ast.parse((Path(__file__).parent / f"{module}.py").read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom) and node.level == 0
            else []
        )
    }
    assert imported <= set(sys.stdlib_module_names)


def test_t1_a_plain_session() -> None:
    tape = charge()
    tape.reading(30, 5000)
    tape.stop(91, 18_234)
    bill = the_bill(tape)
    assert (bill.started_at, bill.ended_at) == (at(1), at(91))
    assert (bill.energy_wh, bill.ticket, bill.minutes) == (17_234, "A", 90)
    assert bill.cents == 431  # 17.234 kWh x 25 = 430.85
    assert bill.reasons == frozenset()


@pytest.mark.parametrize(
    ("kind", "cents", "register", "minute", "owed"),
    [
        ("PER_KWH", "25", 1009, 61, 0),  # 9 Wh: nothing (T8)
        ("PER_KWH", "25", 1010, 61, 0),  # 0.010 x 25 = 0.25
        ("PER_KWH", "50", 1010, 61, 1),  # 0.010 x 50 = 0.5: half up
        ("PER_KWH", "25", 1510, 61, 13),  # 0.510 x 25 = 12.75
        ("PER_MINUTE", "10", 2000, 61, 600),
        ("PER_MINUTE", "10", 1010, 1.05, 1),  # 0.05 minutes = 0.5 cents
        ("FLAT_FEE", "500", 2000, 61, 500),
        ("FLAT_FEE", "500", 1009, 61, 0),
    ],
)
def test_t8_t9_prices(kind: str, cents: str, register: int, minute: float, owed: int) -> None:
    tape = charge(kind=kind, cents=cents)
    tape.stop(minute, register)
    assert the_bill(tape).cents == owed


@pytest.mark.parametrize("unreadable", [-1, None, 0xFFFFFFFF, "n/a"])
def test_s6_row_1_a_stop_of_an_unreadable_start_leaves_the_other_connector_alone(unreadable: object) -> None:
    tape = charge(connectors=2)
    tape.reading(10, 2000)
    tape.start(12, "LOCAL", unreadable, id_=8, connector=2)
    tape.stop(20, 4000, id_=0, idTag="LOCAL")
    tape.reading(30, 2600)
    tape.stop(40, 2600)
    first, second = bills(tape).sessions
    assert (first.energy_wh, first.cents, first.ticket) == (1600, 40, "A")
    assert (second.connector, second.ticket, second.cents) == (2, None, 0)
    assert second.reasons == {"METER_START"}


def test_t3_row_1_an_id_that_was_never_given_out_ends_nobody_elses_session() -> None:
    tape = charge(connectors=2)
    tape.reading(10, 2000)
    tape.stop(20, 4000, id_=0, idTag="SOMEONE")
    tape.stop(40, 2600)
    found = bills(tape)
    assert [bill.energy_wh for bill in found.sessions] == [1600]
    assert len(found.unplaced_stops) == 1


@pytest.mark.parametrize("oddity", [{"transactionData": ""}, {"reason": {}}])
def test_t3_row_2_a_partly_unreadable_stop_ends_its_own_session_only(oddity: dict[str, object]) -> None:
    tape = charge()
    tape.stop(30, 3000, stamp=iso(at(90)), **oddity)
    tape.request(60, "B")
    tape.start(61, "B", 3000, id_=8)
    tape.stop(100, 5000, id_=8)
    first, second = bills(tape).sessions
    assert (first.energy_wh, first.ended_at) == (2000, at(30))
    assert "CLOCK" in first.reasons
    assert (second.energy_wh, second.cents, second.reasons) == (2000, 50, frozenset())


def test_t6_row_2_a_stop_without_a_register_bills_what_the_readings_showed() -> None:
    tape = charge()
    tape.reading(20, 2000)
    tape.stop(30, None)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.ended_at, bill.reasons) == (1000, at(30), frozenset())


@pytest.mark.parametrize(
    ("start", "stop", "ended"),
    [
        ("2022-01-01T00:00:00Z", "2022-01-01T00:30:00Z", 31),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:30:00Z", 31),
        (iso(at(1 - 480)), iso(at(31 - 480)), 31),  # 8 h behind, all along
        (iso(at(1 - 480)), iso(at(31)), 31),  # corrected in the middle
        (iso(at(1 + 480)), iso(at(31 + 480)), 31),  # 8 h ahead
        (iso(at(1 + 480)), iso(at(31)), 31),
        (iso(at(1)), iso(at(0)), 40),  # a stop before its start: when we heard of it
        (iso(at(1)), "2022-01-01T00:30:00Z", 40),
        (iso(at(1)), "1970-01-01T00:30:00Z", 40),
        (iso(at(1)), iso(at(90)), 40),  # ahead of its receipt
    ],
)
def test_b7_row_3_a_clock_that_lies(start: str, stop: str, ended: float) -> None:
    tape = Tape(kind="PER_MINUTE", cents="10")
    tape.request(0, "A")
    tape.start(1, "A", stamp=start)
    tape.stop(40, 3000, stamp=stop)
    bill = the_bill(tape)
    assert (bill.started_at, bill.ended_at) == (at(1), at(ended))
    assert bill.cents == (ended - 1) * 10
    assert "CLOCK" in bill.reasons


def test_b7_row_3_a_start_that_was_queued_away_from_us_begins_at_its_request() -> None:
    tape = Tape(kind="PER_MINUTE", cents="10", connections=[Connected(at(-9), at(0.5)), Connected(at(20))])
    tape.request(0, "A")
    tape.start(21, "A", stamp="1970-01-01T00:00:00Z")
    tape.stop(40, 3000, stamp="1970-01-01T00:30:00Z")
    bill = the_bill(tape)
    assert (bill.started_at, bill.ended_at) == (at(0), at(30))


def test_b7_a_stamp_in_the_past_is_right_and_a_minute_of_grace_is_given() -> None:
    tape = Tape()
    tape.request(0, "A")
    tape.start(1, "A", stamp=iso(at(-0.9)))
    tape.stop(40, 3000, stamp=iso(at(30)))
    bill = the_bill(tape)
    assert (bill.started_at, bill.ended_at, bill.reasons) == (at(-0.9), at(30), frozenset())


def test_b7_a_stop_whose_stamp_cannot_be_read_ends_at_the_last_reading() -> None:
    tape = charge()
    tape.reading(20, 2000)
    tape.stop(40, 3000, stamp="yesterday")
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.ended_at) == (2000, at(20))
    assert "CLOCK" in bill.reasons


@pytest.mark.parametrize("reading_first", [True, False])
def test_t1_row_4_readings_after_the_stop_are_not_its_own(reading_first: bool) -> None:
    tape = charge()
    late = [lambda: tape.reading(12, 1900, stamp=iso(at(10))), lambda: tape.stop(13, 1230, stamp=iso(at(5)))]
    for tell in late if reading_first else reversed(late):
        tell()
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.ended_at, bill.reasons) == (230, at(5), frozenset())


@pytest.mark.parametrize(
    ("values", "stop", "energy"),
    [
        (["1.5", "1.6"], 1510 + 500, 500),
        (["2", "2"], 1510 + 510, 510),
        (["2", "3"], 1510 + 510, 510),
        (["1.51", "1.75", "2.02"], 1510 + 510, 510),
        (["1.6", "2.1"], 1510 + 510, 510),
        (["2.1", "2.0"], 1510 + 510, 510),
        (["1.510", "2.0201"], 1510 + 510, 510),
    ],
)
def test_m2_row_5_a_register_in_kwh_rounds(values: list[str], stop: int, energy: int) -> None:
    tape = charge(1510)
    for number, value in enumerate(values):
        tape.reading(10 + number * 10, {"value": value, "unit": "kWh"})
    tape.stop(60, stop)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.reasons) == (energy, frozenset())


@pytest.mark.parametrize(
    ("values", "energy", "reasons"),
    [
        ([2000, 0, 300], 1300, {"METER_RESET"}),
        ([2000, 1500, 1700], 1200, {"METER_RESET"}),
        ([2000, 1999, 2100], 1100, set()),
        (["2000.5", "2000.4", "2100"], 1100, set()),
    ],
)
def test_m2_a_drop_beyond_the_resolution_is_a_reset(values: list[object], energy: int, reasons: set[str]) -> None:
    tape = charge()
    for number, value in enumerate(values):
        tape.reading(10 + number * 10, value)
    tape.stop(60, None)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.reasons) == (energy, reasons)


def test_m1_row_6_transaction_begin_is_not_the_current_value() -> None:
    tape = charge(157_440)
    for minute, value in ((20, 160_000), (40, 163_630)):
        tape.reading(minute, {"value": str(value), **PERIODIC}, {"value": "157440", **BEGIN})
    assert the_bill(tape).energy_wh == 6190
    assert the_bill(tape).ended_at == at(40)


def test_m1_row_7_entries_of_one_instant_are_one_reading() -> None:
    tape = charge()
    stamp = iso(at(20))
    tape.reading(20, {"value": "7000", "measurand": "Power.Active.Import", "unit": "W"}, stamp=stamp)
    tape.reading(20.1, {"value": "2500"}, stamp=stamp)
    assert the_bill(tape).energy_wh == 1500
    phased = charge()
    for minute, phase, value in ((20, "L1", 700), (20.1, "l2", 800), (20.2, "L3", 900)):
        phased.reading(minute, {"value": str(value), "phase": phase}, stamp=stamp)
    phased.reading(20.3, {"value": "900", "phase": "L3"}, stamp=stamp)
    assert the_bill(phased).energy_wh == 1400


@pytest.mark.parametrize(
    ("labels", "connectors", "energy"),
    [
        (["Cable"], 2, 1500),
        (["Body"], 2, 1500),
        (["EV"], 2, 1500),
        (["Inlet"], 1, 1500),
        (["Inlet"], 2, 0),
        (["Cable", "Body"], 2, 1600),
        (["EV", "Cable", "Outlet"], 2, 1700),
    ],
)
def test_m1_row_8_another_location_counts_when_there_is_nothing_better(
    labels: list[str], connectors: int, energy: int
) -> None:
    tape = charge(connectors=connectors)
    tape.reading(20, *({"value": str(2500 + 100 * number), "location": label} for number, label in enumerate(labels)))
    assert the_bill(tape).energy_wh == energy


def test_m1_intervals_of_one_context_are_summed_where_there_is_no_register() -> None:
    tape = charge()
    for minute in (15, 30, 45):
        sample = {"value": "300", "measurand": "Energy.Active.Import.Interval"}
        tape.reading(minute, sample, {**sample, "context": "Sample.Clock", "value": "900"}, sample)
    assert the_bill(tape).energy_wh == 900


@pytest.mark.parametrize("how", ["person", "twice refused"])
def test_t7_row_9_a_lost_transaction_ends_at_its_last_reading(how: str) -> None:
    tape = charge(kind="PER_MINUTE", cents="10")
    tape.reading(20, 2500)
    tape.boot(25)
    tape.status(26, "Finishing")
    tape.our_call(30, "RemoteStopTransaction", {"transactionId": 7}, "Rejected")
    if how == "person":
        tape.stops_asked += [StopAsked(at(30), "A"), StopAsked(at(30.5), "A")]
    bill = the_bill(tape, until=40)
    assert (bill.energy_wh, bill.ended_at, bill.cents) == (1500, at(20), 190)
    assert "ESTIMATED" in bill.reasons


@pytest.mark.parametrize(("boots", "ended", "energy"), [(True, 10, 1500), (False, 61, 2000)])
def test_s7_row_10_an_unconfirmed_session_ends_where_it_was_last_heard_of(
    boots: bool, ended: float, energy: int
) -> None:
    tape = charge(kind="PER_MINUTE", cents="10")
    tape.reading(10, 2500)
    if boots:
        tape.boot(60)
    tape.request(60.5, "B")
    tape.start(61, "B", 3000, id_=8)
    tape.stop(70, 4000, id_=8)
    first, second = bills(tape).sessions
    assert (first.energy_wh, first.ended_at, first.cents) == (energy, at(ended), (ended - 1) * 10)
    assert "NEXT_START" in first.reasons
    assert second.energy_wh == 1000


def test_t4_row_11_what_flows_after_the_unplugging_is_an_unassigned_session() -> None:
    tape = charge()
    tape.reading(20, 2500)
    tape.status(25, "SuspendedEV", info="EV side disconnected")
    tape.our_call(25, "RemoteStopTransaction", {"transactionId": 7}, "Rejected")
    tape.reading(28, 2500)
    tape.status(30, "Charging")
    tape.reading(35, 2900)
    tape.stop(40, 3400)
    first, rest = bills(tape).sessions
    assert (first.energy_wh, first.cents, first.ended_at) == (1500, 38, at(25))
    assert (rest.energy_wh, rest.ticket, rest.connector) == (900, None, 1)
    assert rest.reasons == {"NEXT_VEHICLE"}


def test_t4_a_session_that_was_unplugged_and_stopped_is_whole() -> None:
    tape = charge()
    tape.reading(20, 2500)
    tape.status(25, "SuspendedEV", info="EV side disconnected")
    tape.reading(28, 2500)
    tape.stop(30, 2510)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.ended_at, bill.reasons) == (1510, at(30), frozenset())


def test_t7_row_12_a_late_stop_of_nobody_is_no_earlier_vehicles() -> None:
    tape = charge()
    tape.reading(20, 2500)
    tape.status(25, "Available")
    tape.stop(300, 9000, id_=-1)
    found = bills(tape)
    assert [(bill.energy_wh, bill.cents) for bill in found.sessions] == [(1500, 38)]
    assert len(found.unplaced_stops) == 1


@pytest.mark.parametrize("id_", [7, -1])
def test_t7_the_truth_corrects_a_session_that_we_closed(id_: int) -> None:
    tape = charge()
    tape.reading(20, 2500)
    tape.status(25, "Available")
    tape.stop(300, 2600, id_=id_, stamp=iso(at(24)))
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.ended_at, bill.reasons) == (1600, at(24), frozenset())


def test_t7_row_13_a_session_that_never_delivered_is_not_billed() -> None:
    tape = charge()
    tape.boot(3)
    tape.status(4, "Available")
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.cents, bill.reasons) == (0, 0, {"ESTIMATED"})


def test_c6_row_14_a_stop_with_eight_hours_of_readings() -> None:
    tape = charge()
    data = [
        {"timestamp": iso(at(1 + number)), "sampledValue": [{"value": str(1000 + 10 * number)}]}
        for number in range(480)
    ]
    tape.stop(481, 5800, transactionData=data)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.cents) == (4800, 120)


def test_t3_row_15_a_missing_transaction_id_is_null() -> None:
    tape = charge()
    tape.stop(30, 3000, id_="missing")
    assert the_bill(tape).energy_wh == 2000


@pytest.mark.parametrize(("minute", "tag", "energy", "left"), [(35, None, 109, 0), (45, None, 28, 1), (35, "B", 28, 1)])
def test_t3_row_16_a_second_different_stop(minute: float, tag: str | None, energy: int, left: int) -> None:
    tape = charge()
    tape.stop(30, 1028)
    tape.stop(50, 1109, stamp=iso(at(minute)), **({"idTag": tag} if tag else {}))
    found = bills(tape)
    assert [bill.energy_wh for bill in found.sessions] == [energy]
    assert len(found.unplaced_stops) == left


@pytest.mark.parametrize(("minute", "ticket"), [(3.4, "A"), (4, None)])
def test_s5_row_17_only_a_start_within_the_window_revives(minute: float, ticket: str | None) -> None:
    tape = Tape()
    tape.request(0, "A")
    tape.start(minute, "A")
    tape.stop(60, 3000)
    assert the_bill(tape).ticket == ticket


@pytest.mark.parametrize(
    ("connector", "minute", "tag", "ticket"),
    [(1, 1, "LOCAL", "A"), (2, 1, "LOCAL", None), (1, 4, "LOCAL", None), (1, 1, "CARD", None), (1, 1, None, None)],
)
def test_s2_row_18_a_charger_with_an_id_tag_of_its_own(
    connector: int, minute: float, tag: str | None, ticket: str | None
) -> None:
    tape = Tape(connectors=2, cards=frozenset({"CARD"}))
    tape.request(0, "A")
    tape.start(minute, tag, connector=connector)
    tape.stop(60, 3000)
    bill = the_bill(tape)
    assert (bill.ticket, "OWN_TAG" in bill.reasons) == (ticket, ticket is not None)


@pytest.mark.parametrize(("stop", "energy", "ended", "cents"), [(False, 1500, 20, 190), (True, 3000, 50, 490)])
def test_t12_row_19_a_check_out_while_the_charger_is_away(stop: bool, energy: int, ended: float, cents: int) -> None:
    tape = charge(kind="PER_MINUTE", cents="10", connections=[Connected(at(-9), at(22)), Connected(at(60))])
    tape.reading(20, 2500)
    tape.check_outs.append(CheckOut(at(30), "A"))
    if stop:
        tape.stop(61, 4000, stamp=iso(at(50)))
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.ended_at, bill.cents) == (energy, at(ended), cents)
    assert ("ESTIMATED" in bill.reasons) is not stop


def test_s2_t2_resends_count_once() -> None:
    tape = charge()
    tape.start(2, "A", stamp=iso(at(1)))
    for minute in (30, 31, 32):
        tape.stop(minute, 3000, stamp=iso(at(30)))
    found = bills(tape)
    assert [(bill.energy_wh, bill.cents) for bill in found.sessions] == [(2000, 50)]
    assert found.tickets == {"A": 50}
    assert found.unplaced_stops == ()


def test_x2_a_stop_before_its_start_counts_by_its_tag_only() -> None:
    tagged, bare = Tape(), Tape()
    for tape, more in ((tagged, {"idTag": "A"}), (bare, {})):
        tape.request(0, "A")
        tape.stop(60, 3000, id_=-1, stamp=iso(at(30)), **more)
        tape.start(61, "A", stamp=iso(at(1)))
    assert (the_bill(tagged).energy_wh, the_bill(tagged).ended_at) == (2000, at(30))
    assert len(bills(bare).unplaced_stops) == 1


def test_m5_a_leap_waits_for_its_confirmation() -> None:
    tape = charge()
    tape.reading(20, 900_000)
    tape.reading(21, 1900)
    tape.stop(30, 2000)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.reasons) == (1000, {"METER_LEAP"})
    assert bill.ended_at is not None
    assert bill.ended_at - bill.started_at == timedelta(minutes=29)


def test_m5_a_stop_refutes_a_leap_that_there_was_no_time_for() -> None:
    tape = charge()
    tape.reading(10, 900_000)
    tape.reading(20, 900_050)
    tape.stop(30, 2500)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.reasons) == (1500, {"METER_LEAP"})


@pytest.mark.parametrize("next_start", [None, 161_540])
def test_m2_m5_a_stop_by_the_meter_ends_a_session_whose_readings_count_from_zero(next_start: int | None) -> None:
    tape = charge(157_440)
    for minute in (10, 20, 30, 40):
        tape.reading(minute, minute * 100)
    tape.stop(41, 161_540)
    if next_start is not None:
        tape.start(60, "CARD", next_start)
    bill = the_bill(tape) if next_start is None else bills(tape).sessions[0]
    assert (bill.energy_wh, bill.reasons) == (4100, {"METER_RESET", "METER_LEAP"})


def test_m1_m2_a_stop_by_the_meter_ends_a_session_whose_readings_are_of_one_phase() -> None:
    tape = charge(3000)
    for minute, value in ((10, "1000"), (20, "1500")):
        tape.reading(minute, {"value": value, "phase": "L1"})
    tape.stop(31, 7600)
    assert the_bill(tape).energy_wh == 4600


@pytest.mark.parametrize(
    ("id_", "tag", "stamped", "is_placed"),
    [
        (7, "SOMEONE", 30, True),  # (a): whoever stopped it
        (7, "B", 30, False),  # another session's one-time idTag
        (7, "SOMEONE", 0, False),  # foreign, and before its start
        (7, None, 0, True),
        (99, "A", 30, True),  # (b)
        (0, "A", 0, True),
        (-1, "SOMEONE", 30, False),
        (-1, None, 30, True),  # (c)
        (None, None, 30, True),
        (99, None, 30, True),
        (-1, None, 0, False),
    ],
)
def test_t3_to_whom_a_stop_belongs(id_: object, tag: str | None, stamped: float, is_placed: bool) -> None:
    tape = charge()
    tape.request(2, "B", connector=2)
    tape.stop(40, 2600, id_=id_, stamp=iso(at(stamped)), **({"idTag": tag} if tag else {}))
    found = bills(tape)
    assert len(found.unplaced_stops) == (0 if is_placed else 1)
    assert found.sessions[0].energy_wh == (1600 if is_placed else 0)


@pytest.mark.parametrize(
    ("register", "evidence", "is_placed"),
    [
        (2600, "none", True),
        (1500, "none", False),
        (90_000, "none", False),
        (2600, "rise", False),
        (2600, "status", False),
    ],
)
def test_t3_a_stop_of_nobody_fits_the_only_open_session(register: int, evidence: str, is_placed: bool) -> None:
    tape = charge(connectors=2)
    tape.reading(20, 2000)
    if evidence == "rise":
        tape.reading(35, 2700)
    if evidence == "status":
        tape.status(35, "Charging")
    tape.stop(40, register, id_=-1, stamp=iso(at(30)))
    assert len(bills(tape).unplaced_stops) == (0 if is_placed else 1)


def test_t3_a_stop_of_nobody_that_could_be_of_two_is_nobodys() -> None:
    tape = charge(connectors=2)
    tape.start(2, "LOCAL", 5000, id_=8, connector=2)
    tape.stop(40, 6000, id_=-1)
    assert len(bills(tape).unplaced_stops) == 1


def test_t7_a_stop_that_names_its_transaction_takes_the_place_of_one_that_names_nobody() -> None:
    tape = charge()
    tape.stop(40, 6000, id_=-1)
    tape.stop(70, 2600, stamp=iso(at(60)))
    found = bills(tape)
    assert [(bill.energy_wh, bill.ended_at) for bill in found.sessions] == [(1600, at(60))]
    assert len(found.unplaced_stops) == 1


def test_t4_without_a_status_the_rise_between_two_readings_tells() -> None:
    tape = charge()
    tape.status(25, "SuspendedEV", info="EV side disconnected")
    for minute, register in ((26, 2500), (28, 2500), (30, 2900), (32, 3100)):
        tape.reading(minute, register)
    tape.stop(40, 3400)
    first, rest = bills(tape).sessions
    assert (first.energy_wh, first.ended_at) == (1500, at(25))
    assert (rest.energy_wh, rest.started_at, rest.ended_at) == (900, at(28), at(40))


def test_t8_a_flat_fee_is_charged_once_though_a_power_cut_split_the_charge() -> None:
    tape = charge(kind="FLAT_FEE", cents="500")
    tape.stop(30, 3000, reason="PowerLoss")
    tape.requests.append(replace(tape.requests[0], at=at(40), id_tag="A2"))
    tape.start(41, "A2", 3000, id_=8)
    tape.stop(60, 4000, id_=8)
    assert bills(tape).tickets == {"A": 500}


def test_s2_the_one_time_tag_takes_its_request_back_from_a_tag_of_the_chargers_own() -> None:
    tape = charge()
    tape.frames.clear()
    tape.start(1, "LOCAL", 1000, id_=7)
    tape.stop(1.5, 1020, id_=7)
    tape.start(2, "A", 1020, id_=8)
    tape.stop(30, 2000, id_=8)
    first, second = bills(tape).sessions
    assert (first.ticket, second.ticket, second.energy_wh) == (None, "A", 980)


def test_s6_a_start_whose_register_cannot_be_read_begins_at_its_first_known_register() -> None:
    for readings, energy in (
        ([{"value": "1200", **BEGIN}, {"value": "1500"}], 1400),
        ([{"value": "1500"}], 1100),
        ([], 1600),  # the port's last one
    ):
        tape = Tape()
        tape.start(1, "LOCAL", 900, id_=5)
        tape.stop(2, 1000, id_=5)
        tape.request(3, "A")
        tape.start(4, "A", -1)
        if readings:
            tape.reading(20, *readings)
        tape.stop(60, 2600)
        bill = bills(tape).sessions[1]
        assert (bill.energy_wh, bill.reasons) == (energy, {"METER_START"})


def test_s6_x2_a_first_register_that_comes_after_the_stop_is_where_the_session_began() -> None:
    tape = charge(-1)
    tape.reading(20, 1500)
    tape.stop(60, 2600)
    tape.reading(70, 1200, stamp=iso(at(10)))
    assert the_bill(tape).energy_wh == 1400


@pytest.mark.parametrize("is_reversed", [False, True])
@pytest.mark.parametrize(
    ("stops", "ended", "energy"),
    [
        ([(4000, "garbage"), (4000, iso(at(36)))], 36, 3000),
        ([(4000, iso(at(31))), (4000, iso(at(39)))], 39, 3000),
        ([(4000, iso(at(31))), (None, iso(at(39)))], 31, 3000),
    ],
)
def test_t3_b7_a_second_stop_of_the_same_register(
    stops: list[tuple[int | None, str]], ended: float, energy: int, is_reversed: bool
) -> None:
    tape = charge()
    tape.reading(20, 3000)
    for minute, (register, stamp) in zip((40, 41), reversed(stops) if is_reversed else stops, strict=True):
        tape.stop(minute, register, stamp=stamp)
    bill = the_bill(tape)
    assert (bill.ended_at, bill.energy_wh) == (at(ended), energy)


@pytest.mark.parametrize("is_start_first", [True, False])
def test_x2_t3_two_stops_before_their_start(is_start_first: bool) -> None:
    tape = Tape()
    tape.request(0, "A")
    tape.start(30 if is_start_first else 33, "A", stamp=iso(at(1)))
    for minute, register, stamp in ((31, 2000, 20), (32, 2500, 25)):
        tape.stop(minute, register, id_=-1, idTag="A", stamp=iso(at(stamp)))
    bill = the_bill(tape)
    assert (bill.ended_at, bill.energy_wh) == (at(25), 1500)


@pytest.mark.parametrize("is_start_first", [True, False])
def test_x2_m3_unnamed_readings_before_their_start(is_start_first: bool) -> None:
    tape = Tape()
    tape.request(0, "A")
    tape.start(40 if is_start_first else 43, "A", stamp=iso(at(1)))
    for minute, register, taken in ((41, 2000, 10), (42, 3000, 20)):
        tape.reading(minute, register, id_=None, stamp=iso(at(taken)))
    tape.status(50, "Available")
    assert the_bill(tape).energy_wh == 2000


@pytest.mark.parametrize(("connectors", "energy"), [(1, 523), (2, 0)])
def test_s6_m1_an_inlets_register_tells_a_start_only_where_there_is_one_connector(connectors: int, energy: int) -> None:
    tape = charge(0xFFFFFFFF, connectors=connectors)
    tape.reading(4, {"value": "157440", "location": "Inlet", **BEGIN}, {"value": "157563", "location": "Inlet"})
    tape.stop(20, 157_963)
    assert the_bill(tape).energy_wh == energy


def test_b7_readings_of_a_stop_are_by_the_clock_that_wrote_the_stop() -> None:
    tape = Tape()
    tape.request(0, "A")
    tape.start(1, "A", stamp=iso(at(4)))
    tape.reading(2, 1110, stamp=iso(at(5)))
    tape.reading(3, 1220, stamp=iso(at(6)))
    data = [
        {"timestamp": iso(at(minute)), "sampledValue": [{"value": str(wh)}]} for minute, wh in ((4.5, 1050), (6, 1220))
    ]
    tape.stop(6, 1425, stamp=iso(at(9)), transactionData=data)
    bill = the_bill(tape)
    assert (bill.energy_wh, bill.ended_at, "METER_RESET" in bill.reasons) == (425, at(6), False)


@pytest.mark.parametrize("is_told_first", [True, False])
def test_s7_x2_a_start_that_waited_in_the_queue_does_not_end_the_one_that_began_after_it(is_told_first: bool) -> None:
    tape = Tape()
    told = {"CARD": (10, 1000), "NEXT": (30, 2000)}
    for minute, tag in enumerate(told if is_told_first else reversed(told), start=31):
        began, register = told[tag]
        tape.start(minute, tag, register, id_=began, stamp=iso(at(began)))
        if tag == "CARD":
            tape.stop(minute + 0.5, 1900, id_=began, stamp=iso(at(25)))
    tape.stop(60, 3000, id_=30)
    assert [(bill.energy_wh, bill.ended_at) for bill in bills(tape).sessions] == [(900, at(25)), (1000, at(60))]
