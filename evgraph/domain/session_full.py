"""M6: when a vehicle takes no more: by its charger's word, or by power that all but stopped flowing."""

from dataclasses import replace
from datetime import datetime, timedelta

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.energy import SMALLEST_CHARGED_WH, Reading
from evgraph.domain.supply import Supply

FULL_AFTER = timedelta(minutes=10)


def power_seen(
    session: ChargingSession, before: ChargingSession, reading: Reading, supply: Supply | None
) -> ChargingSession:
    """M6: what a reading that was taken says of power: under 2 % of the port's for ten minutes is "full", since it
    fell, once 0.01 kWh has been delivered. Power that returns ends that; where it never fell, SuspendedEV stands.
    `before`: the session before the reading, to derive power from its register where the charger reports none."""
    if supply is None:
        return session
    if reading.power_w is not None:
        is_low, since = supply.is_low(reading.power_w), reading.at
    elif session.register_at == reading.at and before.register_at is not None:
        counted_wh = session.base_register_wh - before.base_register_wh
        since = before.register_at
        is_low = counted_wh >= 0 and supply.was_low(counted_wh, reading.at - since)
    elif _stands_still(session, reading) and session.register_at is not None:
        # Within its step it may have counted on: low only once a whole step would have shown.
        since = session.register_at
        is_low = supply.was_low((session.register_step_wh or 1) + 1, reading.at - since)
        if not is_low:
            return session
    else:
        return session
    if is_low and session.energy_wh < SMALLEST_CHARGED_WH:
        return session
    if is_low:
        session = replace(session, low_power_since=session.low_power_since or since)
        return replace(session, full_since=session.full_since or full_since_low(session, reading.at))
    if session.low_power_since is None:
        return session
    return replace(session, low_power_since=None, full_since=None)


def limited_until(session: ChargingSession, limited_at: datetime | None) -> ChargingSession:
    """M6: low power does not count while our own charging profile asks for it. `limited_at`: the latest instant at
    which it did, None if never; the ten minutes begin after it, and a session that was full by its power is not."""
    if limited_at is None or session.low_power_since is None or limited_at < session.low_power_since:
        return session
    is_by_power = session.full_since == session.low_power_since
    return replace(session, low_power_since=limited_at, full_since=None if is_by_power else session.full_since)


def _stands_still(session: ChargingSession, reading: Reading) -> bool:
    """Whether its meter, of a coarse step, shows the same step as before."""
    step = session.register_step_wh
    return (
        step is not None
        and step > 1
        and reading.register_wh is not None
        and reading.source == session.register_source
        and session.base_register_wh - step <= reading.register_wh <= session.base_register_wh
    )


def low_for_long(session: ChargingSession, lasted: timedelta) -> ChargingSession:
    """M6: low power was the last word of its meter, which some chargers read no more once a vehicle is full. `lasted`:
    for how long the power has been low. Only a running session is moved."""
    if session.status is not SessionStatus.CHARGING or session.low_power_since is None or lasted < FULL_AFTER:
        return session
    return replace(session, full_since=session.full_since or session.low_power_since)


def full_since_low(session: ChargingSession, at: datetime) -> datetime | None:
    """Since when the power has been low, if for ten minutes by then."""
    low_since = session.low_power_since
    return low_since if low_since is not None and at - low_since >= FULL_AFTER else None
