"""What a look at a charge point finds, and what it advises."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.charge_point import Acceptance, ChargePoint
from evgraph.domain.checkup import Facts, Finding, RefusedAttempt, Stamped, Verdict, findings, worst
from evgraph.domain.configuration import ConfigurationSetting, house_wishes
from evgraph.domain.port import PortStatus

NOW = datetime(2026, 11, 22, 8, 48, tzinfo=UTC)
WISHES = house_wishes(heartbeat_interval=300)
CHARGE_POINT = ChargePoint(
    id=1,
    garage_id=1,
    identity="AX48-1",
    acceptance=Acceptance.ACCEPTED,
    vendor="Phihong",
    model="AX48",
    serial_number=None,
    firmware_version="1.2",
    is_online=True,
    last_seen_at=NOW,
    last_boot_at=NOW,
)


def settings(**changed: str | None) -> tuple[ConfigurationSetting, ...]:
    """As wished, but for what is given; null for a key that it does not have."""
    return tuple(
        ConfigurationSetting(
            key=wish.key,
            value=changed.get(wish.key, wish.value),
            is_readonly=False,
            is_known=changed.get(wish.key, "") is not None,
            read_at=NOW,
            answer=None,
            asked_at=None,
            wish=wish,
            is_operators=False,
        )
        for wish in WISHES.values()
    )


WELL = Facts(
    charge_point=CHARGE_POINT,
    has_rate=True,
    has_key=True,
    has_new_key=False,
    connected_since=NOW,
    security_profile=1,
    refused=(),
    stamps=(Stamped(action="MeterValues", stamp=NOW, received_at=NOW + timedelta(seconds=1)),),
    settings=settings(),
    not_told=None,
    trigger="Accepted",
    measurands=frozenset({"Energy.Active.Import.Register"}),
    waited_s=10,
)


def of(facts: Facts, topic: str) -> Finding:
    (found,) = [finding for finding in findings(facts) if finding.topic == topic and finding.verdict != Verdict.OK]
    return found


def test_one_that_is_well() -> None:
    found = findings(WELL)
    assert {finding.verdict for finding in found} == {Verdict.OK}
    assert worst(found) is Verdict.OK
    assert all(finding.text.endswith(".") for finding in found)
    assert {finding.topic for finding in found} == {
        "registered",
        "accepted",
        "online",
        "security",
        "clock",
        "configuration",
        "metering",
        "reading",
        "unplugging",
        "remote trigger",
        "firmware",
        "rate",
    }


def _stamped(behind: timedelta, *, readable: bool = True) -> tuple[Stamped, ...]:
    stamp = NOW - behind if readable else None
    return (Stamped(action="StatusNotification", stamp=stamp, received_at=NOW),)


@pytest.mark.parametrize(
    ("facts", "topic", "verdict", "words"),
    [
        (
            replace(WELL, charge_point=replace(CHARGE_POINT, acceptance=Acceptance.PENDING)),
            "accepted",
            "FAIL",
            "Pending",
        ),
        (
            replace(
                WELL,
                charge_point=replace(
                    CHARGE_POINT,
                    reported_status=PortStatus.FAULTED,
                    error_code="GroundFailure",
                    info="relay 2",
                    vendor_error_code="E17",
                    status_received_at=NOW,
                    closes_ports=True,
                ),
            ),
            "status",
            "FAIL",
            "itself Faulted (GroundFailure, E17, relay 2) since 2026-11-22 08:48:00 UTC: all its ports are closed.",
        ),
        (
            replace(
                WELL,
                charge_point=replace(
                    CHARGE_POINT, is_online=False, reported_status=PortStatus.UNAVAILABLE, closes_ports=True
                ),
            ),
            "status",
            "FAIL",
            "It reports itself Unavailable: all its ports are closed.",
        ),
        (
            replace(WELL, charge_point=replace(CHARGE_POINT, reported_status=PortStatus.FAULTED, error_code="NoError")),
            "status",
            "WARN",
            "It reports itself Faulted; a connector of its has reported to serve since.",
        ),
        (replace(WELL, has_key=False, security_profile=0), "security", "WARN", "without a key"),
        (replace(WELL, has_new_key=True), "key", "WARN", "old one is still good"),
        (replace(WELL, stamps=()), "clock", "WARN", "nothing with its time"),
        (replace(WELL, stamps=_stamped(timedelta(seconds=90))), "clock", "WARN", "90 s behind"),
        (replace(WELL, stamps=_stamped(timedelta(hours=-3))), "clock", "FAIL", "10800 s ahead"),
        (replace(WELL, stamps=_stamped(timedelta(0), readable=False)), "clock", "FAIL", "cannot be read"),
        (replace(WELL, not_told="NotSupported"), "configuration", "FAIL", "NotSupported"),
        (replace(WELL, settings=settings(HeartbeatInterval="9")), "configuration", "WARN", "'9' and should be '300'"),
        (
            replace(WELL, settings=settings(MeterValuesSampledData="Energy.Active.Import.Register")),
            "metering",
            "WARN",
            "no power",
        ),
        (replace(WELL, trigger="NotImplemented", measurands=None), "remote trigger", "WARN", "NotImplemented"),
        (replace(WELL, trigger=None, measurands=None), "remote trigger", "WARN", "no answer"),
        (replace(WELL, measurands=None), "reading", "WARN", "within 10 s"),
        (replace(WELL, measurands=frozenset({"Voltage"})), "reading", "FAIL", "(Voltage)"),
        (replace(WELL, measurands=frozenset()), "reading", "FAIL", "nothing that can be read"),
        (
            replace(WELL, settings=settings(StopTransactionOnEVSideDisconnect=None)),
            "unplugging",
            "WARN",
            "does not say",
        ),
        (replace(WELL, has_rate=False), "rate", "WARN", "charging is free"),
        (
            replace(WELL, charge_point=replace(CHARGE_POINT, last_boot_at=None)),
            "firmware",
            "WARN",
            "no BootNotification",
        ),
    ],
)
def test_what_is_not_well(facts: Facts, topic: str, verdict: str, words: str) -> None:
    found = of(facts, topic)
    assert (found.verdict, words in found.text) == (verdict, True), found
    assert worst(findings(facts)) == verdict


@pytest.mark.parametrize(
    ("changed", "topics"),
    [
        ({"MeterValueSampleInterval": "0"}, {"configuration", "metering"}),
        ({"MeterValueSampleInterval": "900"}, {"configuration", "metering"}),
        ({"MeterValuesSampledData": "Voltage"}, {"configuration", "metering"}),
        ({"StopTransactionOnEVSideDisconnect": "false"}, {"configuration", "unplugging"}),
        ({"WebSocketPingInterval": None}, set()),
    ],
)
def test_what_a_setting_costs(changed: dict[str, str | None], topics: set[str]) -> None:
    found = findings(replace(WELL, settings=settings(**changed)))
    assert {finding.topic for finding in found if finding.verdict is not Verdict.OK} == topics


def test_a_message_that_was_queued_offline_says_nothing_against_the_clock() -> None:
    queued = Stamped(action="StopTransaction", stamp=NOW - timedelta(hours=5), received_at=NOW)
    found = findings(replace(WELL, stamps=(queued, *WELL.stamps)))
    assert worst(found) is Verdict.OK


@pytest.mark.parametrize(
    ("answer", "is_readonly", "advice"),
    [
        ("Rejected", False, "It does not let us"),
        ("NotSupported", False, "It does not let us"),
        (None, True, "It does not let us"),
        ("RebootRequired", False, "Restart it"),
        ("Accepted", False, "Set it"),
    ],
)
def test_what_to_do_about_a_key_that_drifts(answer: str | None, is_readonly: bool, advice: str) -> None:
    (drifting, *_) = settings(MeterValueSampleInterval="30")
    asked = replace(drifting, answer=answer, asked_at=NOW if answer else None, is_readonly=is_readonly)
    found = of(replace(WELL, settings=(asked,)), "configuration")
    assert found.advice is not None
    assert found.advice.startswith(advice)
    assert answer is None or answer in found.text


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("bad credentials: none that can be read", "It shows no Basic credentials"),
        ("bad credentials: another user name", "Its user name must be its identity, in the same case; where"),
        ("bad credentials: wrong key", "Its user name must be its identity"),
        ("unknown identity", "Compare the last part of its URL"),
        ("not encrypted (needs wss)", "It shows less than its security profile"),
        ("only other subprotocols offered", "It speaks another version of OCPP"),
    ],
)
def test_an_offline_one_is_told_of_with_the_attempts_since(reason: str, advice: str) -> None:
    offline = replace(CHARGE_POINT, is_online=False)
    before = RefusedAttempt(at=NOW - timedelta(days=1), remote="10.0.0.7", reason=reason)
    after = RefusedAttempt(at=NOW + timedelta(minutes=1), remote="10.0.0.9", reason=reason)
    alone = of(replace(WELL, charge_point=offline, refused=(before,)), "online")
    assert alone.verdict is Verdict.FAIL
    assert "turned away since" in alone.text
    refused = of(replace(WELL, charge_point=offline, refused=(after, before)), "online")
    assert "10.0.0.9" in refused.text
    assert refused.advice is not None
    assert refused.advice.startswith(advice)
    topics = {finding.topic for finding in findings(replace(WELL, charge_point=offline))}
    assert not topics & {"configuration", "metering", "reading", "remote trigger"}
