"""Is this charge point well? Findings that a technician understands, out of what is known and was just asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evgraph.domain.charge_point import Acceptance, ChargePoint
from evgraph.domain.configuration import (
    SAMPLE_INTERVAL,
    SAMPLED_DATA,
    STOP_ON_UNPLUG,
    ConfigurationSetting,
    means_the_same,
)
from evgraph.domain.energy import POWER, REGISTER
from evgraph.domain.port import INOPERATIVE, PortStatus

_CLOCK_IS_FINE = timedelta(seconds=30)
_CLOCK_IS_BEARABLE = timedelta(minutes=5)
_LONGEST_SAMPLE_INTERVAL_S = 60


class Verdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`text` and `advice` are sentences; no advice where there is nothing to do."""

    topic: str
    verdict: Verdict
    text: str
    advice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedAttempt:
    """A handshake that was turned away."""

    at: datetime
    remote: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A message of its, by its own clock (null where that could not be read) and by ours."""

    action: str
    stamp: datetime | None
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`asked`: why it could not be asked, null when it could. `trigger`: what TriggerMessage MeterValues was answered,
    null when that was no status. `measurands`: what the reading held that then came, null for none within
    `waited_s`. `security_profile`: the one that its connection is in. `has_rate`: its garage has one."""

    charge_point: ChargePoint
    has_rate: bool
    has_key: bool
    has_new_key: bool
    connected_since: datetime | None
    security_profile: int | None
    refused: tuple[RefusedAttempt, ...]
    stamps: tuple[Stamped, ...]
    settings: tuple[ConfigurationSetting, ...]
    not_told: str | None
    trigger: str | None
    measurands: frozenset[str] | None
    waited_s: float


def findings(facts: Facts) -> tuple[Finding, ...]:
    """In the order in which one looks; what cannot be seen while it is offline is left out."""
    found = [
        _registered(facts),
        _accepted(facts),
        _online(facts),
        *_own_status(facts),
        *_security(facts),
        *_clock(facts),
    ]
    if facts.charge_point.is_online and facts.charge_point.acceptance is Acceptance.ACCEPTED:
        found += [*_configuration(facts), *_metering(facts), _unplugging(facts), _trigger(facts)]
    return (*found, _firmware(facts), _rate(facts))


def worst(found: tuple[Finding, ...]) -> Verdict:
    verdicts = {finding.verdict for finding in found}
    return next((one for one in (Verdict.FAIL, Verdict.WARN) if one in verdicts), Verdict.OK)


def _registered(facts: Facts) -> Finding:
    return Finding(topic="registered", verdict=Verdict.OK, text=f"{facts.charge_point.identity} is registered.")


def _accepted(facts: Facts) -> Finding:
    acceptance = facts.charge_point.acceptance
    if acceptance is Acceptance.ACCEPTED:
        return Finding(topic="accepted", verdict=Verdict.OK, text="It is accepted.")
    return Finding(
        topic="accepted",
        verdict=Verdict.FAIL,
        text=f"It is held off: its boots are answered {acceptance.value}.",
        advice="Accept it: setChargePointAcceptance, or `evgraph charge-point accept`.",
    )


def _online(facts: Facts) -> Finding:
    charge_point = facts.charge_point
    if charge_point.is_online:
        since = f" since {_time(facts.connected_since)}" if facts.connected_since else ""
        return Finding(topic="online", verdict=Verdict.OK, text=f"It is connected{since}.")
    seen = f", last seen {_time(charge_point.last_seen_at)}" if charge_point.last_seen_at else ", and never was"
    refused = [attempt for attempt in facts.refused if not _is_old(attempt, charge_point)]
    if not refused:
        return Finding(
            topic="online",
            verdict=Verdict.FAIL,
            text=f"It is not connected{seen}. No attempt of its was turned away since.",
            advice="It does not reach this server: check its power, its network, and the URL that is set in it.",
        )
    newest = refused[0]
    return Finding(
        topic="online",
        verdict=Verdict.FAIL,
        text=f"It is not connected{seen}. It was turned away {len(refused)} times, at last {_time(newest.at)} from"
        f" {newest.remote}: {newest.reason}.",
        advice=_what_to_do(newest.reason),
    )


