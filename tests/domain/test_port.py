"""A port: what it is called, whether it is open, and which report counts (B6, C4, S1)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.port import (
    Port,
    PortStatus,
    StatusReport,
    ev_side_disconnected,
    put_in_order,
    put_out_of_order,
    refuse_unless_open,
    renamed,
    status_reported,
)
from evgraph.domain.refusals import ErrorCode, Refusal

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PORT = Port(
    id=3,
    garage_id=1,
    charge_point_id=2,
    connector_id=2,
    identity="AX48-0001",
    is_online=True,
    custom_name=None,
    reported_status=PortStatus.AVAILABLE,
    reported_at=NOON,
    status_changed_at=NOON,
    error_code=None,
    info=None,
    max_power_w=11_500,
    active_session_id=None,
)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def report(status: PortStatus, at: datetime, error_code: str | None = None, info: str | None = None) -> StatusReport:
    return StatusReport(connector_id=2, status=status, error_code=error_code, info=info, at=at)


OPEN = {"Available", "Preparing", "Finishing"}


@pytest.mark.parametrize("status", list(PortStatus))
@pytest.mark.parametrize("is_online", [True, False])
@pytest.mark.parametrize("active_session_id", [None, 77])
def test_s1_a_port_is_open_when_it_is_online_and_ready_and_nothing_runs(
    status: PortStatus, is_online: bool, active_session_id: int | None
):
    port = replace(PORT, reported_status=status, is_online=is_online, active_session_id=active_session_id)
    assert port.is_open is (is_online and active_session_id is None and status.value in OPEN)


@pytest.mark.parametrize(
    ("status", "is_online", "active_session_id", "code", "message"),
    [
        ("Available", True, 77, "PORT_IN_USE", "AX48-0001-2 is already in use. Choose another port."),
        ("Faulted", False, 77, "PORT_IN_USE", "AX48-0001-2 is already in use. Choose another port."),
        ("Available", False, None, "PORT_NOT_OPEN", "AX48-0001-2 is offline. Choose another port."),
        ("Charging", True, None, "PORT_NOT_OPEN", "AX48-0001-2 is Charging. Choose another port."),
        ("SuspendedEV", True, None, "PORT_NOT_OPEN", "AX48-0001-2 is SuspendedEV. Choose another port."),
        ("SuspendedEVSE", True, None, "PORT_NOT_OPEN", "AX48-0001-2 is SuspendedEVSE. Choose another port."),
        ("Reserved", True, None, "PORT_NOT_OPEN", "AX48-0001-2 is Reserved. Choose another port."),
        ("Unavailable", True, None, "PORT_NOT_OPEN", "AX48-0001-2 is Unavailable. Choose another port."),
        ("Faulted", True, None, "PORT_NOT_OPEN", "AX48-0001-2 is Faulted. Choose another port."),
    ],
)
def test_s1_a_port_that_is_not_open_says_why(
    status: str, is_online: bool, active_session_id: int | None, code: str, message: str
):
    port = replace(PORT, reported_status=PortStatus(status), is_online=is_online, active_session_id=active_session_id)
    with pytest.raises(Refusal) as refused:
        refuse_unless_open(port, ("input", "portId"))
    assert (refused.value.code, refused.value.message) == (ErrorCode(code), message)
    assert refused.value.field == ("input", "portId")


@pytest.mark.parametrize("status", sorted(OPEN))
def test_s1_an_open_port_is_not_refused(status: str):
    refuse_unless_open(replace(PORT, reported_status=PortStatus(status)), ("input", "portId"))


def test_c4_a_port_without_connection_is_offline_and_keeps_what_it_reported():
    port = replace(PORT, is_online=False, reported_status=PortStatus.CHARGING)
    assert (port.status, port.reported_status) == (PortStatus.OFFLINE, PortStatus.CHARGING)
    assert replace(port, is_online=True).status is PortStatus.CHARGING


# ------------------------------------------------------------------------------------------------------ out of order


def test_a_port_that_is_out_of_order_is_unavailable_and_not_open():
    out = put_out_of_order(PORT, after(5))
    assert (out.status, out.reported_status, out.is_open) == (PortStatus.UNAVAILABLE, PortStatus.AVAILABLE, False)
    assert out.status_changed_at == after(5)
    assert put_out_of_order(out, after(6)) == out
    assert replace(out, is_online=False).status is PortStatus.OFFLINE
    back = put_in_order(out, after(7))
    assert (back.is_open, back.status_changed_at) == (True, after(7))
    assert put_in_order(back, after(8)) == back


def test_a_session_goes_on_at_a_port_that_goes_out_of_order():
    port = replace(PORT, reported_status=PortStatus.CHARGING, active_session_id=7)
    assert put_out_of_order(port, after(5)).status is PortStatus.CHARGING


@pytest.mark.parametrize("is_online", [True, False])
@pytest.mark.parametrize("status", sorted(PortStatus))
def test_a_start_at_a_port_that_is_out_of_order_is_refused_by_that_reason(status: str, is_online: bool):
    port = replace(PORT, reported_status=PortStatus(status), is_online=is_online, is_out_of_order=True)
    with pytest.raises(Refusal) as refused:
        refuse_unless_open(port, ("input", "portId"))
    assert refused.value.code is ErrorCode.PORT_NOT_OPEN
    assert refused.value.message == "AX48-0001-2 is out of order. Choose another port."


# ----------------------------------------------------------------------------------------------------------- reports


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(-60, PortStatus.AVAILABLE), (-0.001, PortStatus.AVAILABLE), (0, PortStatus.FAULTED), (1, PortStatus.FAULTED)],
)
def test_b6_a_report_older_than_the_one_held_changes_nothing(minutes: float, status: PortStatus):
    port = status_reported(PORT, report(PortStatus.FAULTED, after(minutes), "GroundFailure"), after(5))
    assert port.reported_status is status
    assert (port is PORT) is (minutes < 0)


def test_b6_a_first_report_always_counts():
    new = replace(PORT, reported_at=None, reported_status=PortStatus.UNAVAILABLE)
    port = status_reported(new, report(PortStatus.PREPARING, after(-999)), after(5))
    assert (port.reported_status, port.reported_at, port.status_changed_at) == (
        PortStatus.PREPARING,
        after(-999),
        after(5),
    )


def test_b6_a_report_is_held_with_its_error_and_its_info():
    port = status_reported(PORT, report(PortStatus.FAULTED, after(1), "GroundFailure", "RCD"), after(2))
    assert (port.reported_status, port.error_code, port.info) == (PortStatus.FAULTED, "GroundFailure", "RCD")
    assert (port.reported_at, port.status_changed_at) == (after(1), after(2))
    port = status_reported(port, report(PortStatus.AVAILABLE, after(3)), after(4))
    assert (port.reported_status, port.error_code, port.info) == (PortStatus.AVAILABLE, None, None)


@pytest.mark.parametrize(
    ("status", "error_code", "changed_at"),
    [
        (PortStatus.AVAILABLE, None, NOON),
        (PortStatus.PREPARING, None, after(9)),
        (PortStatus.AVAILABLE, "HighTemperature", after(9)),
    ],
)
def test_a_port_knows_since_when_it_is_so(status: PortStatus, error_code: str | None, changed_at: datetime):
    port = status_reported(PORT, report(status, after(8), error_code), after(9))
    assert (port.status_changed_at, port.reported_at) == (changed_at, after(8))


@pytest.mark.parametrize(
    ("status", "info", "is_gone"),
    [
        (PortStatus.SUSPENDED_EV, "EV side disconnected", True),
        (PortStatus.SUSPENDED_EV, "ev SIDE disconnected (unplugged)", True),
        (PortStatus.SUSPENDED_EV, "battery full", False),
        (PortStatus.SUSPENDED_EV, None, False),
        (PortStatus.SUSPENDED_EVSE, "EV side disconnected", False),
        (PortStatus.CHARGING, "EV side disconnected", False),
    ],
)
def test_t4_suspended_ev_with_its_words_means_unplugged(status: PortStatus, info: str | None, is_gone: bool):
    assert ev_side_disconnected(report(status, NOON, info=info)) is is_gone


# ------------------------------------------------------------------------------------------------------------- names


def test_a_port_is_called_by_its_sticker():
    assert PORT.name == "AX48-0001-2"
    assert renamed(PORT, "Port 7").name == "Port 7"


@pytest.mark.parametrize(
    ("name", "custom_name"),
    [
        ("Port 7", "Port 7"),
        ("  Port 7\n", "Port 7"),
        ("Süd 3 ⚡", "Süd 3 ⚡"),
        ("x" * 60, "x" * 60),
        (" " + "x" * 60 + " ", "x" * 60),
        ("", None),
        ("   ", None),
        (None, None),
    ],
)
def test_a_port_takes_a_name_trimmed_and_nothing_takes_it_away(name: str | None, custom_name: str | None):
    assert renamed(replace(PORT, custom_name="Before"), name).custom_name == custom_name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x" * 61, "A port's name has at most 60 characters."),
        ("Port\n7", "A port's name cannot hold control characters."),
        ("Port\x007", "A port's name cannot hold control characters."),
        ("\x00", "A port's name cannot hold control characters."),
        ("Port \ud800", "A port's name cannot hold control characters."),
    ],
)
def test_a_name_that_no_sticker_could_hold_is_refused(name: str, message: str):
    with pytest.raises(Refusal) as refused:
        renamed(PORT, name)
    assert (refused.value.code, refused.value.message) == (ErrorCode.INVALID, message)
    assert refused.value.field == ("input", "name")
