"""C10: what frames make of sessions, where journeys do not come by; by hand, without a database."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

import pytest

from evgraph.domain import session_start
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.charging_session import AuthorizationStatus, SessionFlag, SessionStatus, StopReason
from evgraph.domain.frames import LoggedFrame
from evgraph.domain.rate import Rate, RateKind
from evgraph.domain.session_end import ended_by_person
from evgraph.domain.supply import Supply
from evgraph.ocpp.replay.comparing import Books, Kind, differences_of, due_of
from evgraph.ocpp.replay.derived_sessions import Surroundings
from evgraph.ocpp.replay.deriving import Deriving
from evgraph.ocpp.replay.words import Transcript, resolved

T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ONE_TIME = "EV" + "A" * 18
IN, OUT = FrameDirection.RECEIVED, FrameDirection.SENT


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


class Wire:
    """Frames, by hand."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self._ids = itertools.count(1)

    def _take(self, minutes, direction, kind, message_id, action, frame):
        self.transcript.take(
            LoggedFrame(
                id=next(self._ids), charge_point_id=1, at=at(minutes), direction=direction, kind=kind,
                message_id=message_id, action=action, frame=json.dumps(frame),
            )
        )  # fmt: skip

    def call(self, minutes, action, payload, answer=None, error=None, message_id=None):
        """At so many minutes, and its answer; null where it had none."""
        message_id = message_id or str(next(self._ids))
        self._take(minutes, IN, FrameKind.CALL, message_id, action, [2, message_id, action, payload])
        if answer is not None:
            self._take(minutes, OUT, FrameKind.CALL_RESULT, message_id, action, [3, message_id, answer])
        if error is not None:
            self._take(minutes, OUT, FrameKind.CALL_ERROR, message_id, action, [4, message_id, error, "", {}])

    def start(self, minutes, *, stamp=None, meter=1000, connector=1, tag=ONE_TIME, transaction=None, error=None):
        payload = {"connectorId": connector, "idTag": tag, "meterStart": meter, "timestamp": stamp or _z(minutes)}
        answer = {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}} if transaction else None
        self.call(minutes, "StartTransaction", payload, answer, error)

    def stop(self, minutes, meter, *, transaction=7, stamp=None, **more):
        payload = {"transactionId": transaction, "meterStop": meter, "timestamp": stamp or _z(minutes)}
        self.call(minutes, "StopTransaction", payload | more, {})

    def meter(self, minutes, register, *, transaction=7):
        self.told(minutes, minutes, register, transaction=transaction)

    def told(self, minutes, taken, register, *, transaction=7):
        """A reading that comes later than it was taken."""
        samples = [{"value": str(register)}]
        value = {"timestamp": _z(taken), "sampledValue": samples}
        self.call(minutes, "MeterValues", {"connectorId": 1, "transactionId": transaction, "meterValue": [value]})

    def status(self, minutes, status):
        report = {"connectorId": 1, "status": status, "errorCode": "NoError", "timestamp": _z(minutes)}
        self.call(minutes, "StatusNotification", report)

    def derive(self, *booked, more=(), supplies=MappingProxyType({}), now=None):
        around = Surroundings(garage_id=1, charge_point_id=1, supplies=supplies, reported=frozenset({1, 2}))
        deriving = Deriving(around, booked)
        deriving.hear(sorted([*self.transcript.words(), *more], key=lambda word: word.at))
        if now is not None:
            deriving.pass_time(at(now))
        return deriving


def _z(minutes):
    return at(minutes).isoformat().replace("+00:00", "Z")


def _booked(id_=7, *, begun=0.0, tag=ONE_TIME, meter=1000, **more):
    session = session_start.unassigned(
        garage_id=1, charge_point_id=1, port_id=1, connector_id=1, id_tag=tag, reported_start=_z(begun),
        authorization=AuthorizationStatus.ACCEPTED, meter_start_wh=meter, at=at(begun), rate_id=None,
        clock_replaced=False, now=at(begun - 1),
    )  # fmt: skip
    return replace(session, id=id_, **more)


def _sessions(deriving):
    return [one.session for one in deriving.derived]


@pytest.fixture
def wire():
    return Wire()