def _own_status(facts: Facts) -> Iterator[Finding]:
    """B4: connector 0 is the charge point itself."""
    charge_point = facts.charge_point
    if charge_point.reported_status not in INOPERATIVE:
        return
    told = ", ".join(
        filter(
            None,
            (
                None if charge_point.error_code in (None, "", "NoError") else charge_point.error_code,
                charge_point.vendor_error_code,
                charge_point.info,
            ),
        )
    )
    text = f"It reports itself {charge_point.reported_status}" + (f" ({told})" if told else "")
    text += f" since {_time(charge_point.status_received_at)}" if charge_point.status_received_at else ""
    if not charge_point.closes_ports:
        yield Finding(
            topic="status",
            verdict=Verdict.WARN,
            text=f"{text}; a connector of its has reported to serve since.",
            advice="Watch whether it charges; it should report connector 0 as Available.",
        )
        return
    is_faulted = charge_point.reported_status is PortStatus.FAULTED
    yield Finding(
        topic="status",
        verdict=Verdict.FAIL,
        text=f"{text}: all its ports are closed.",
        advice="Put the fault right, or restart it (resetChargePoint)."
        if is_faulted
        else "Make it operative (setAvailability of the whole charge point), or switch it on in its own pages.",
    )


def _is_old(attempt: RefusedAttempt, charge_point: ChargePoint) -> bool:
    return charge_point.last_seen_at is not None and attempt.at < charge_point.last_seen_at


def _what_to_do(reason: str) -> str:
    if "none that can be read" in reason:
        return (
            "It shows no Basic credentials: set its key (AuthorizationKey, or password); its user name is its identity."
        )
    if "another user name" in reason:
        return (
            "Its user name must be its identity, in the same case; where it has no such setting, update its firmware."
        )
    if "credentials" in reason:
        return (
            "Its user name must be its identity, in the same case, and its password the key: set it anew, or rotate"
            " the key by hand."
        )
    if "unknown" in reason and "identity" in reason:
        return "Compare the last part of its URL with the identity, letter by letter."
    if "subprotocols" in reason:
        return "It speaks another version of OCPP: set it to 1.6 JSON."
    if "wrong path" in reason or "no identity" in reason:
        return "Its URL must end with /ocpp/ and its identity; some chargers add the identity themselves."
    if "no WebSocket upgrade" in reason:
        return "Set it to OCPP 1.6 JSON, not SOAP; a proxy in between must hand on the headers Connection and Upgrade."
    if "bad header" in reason or "cannot be read" in reason:
        return "A proxy in between changes its WebSocket handshake, or its firmware is at fault."
    return "It shows less than its security profile asks for: set it up for that, or lower the profile."


def _security(facts: Facts) -> Iterator[Finding]:
    if not facts.has_key and (facts.security_profile or 0) < 3:
        yield Finding(
            topic="security",
            verdict=Verdict.WARN,
            text="It connects without a key: whoever knows its identity can pass for it.",
            advice="Give it one: rotateChargePointKey.",
        )
    elif facts.security_profile is not None:
        yield Finding(
            topic="security",
            verdict=Verdict.OK,
            text=f"It is connected in security profile {facts.security_profile}; at least"
            f" {facts.charge_point.security_profile} is asked for.",
        )
    if facts.has_new_key:
        yield Finding(
            topic="key",
            verdict=Verdict.WARN,
            text="It was given a new key and has not signed in with it yet: the old one is still good.",
            advice="Restart it (resetChargePoint); if it comes back with the old key, rotate again.",
        )


