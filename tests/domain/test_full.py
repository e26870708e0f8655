"""M6: full, by a charger's word or by its meter; and B2, what a boot leaves open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.port import PortStatus
from evgraph.domain.session_clock import SessionTime
from evgraph.domain.session_end import given_up, superseded, transaction_stopped
from evgraph.domain.session_full import low_for_long
from evgraph.domain.session_metering import readings_taken
from evgraph.domain.session_start import unassigned
from evgraph.domain.session_status import booted, status_seen
from evgraph.domain.supply import Supply

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AX48 = Supply(max_power_w=11_500)
START = 12_345
UNCONFIRMED = SessionFlag.UNCONFIRMED


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def charging() -> ChargingSession:
    return unassigned(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        id_tag="CARD",
        authorization=AuthorizationStatus.ACCEPTED,
        meter_start_wh=START,
        at=NOON,
        reported_start="2026-03-01T12:00:00Z",
        rate_id=9,
        clock_replaced=False,
        now=NOON,
    )


def powered(session: ChargingSession, powers: dict[float, int], supply: Supply | None = AX48) -> ChargingSession:
    """A reading of power at each of these minutes; the register has moved, and moves no more."""
    for minute, power_w in powers.items():
        reading = Reading(at=at(minute), power_w=power_w, register_wh=max(START + 20, session.base_register_wh))
        session = readings_taken(session, [reading], supply=supply)
    return session


def metered(session: ChargingSession, registers: dict[float, int]) -> ChargingSession:
    """A reading of the register alone at each of these minutes."""
    for minute, register_wh in registers.items():
        session = readings_taken(session, [Reading(at=at(minute), register_wh=register_wh)], supply=AX48)
    return session


@pytest.mark.parametrize(
    ("powers", "full_since"),
    [
        pytest.param({1: 9000, 20: 9000}, None, id="charging"),
        pytest.param({1: 9000, 20: 229, 29.9: 229}, None, id="low for less than ten minutes"),
        pytest.param({1: 9000, 20: 229, 30: 229}, 20, id="low for ten"),
        pytest.param({1: 9000, 20: 230, 40: 230}, None, id="2 % is not under 2 %"),
        pytest.param({20: 0, 25: 9000, 26: 0, 31: 0}, None, id="power came back meanwhile"),
        pytest.param({20: 0, 31: 0, 60: 0}, 20, id="since it first fell"),
        pytest.param({20: 0, 31: 0, 60: 7000}, None, id="power that returns ends it"),
        pytest.param({20: 0, 31: 0, 60: 7000, 61: 0, 75: 0}, 61, id="and full again"),
    ],
)
def test_m6_under_two_percent_of_the_ports_power_for_ten_minutes_is_full(
    powers: dict[float, int], full_since: float | None
):
    assert powered(charging(), powers).full_since == (None if full_since is None else at(full_since))


@pytest.mark.parametrize(
    ("registers", "full_since"),
    [
        pytest.param({10: START + 1900, 10.5: START + 1900, 21: START + 1900}, 10, id="stands still"),
        pytest.param({10: START + 1900, 10.5: START + 1901, 21: START + 1905}, 10, id="trickles"),
        pytest.param({10: START + 1900, 21: START + 1960}, None, id="a little too much"),
        pytest.param({10: START + 1900, 15: START + 1900, 19: START + 1900}, None, id="not for ten minutes"),
        pytest.param({10: START + 1900, 21: START + 1900, 22: START + 2000}, None, id="counts again"),
    ],
)
def test_m6_a_charger_that_tells_no_power_is_full_by_its_register(
    registers: dict[float, int], full_since: float | None
):
    assert metered(charging(), registers).full_since == (None if full_since is None else at(full_since))


def test_m6_a_register_that_leapt_says_nothing_of_power():
    low = powered(charging(), {20: 0})
    assert metered(low, {25: START + 900_001}).low_power_since == at(20)


def test_m6_without_the_ports_power_only_the_charger_can_say_full():
    assert powered(charging(), {20: 0, 60: 0}, supply=None).full_since is None
    charged = replace(charging(), energy_wh=10)
    assert status_seen(charged, PortStatus.SUSPENDED_EV, at(20), at(20)).full_since == at(20)


def test_m6_a_late_reading_of_power_does_not_take_suspended_ev_back():
    session = powered(charging(), {19: 9000})
    session = status_seen(session, PortStatus.SUSPENDED_EV, at(20), at(20))
    session = powered(session, {20.1: 900})
    assert session.full_since == at(20)
    assert powered(session, {21: 0, 22: 3000}).full_since is None


def test_m6_charging_that_is_said_again_does_not_hide_what_the_meter_knows():
    session = powered(charging(), {20: 0, 31: 0})
    assert status_seen(session, PortStatus.CHARGING, at(32), at(32)).full_since == at(20)
    soon = status_seen(powered(charging(), {20: 0}), PortStatus.SUSPENDED_EV, at(21), at(21))
    assert status_seen(soon, PortStatus.CHARGING, at(22), at(22)).full_since is None


def test_m6_a_meter_that_is_read_no_more_has_its_last_word():
    low = powered(charging(), {20: 0})
    assert low_for_long(low, timedelta(minutes=9.9)) == low
    assert low_for_long(low, timedelta(minutes=10)).full_since == at(20)
    assert low_for_long(charging(), timedelta(hours=9)) == charging()
    ended = given_up(low, at(60))
    assert low_for_long(ended, timedelta(hours=9)) is ended


def test_b2_a_boot_leaves_what_runs_unconfirmed_until_its_charger_speaks_of_it():
    session = booted(metered(charging(), {5: START + 500}))
    assert session.flags == {UNCONFIRMED}
    assert metered(session, {6: START + 600}).flags == set()
    # M4: nothing new.
    assert metered(session, {4: START + 400}).flags == {UNCONFIRMED}
    assert status_seen(session, PortStatus.AVAILABLE, at(7), at(7)).flags == set()
    assert status_seen(session, PortStatus.CHARGING, at(7), at(7)).flags == {UNCONFIRMED}


def test_b2_each_end_resolves_it():
    session = booted(metered(charging(), {5: START + 500}))
    told = transaction_stopped(session, meter_stop_wh=START + 600, at=at(9), reason=StopReason.REBOOT, supply=AX48)
    assert told.flags == set()
    assert superseded(session, START + 600, SessionTime(at(9), is_replaced=False, is_own=True), supply=AX48).flags == {
        SessionFlag.SUPERSEDED
    }
    assert given_up(session, at(9)).flags == {SessionFlag.ESTIMATED}
    assert booted(told) is told


@pytest.mark.parametrize(
    ("last_register_wh", "flags"),
    [(None, set()), (START, set()), (START - 1, {SessionFlag.METER_GAP}), (START + 1, set()), (90_000, set())],
    ids=["the first", "the same", "a gap of 1 Wh", "1 Wh lower", "another meter"],
)
def test_t11_energy_between_two_sessions_is_flagged(last_register_wh: int | None, flags: set[SessionFlag]):
    session = unassigned(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        id_tag="CARD",
        authorization=AuthorizationStatus.ACCEPTED,
        meter_start_wh=START,
        at=NOON,
        reported_start="2026-03-01T12:00:00Z",
        rate_id=9,
        clock_replaced=False,
        now=NOON,
        last_register_wh=last_register_wh,
    )
    assert session.flags == flags