def test_s2_a_start_that_came_twice_is_one_session(wire):
    wire.start(0)
    wire.start(1, stamp=_z(0), transaction=7)
    wire.stop(60, 5000)
    wire.stop(61, 5000, stamp=_z(60))
    (session,) = _sessions(wire.derive())
    assert (session.started_at, session.ended_at, session.energy_wh) == (at(0), at(60), 4000)


def test_b1_what_was_refused_had_no_effect(wire):
    wire.start(0, error="SecurityError")
    assert _sessions(wire.derive()) == []


def test_b7_of_starts_stamped_by_our_clock_the_one_that_is_booked_took_effect(wire):
    wire.start(0, stamp="1970-01-01T00:00:00Z")
    wire.start(2, stamp="1970-01-01T00:00:00Z", transaction=7)
    (derived,) = wire.derive(_booked(started_at=at(2))).derived
    assert derived.session.started_at == at(2)
    (derived,) = wire.derive(_booked(started_at=at(0))).derived
    assert derived.session.started_at == at(0)


def test_t3_a_stop_without_an_id_ends_what_runs_there(wire):
    wire.start(0)
    wire.stop(60, 5000, transaction=-1, idTag=ONE_TIME.lower())
    (session,) = _sessions(wire.derive())
    assert (session.status, session.energy_wh) == (SessionStatus.ENDED, 4000)


def test_t3_a_stop_that_an_operator_placed_ends_its_session_when_he_did(wire):
    wire.start(0, transaction=7)
    wire.start(0, transaction=8, connector=2, tag="CARD")
    wire.stop(60, 5000, transaction=0)
    placed = resolved(
        json.dumps([2, "1", "StopTransaction", {"transactionId": 0, "meterStop": 5000, "timestamp": _z(60)}]),
        quarantined_at=at(60), resolved_at=at(90), session_id=7,
    )  # fmt: skip
    first, second = _sessions(wire.derive(more=[placed]))
    assert (first.ended_at, first.energy_wh, second.status) == (at(60), 4000, SessionStatus.CHARGING)


def test_s7_another_start_ends_what_ran_there(wire):
    wire.start(0, transaction=7)
    wire.meter(30, 3000)
    wire.start(40, meter=3500, tag="CARD", transaction=8)
    first, second = _sessions(wire.derive())
    assert (first.ended_at, first.energy_wh) == (at(40), 2500)
    assert first.flags == {SessionFlag.SUPERSEDED}
    assert second.status is SessionStatus.CHARGING


def test_t7_a_session_that_we_closed_ends_where_it_was_last_known_to_be_by_then(wire):
    wire.start(0, transaction=7)
    wire.meter(30, 3000)
    wire.status(31, "Available")
    assert [session.status for session in _sessions(wire.derive())] == [SessionStatus.CHARGING]
    (session,) = _sessions(wire.derive(_booked(closed_at=at(36)), now=37))
    assert (session.ended_at, session.energy_wh, session.stop_reason) == (at(31), 2000, StopReason.OTHER)
    assert session.flags == {SessionFlag.ESTIMATED}


def test_t7_a_session_that_we_closed_and_that_ran_on_is_open_again(wire):
    wire.start(0, transaction=7)
    wire.meter(30, 3000)
    wire.meter(50, 4000)
    (session,) = _sessions(wire.derive(_booked(closed_at=at(40))))
    assert (session.status, session.energy_wh) == (SessionStatus.CHARGING, 3000)


@pytest.mark.parametrize("is_last", [True, False])
def test_t12_the_books_tell_that_a_person_ended_a_session(wire, is_last):
    """No frame does. What the charger says after it changes what it may change."""
    wire.start(0, transaction=7)
    wire.meter(30, 3000)
    if not is_last:
        wire.status(45, "Faulted")
    running = replace(_booked(started_at=at(0)), energy_wh=2000, last_meter_at=at(30))
    booked = ended_by_person(running, at(40))
    deriving = wire.derive(booked)
    deriving.pass_time(at(60))
    (derived,) = deriving.derived
    told = derived.session
    assert (told.status, told.ended_at, told.energy_wh) == (SessionStatus.ENDED, at(30), 2000)
    assert (told.stop_reason, told.flags) == (StopReason.REMOTE, {SessionFlag.ESTIMATED})

    wire.stop(70, 5000, stamp=_z(65), reason="EVDisconnected")
    truth = replace(booked, flags=frozenset(), stop_reason=StopReason.EV_DISCONNECTED)
    (session,) = _sessions(wire.derive(truth))
    assert (session.ended_at, session.energy_wh, session.flags) == (at(65), 4000, frozenset())