def _clock(facts: Facts) -> Iterator[Finding]:
    if not facts.stamps:
        if facts.charge_point.is_online:
            yield Finding(
                topic="clock", verdict=Verdict.WARN, text="It has sent nothing with its time in the last day."
            )
        return
    newest = max(facts.stamps, key=lambda stamped: stamped.received_at)
    if newest.stamp is None:
        yield Finding(
            topic="clock",
            verdict=Verdict.FAIL,
            text=f"The time in its {newest.action} cannot be read; the time of receipt stands in.",
            advice="Update its firmware.",
        )
        return
    # What was queued offline is old and right: the message that came quickest tells the clock.
    behind = min((abs(one.received_at - one.stamp), one) for one in facts.stamps if one.stamp)[0]
    ahead = newest.stamp > newest.received_at
    words = f"{round(behind.total_seconds())} s {'ahead of' if ahead else 'behind'} ours"
    if behind <= _CLOCK_IS_FINE:
        yield Finding(topic="clock", verdict=Verdict.OK, text=f"Its clock is right: {words}.")
        return
    yield Finding(
        topic="clock",
        verdict=Verdict.WARN if behind <= _CLOCK_IS_BEARABLE else Verdict.FAIL,
        text=f"Its clock is wrong: {words}.",
        advice="It takes its time from the answers to its boot and its heartbeats: set HeartbeatInterval, restart it,"
        " and switch off a time server that is set in it.",
    )


def _configuration(facts: Facts) -> Iterator[Finding]:
    if facts.not_told is not None:
        yield Finding(
            topic="configuration",
            verdict=Verdict.FAIL,
            text=f"It does not tell its configuration: {facts.not_told}.",
            advice="Look at its keys in its own pages.",
        )
        return
    drifting = [setting for setting in facts.settings if setting.is_drifting]
    for setting in drifting:
        assert setting.wish is not None
        yield Finding(
            topic="configuration",
            verdict=Verdict.WARN,
            text=f"{setting.key} is {setting.value!r} and should be {setting.wish.value!r}{_answered(setting)}.",
            advice=_how_to_set(setting),
        )
    absent = [setting.key for setting in facts.settings if setting.wish is not None and not setting.is_known]
    if absent:
        yield Finding(topic="configuration", verdict=Verdict.OK, text=f"It has no {', '.join(absent)}, and need not.")
    if not drifting:
        yield Finding(topic="configuration", verdict=Verdict.OK, text="Its configuration is as wished.")


def _answered(setting: ConfigurationSetting) -> str:
    if setting.asked_at is None:
        return ""
    return f" (asked to change it, it answered {setting.answer})" if setting.answer else " (it did not answer)"


def _how_to_set(setting: ConfigurationSetting) -> str:
    if setting.is_readonly or setting.answer in ("Rejected", "NotSupported", "Error"):
        return "It does not let us: set it in its own pages, or wish what it has (setConfiguration)."
    if setting.answer == "RebootRequired":
        return "Restart it: resetChargePoint."
    return "Set it: setConfiguration, or let it boot."


def _metering(facts: Facts) -> Iterator[Finding]:
    held = {setting.key.casefold(): setting.value for setting in facts.settings}
    interval, sampled = held.get(SAMPLE_INTERVAL.casefold()), held.get(SAMPLED_DATA.casefold())
    if interval is not None and interval.strip().isdigit():
        seconds = int(interval)
        if seconds == 0:
            yield Finding(
                topic="metering",
                verdict=Verdict.FAIL,
                text="It sends no readings while a vehicle charges.",
                advice=f"Set {SAMPLE_INTERVAL} to 15.",
            )
        elif seconds > _LONGEST_SAMPLE_INTERVAL_S:
            yield Finding(
                topic="metering",
                verdict=Verdict.WARN,
                text=f"It sends a reading each {seconds} s only: the board lags, and so much is lost when it breaks.",
                advice=f"Set {SAMPLE_INTERVAL} to 15.",
            )
        else:
            yield Finding(topic="metering", verdict=Verdict.OK, text=f"It sends a reading each {seconds} s.")
    if sampled is not None:
        names = {name.strip().casefold() for name in sampled.split(",")}
        if REGISTER.casefold() not in names:
            yield Finding(
                topic="metering",
                verdict=Verdict.FAIL,
                text=f"Its readings hold no {REGISTER}: what is billed is known at the end only.",
                advice=f"Set {SAMPLED_DATA} to {REGISTER}.",
            )
        elif POWER.casefold() not in names:
            yield Finding(
                topic="metering",
                verdict=Verdict.WARN,
                text="Its readings hold no power: that a vehicle is full shows by its status alone.",
                advice=f"Add {POWER} to {SAMPLED_DATA}, if it takes it.",
            )
        else:
            yield Finding(topic="metering", verdict=Verdict.OK, text="Its readings hold the register and the power.")
    yield from _reading(facts)


