"""B3: what is wished of a charge point's configuration, and what counts as drift from it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.configuration import (
    SAMPLED_DATA,
    ConfigurationSetting,
    effective_start_window,
    house_wishes,
    is_secret,
    is_to_change,
    means_the_same,
    operators_wish,
)

NOW = datetime(2026, 11, 22, 8, 48, tzinfo=UTC)
WISHES = house_wishes(heartbeat_interval=300)


def setting(key: str, value: str | None, **more: object) -> ConfigurationSetting:
    made = ConfigurationSetting(
        key=key,
        value=value,
        is_readonly=False,
        is_known=True,
        read_at=NOW,
        answer=None,
        asked_at=None,
        wish=WISHES.get(key.casefold()),
        is_operators=False,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_b3_the_wishes_of_the_house() -> None:
    assert {wish.key: (wish.value, *wish.fallbacks) for wish in WISHES.values()} == {
        "MeterValueSampleInterval": ("15",),
        "MeterValuesSampledData": (
            "Energy.Active.Import.Register,Power.Active.Import",
            "Energy.Active.Import.Register",
        ),
        "StopTransactionOnEVSideDisconnect": ("true",),
        "HeartbeatInterval": ("300",),
        "WebSocketPingInterval": ("30",),
        "ConnectionTimeOut": ("180",),
        "StopTxnSampledData": ("", "Energy.Active.Import.Register"),
        "StopTxnAlignedData": ("", "Energy.Active.Import.Register"),
    }
    assert all(wish.why.endswith(".") for wish in WISHES.values())


@pytest.mark.parametrize(
    ("key", "held", "wished", "is_same"),
    [
        ("StopTransactionOnEVSideDisconnect", "True", "true", True),
        ("StopTransactionOnEVSideDisconnect", " TRUE ", "true", True),
        ("StopTransactionOnEVSideDisconnect", "false", "true", False),
        ("StopTransactionOnEVSideDisconnect", "1", "true", True),
        ("StopTransactionOnEVSideDisconnect", "0", "true", False),
        ("StopTransactionOnEVSideDisconnect", "0", "False", True),
        ("StopTransactionOnEVSideDisconnect", " TRUE", "1", True),
        ("StopTransactionOnEVSideDisconnect", "true", "0", False),
        ("StopTransactionOnEVSideDisconnect", "yes", "true", False),
        ("StopTransactionOnEVSideDisconnect", "", "false", False),
        ("StopTransactionOnEVSideDisconnect", "01", "true", False),
        ("MeterValueSampleInterval", "015", "15", True),
        ("MeterValueSampleInterval", "15 ", "15", True),
        ("MeterValueSampleInterval", "150", "15", False),
        ("MeterValueSampleInterval", "", "15", False),
        (
            "MeterValuesSampledData",
            "Power.Active.Import, Energy.Active.Import.Register",
            WISHES[SAMPLED_DATA.casefold()].value,
            True,
        ),
        ("metervaluessampleddata", "A,,B", "B,A,", True),
        ("MeterValuesSampledData", "Energy.Active.Import.Register", WISHES[SAMPLED_DATA.casefold()].value, False),
        ("VendorNote", "b,a", "a,b", False),
        ("VendorNote", "Hello", "hello", False),
        ("VendorNote", "-5", "5", False),
    ],
)
def test_b3_what_means_the_same(key: str, held: str, wished: str, is_same: bool) -> None:
    assert means_the_same(key, held, wished) is is_same


@pytest.mark.parametrize(
    ("held", "drifts"),
    [
        (setting("MeterValueSampleInterval", "15"), False),
        (setting("MeterValueSampleInterval", "60"), True),
        (setting("metervaluesampleinterval", "60"), True),
        (setting("MeterValuesSampledData", "Energy.Active.Import.Register"), False),
        (setting("MeterValuesSampledData", "Voltage"), True),
        (setting("MeterValueSampleInterval", "60", read_at=None), False),
        (setting("MeterValueSampleInterval", None, is_known=False), False),
        (setting("MeterValueSampleInterval", None), False),
        (setting("MeterValueSampleInterval", "60", is_readonly=True), True),
        (setting("ResetRetries", "60"), False),
        (setting("ResetRetries", "60", wish=operators_wish("ResetRetries", "90")), True),
    ],
)
def test_b3_what_drifts(held: ConfigurationSetting, drifts: bool) -> None:
    assert held.is_drifting is drifts


@pytest.mark.parametrize(
    ("held", "is_asked"),
    [
        (setting("MeterValueSampleInterval", "60"), True),
        (setting("MeterValueSampleInterval", None), True),
        (setting("MeterValueSampleInterval", "15"), False),
        (setting("MeterValueSampleInterval", "60", is_readonly=True), False),
        (setting("MeterValueSampleInterval", None, is_known=False), False),
        (setting("ResetRetries", "60"), False),
        (setting("StopTxnSampledData", None), False),
        (setting("StopTxnSampledData", None, read_at=None), True),
        (setting("StopTxnSampledData", " , "), False),
        (setting("StopTxnAlignedData", "Voltage"), True),
        # The register alone would serve, and the list was not tried yet.
        (setting("MeterValuesSampledData", "Energy.Active.Import.Register"), True),
    ],
)
def test_b3_what_is_asked_for(held: ConfigurationSetting, is_asked: bool) -> None:
    assert is_to_change(held, NOW) is is_asked


@pytest.mark.parametrize(("seconds", "wished"), [(180, "180"), (30, "30"), (0.2, "1"), (1.5, "2"), (86_400, "86400")])
def test_b3_the_connection_time_out_is_the_start_window(seconds: float, wished: str) -> None:
    wishes = house_wishes(heartbeat_interval=300, start_window=timedelta(seconds=seconds))
    assert wishes["connectiontimeout"].value == wished


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("180", 180),
        (" 0180 ", 180),
        ("30", 30),
        ("600", 600),
        ("3", 10),
        ("90000", 86_400),
        ("9" * 19, 86_400),
        ("9" * 40, 180),
        ("0", 180),
        ("-1", 180),
        ("", 180),
        ("soon", 180),
        ("12.5", 180),
        (None, 180),
    ],
)
def test_s5_the_start_window_is_the_chargers_connection_time_out(value: str | None, seconds: int) -> None:
    assert effective_start_window(value, timedelta(seconds=180)) == timedelta(seconds=seconds)


def test_s5_a_time_out_that_says_the_same_leaves_our_window_as_it_is() -> None:
    assert effective_start_window("2", timedelta(seconds=1.5)) == timedelta(seconds=1.5)


@pytest.mark.parametrize(
    ("answer", "after", "is_asked"),
    [
        ("Rejected", timedelta(hours=23), False),
        ("Rejected", timedelta(hours=24), True),
        ("NotSupported", timedelta(hours=1), False),
        (None, timedelta(hours=1), False),
        ("Accepted", timedelta(minutes=9), False),
        ("Accepted", timedelta(minutes=10), True),
        ("RebootRequired", timedelta(minutes=9), False),
        ("RebootRequired", timedelta(minutes=10), True),
    ],
)
def test_b3_one_that_restarts_at_each_change_comes_to_rest(
    answer: str | None, after: timedelta, is_asked: bool
) -> None:
    held = setting("MeterValueSampleInterval", "60", answer=answer, asked_at=NOW)
    assert is_to_change(held, NOW + after) is is_asked


def test_b3_a_list_that_was_refused_is_not_tried_at_each_boot() -> None:
    held = setting("MeterValuesSampledData", "Energy.Active.Import.Register", answer="Accepted", asked_at=NOW)
    assert not is_to_change(held, NOW + timedelta(hours=23))
    assert is_to_change(held, NOW + timedelta(hours=24))


@pytest.mark.parametrize("key", ["AuthorizationKey", "authorizationkey", " AuthorizationKey "])
def test_the_key_it_signs_in_with_is_a_secret(key: str) -> None:
    assert is_secret(key)
    assert not is_secret("AuthorizeRemoteTxRequests")