def test_t7_the_truth_that_comes_late_is_taken(wire):
    wire.start(0, transaction=7)
    wire.meter(30, 3000)
    wire.status(31, "Available")
    wire.stop(50, 4000, stamp=_z(32), reason="EVDisconnected")
    (session,) = _sessions(wire.derive(_booked(closed_at=at(37))))
    assert (session.ended_at, session.energy_wh) == (at(32), 3000)
    assert session.stop_reason is StopReason.EV_DISCONNECTED


def test_t7_the_truth_that_names_nothing_is_that_of_the_only_one_given_up(wire):
    wire.start(0, transaction=7)
    wire.meter(30, 3000)
    wire.status(31, "Available")
    wire.stop(40, 9000, transaction=-1, idTag="ANOTHER")
    wire.stop(41, 3500, stamp=_z(32), transaction=-1)
    (session,) = _sessions(wire.derive(_booked(closed_at=at(37))))
    assert (session.ended_at, session.energy_wh, session.flags) == (at(32), 2500, set())


def test_t7_readings_that_come_after_all_are_those_of_the_session_that_they_name(wire):
    wire.start(0, transaction=7)
    wire.meter(30, 3000)
    wire.status(31, "Available")
    wire.start(40, meter=4000, tag="CARD", transaction=8)
    wire.told(41, 32, 3900)
    wire.told(42, 40, 9999)
    first, second = _sessions(wire.derive(_booked(closed_at=at(37))))
    assert (first.ended_at, first.energy_wh) == (at(32), 2900)
    assert first.flags == {SessionFlag.ESTIMATED}
    assert (second.energy_wh, second.flags) == (0, {SessionFlag.METER_GAP})


def test_x2_a_stop_that_came_before_its_start_ends_it(wire):
    wire.stop(60, 5000, transaction=-1, stamp=_z(50), idTag=ONE_TIME)
    wire.start(61, stamp=_z(0), transaction=7)
    (session,) = _sessions(wire.derive())
    assert (session.status, session.ended_at, session.energy_wh) == (SessionStatus.ENDED, at(50), 4000)


def test_x2_of_stops_that_waited_the_first_that_fits_ends_a_cards_session(wire):
    wire.stop(58, 9000, transaction=-1, stamp=_z(-5), idTag="CARD")
    wire.stop(59, 8000, transaction=-1, stamp=_z(55), idTag="CARD")
    wire.stop(60, 5000, transaction=-1, stamp=_z(50), idTag="CARD")
    wire.start(61, stamp=_z(0), transaction=7, tag="CARD")
    wire.start(62, stamp=_z(52), meter=5000, transaction=8, tag="CARD")
    first, second = _sessions(wire.derive())
    assert (first.ended_at, first.energy_wh) == (at(50), 4000)
    assert (second.ended_at, second.energy_wh) == (at(55), 3000)


def test_x2_a_stop_that_an_operator_dismissed_waits_no_longer(wire):
    wire.stop(60, 5000, transaction=-1, stamp=_z(50), idTag=ONE_TIME)
    frame = {"transactionId": -1, "meterStop": 5000, "timestamp": _z(50), "idTag": ONE_TIME}
    dismissed = resolved(
        json.dumps([2, "1", "StopTransaction", frame]), quarantined_at=at(60), resolved_at=at(61), session_id=None
    )
    wire.start(62, stamp=_z(0), transaction=7)
    (session,) = _sessions(wire.derive(more=[dismissed]))
    assert session.status is SessionStatus.CHARGING


def test_c9_a_stop_that_was_answered_from_memory_ends_nothing_that_began_since(wire):
    stop = {"transactionId": -1, "meterStop": 5000, "timestamp": _z(50)}
    wire.call(60, "StopTransaction", stop, {}, message_id="again")
    wire.start(61, stamp=_z(55), transaction=7)
    wire.start(61, stamp=_z(40), connector=2, tag="CARD", transaction=8)
    wire.stop(62, 6000, transaction=7)
    wire.call(63, "StopTransaction", stop, {}, message_id="again")
    statuses = [one.status for one in _sessions(wire.derive())]
    assert statuses == [SessionStatus.ENDED, SessionStatus.CHARGING]