def _reading(facts: Facts) -> Iterator[Finding]:
    if facts.trigger != "Accepted":
        return
    if facts.measurands is None:
        yield Finding(
            topic="reading",
            verdict=Verdict.WARN,
            text=f"It promised a reading, and none came within {facts.waited_s:g} s.",
            advice="Some send one while a vehicle charges only: check again then.",
        )
    elif REGISTER in facts.measurands:
        yield Finding(topic="reading", verdict=Verdict.OK, text="Asked for a reading, it sent one with the register.")
    else:
        held = ", ".join(sorted(facts.measurands)) or "nothing that can be read"
        yield Finding(
            topic="reading",
            verdict=Verdict.FAIL,
            text=f"Asked for a reading, it sent one without the register ({held}).",
            advice=f"Set {SAMPLED_DATA} to {REGISTER}.",
        )


def _unplugging(facts: Facts) -> Finding:
    held = {setting.key.casefold(): setting.value for setting in facts.settings}.get(STOP_ON_UNPLUG.casefold())
    if held is not None and means_the_same(STOP_ON_UNPLUG, held, "true"):
        return Finding(topic="unplugging", verdict=Verdict.OK, text="Unplugging ends a session.")
    told = (
        "does not say whether unplugging ends a session" if held is None else "goes on with a session after unplugging"
    )
    return Finding(
        topic="unplugging",
        verdict=Verdict.WARN,
        text=f"It {told}.",
        advice="We stop the session ourselves when it reports the cable gone; watch that it obeys.",
    )


def _trigger(facts: Facts) -> Finding:
    if facts.trigger in ("Accepted", "Rejected"):
        return Finding(topic="remote trigger", verdict=Verdict.OK, text="It answers TriggerMessage.")
    told = f"answered {facts.trigger}" if facts.trigger else "gave no answer that can be used"
    return Finding(
        topic="remote trigger",
        verdict=Verdict.WARN,
        text=f"Asked by TriggerMessage for a reading, it {told}.",
        advice="After a reconnect its ports show what was known before, until it speaks by itself.",
    )


def _firmware(facts: Facts) -> Finding:
    charge_point = facts.charge_point
    if charge_point.last_boot_at is None:
        return Finding(
            topic="firmware",
            verdict=Verdict.WARN,
            text="It never told what it is: no BootNotification came yet.",
            advice="Restart it (resetChargePoint).",
        )
    booted = _time(charge_point.last_boot_at)
    what = " ".join(filter(None, (charge_point.vendor, charge_point.model))) or "It"
    return Finding(
        topic="firmware",
        verdict=Verdict.OK,
        text=f"{what}, firmware {charge_point.firmware_version or 'unnamed'}, booted {booted}.",
    )


def _rate(facts: Facts) -> Finding:
    """T10: without a rate nothing is billed."""
    if facts.has_rate:
        return Finding(topic="rate", verdict=Verdict.OK, text="Its garage has a rate.")
    return Finding(
        topic="rate",
        verdict=Verdict.WARN,
        text="Its garage has no rate: charging is free, and sessions that begin now will never be billed.",
        advice="Set the rate: sign in as an operator and open EV Rates, or call setRate.",
    )


def _time(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC") if at else "never"