def test_t11_a_gap_before_a_start_is_flagged_and_a_leap_that_it_bears_out_is_billed(wire):
    supply = {1: Supply(max_power_w=11_000)}
    wire.start(0, transaction=7)
    wire.meter(5, 1500)
    wire.stop(6, 90_000, stamp=_z(6))
    wire.start(20, meter=90_000, tag="CARD", transaction=8)
    wire.stop(25, 90_500, transaction=8)
    wire.start(30, meter=91_000, tag="CARD", transaction=9)
    first, second, third = _sessions(wire.derive(supplies=supply))
    assert (first.energy_wh, second.energy_wh, second.flags) == (89_000, 500, set())
    assert third.flags == {SessionFlag.METER_GAP}


def _rate(id_, minutes, cents, kind=RateKind.PER_KWH):
    return Rate(
        id=id_, garage_id=1, kind=kind, amount_cents=Decimal(cents), currency="USD", effective_from=at(minutes),
        set_by=None,
    )  # fmt: skip


def test_t10_the_rate_is_the_one_at_the_start_and_none_from_before_it_was_asked_for(wire):
    wire.start(10, stamp=_z(0), transaction=7)
    wire.stop(60, 2000)
    rates = {1: [_rate(1, -5, 10), _rate(2, 3, 20), _rate(3, 20, 30)]}
    books = Books(rates=rates, billed_cents={7: 20})
    for asked_at, cents in ((at(-1), 10), (at(5), 20), (at(10.5), 10)):
        (derived,) = wire.derive(_booked(asked_at=asked_at, stay_id=1)).derived
        assert due_of([derived], books)(derived) == cents


@pytest.mark.parametrize(("reason", "cents"), [("PowerLoss", [500, 0]), ("Local", [500, 500])])
def test_t8_a_flat_fee_is_due_once_where_a_power_cut_parted_the_charge(wire, reason, cents):
    wire.start(0, transaction=7)
    wire.stop(10, 2000, reason=reason)
    wire.start(20, meter=2000, transaction=8, tag="EV" + "B" * 18)
    wire.stop(30, 3000, transaction=8)
    given = {"stay_id": 1, "request_id": 1}
    second = _booked(8, begun=20, tag="EV" + "B" * 18, meter=2000, **given)
    derived = wire.derive(_booked(**given), second).derived
    books = Books(rates={1: [_rate(1, -5, 500, RateKind.FLAT_FEE)]}, billed_cents={})
    due = due_of(derived, books)
    assert [due(one) for one in derived] == cents


def test_a_session_without_a_ticket_is_billed_nothing_and_each_difference_is_named(wire):
    wire.start(0, transaction=7)
    wire.stop(60, 5000)
    (derived,) = wire.derive(_booked(status=SessionStatus.ENDED, ended_at=at(61), energy_wh=1)).derived
    books = Books(rates={1: [_rate(1, -5, 10)]}, billed_cents={7: 3})
    found = differences_of(derived, "CP1", "USD", due_of([derived], books)(derived), books)
    assert {(one.kind, one.booked, one.derived) for one in found} == {
        (Kind.END, at(61), at(60)),
        (Kind.REASON, None, StopReason.LOCAL),
        (Kind.ENERGY, 1, 4000),
        (Kind.LINE_ITEMS, 3, 0),
    }


@pytest.mark.parametrize(
    ("energy_wh", "metered_at", "has_ended", "differs"),
    [(1000, 10, False, False), (1000, 20, False, True), (0, None, False, False), (1000, 10, True, True)],
)
def test_c10_a_reading_whose_frame_is_kept_already_is_no_difference_while_its_session_runs(
    wire, energy_wh, metered_at, has_ended, differs
):
    """As where a backup was made in between; but its end has all of them."""
    wire.start(0, transaction=7)
    wire.meter(10, 2000)
    wire.meter(20, 3000)
    more = {"energy_wh": energy_wh, "last_meter_at": None if metered_at is None else at(metered_at)}
    if has_ended:
        wire.stop(30, 3000)
        more |= {"status": SessionStatus.ENDED, "ended_at": at(30), "stop_reason": StopReason.LOCAL}
    (derived,) = wire.derive(_booked(**more)).derived
    books = Books(rates={}, billed_cents={})
    found = differences_of(derived, "CP1", "USD", due_of([derived], books)(derived), books)
    assert [one.kind for one in found] == [Kind.ENERGY] * differs
