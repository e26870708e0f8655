"""T4: a vehicle left while its charger keeps the transaction open; what flows then is another vehicle's."""

from dataclasses import replace
from datetime import datetime

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import SMALLEST_CHARGED_WH, WattHours


def vehicle_left(session: ChargingSession, at: datetime) -> ChargingSession:
    """The port says "EV side disconnected": the charger of a running session is asked to stop until it does. The
    earliest such status counts, whichever came first (X2)."""
    if session.ev_gone_at is not None and session.ev_gone_at <= at:
        return session
    must_stop = session.must_stop or session.status is SessionStatus.CHARGING
    seen_at = session.charging_seen_at
    again_at = session.charging_again_at or (seen_at if seen_at is not None and seen_at > at else None)
    return replace(session, ev_gone_at=at, charging_again_at=again_at, must_stop=must_stop)


def charging_again(session: ChargingSession, at: datetime) -> ChargingSession:
    """The port says Charging after its vehicle left: from the last register before that it is another vehicle's energy.
    The earliest such status counts, whichever came first (X2)."""
    if session.ev_gone_at is None or at <= session.ev_gone_at:
        return session
    if session.charging_again_at is not None and session.charging_again_at <= at:
        return session
    return replace(session, charging_again_at=at)


def held_back(session: ChargingSession, until: datetime | None = None) -> ChargingSession:
    """Where another vehicle's energy begins, if the port has said Charging again by `until`, and all registers before
    that are counted."""
    again_at = session.charging_again_at
    if session.ev_gone_at is None or again_at is None or session.held_back_from_wh is not None:
        return session
    if until is not None and again_at > until:
        return session
    since = max(session.register_at or session.ev_gone_at, session.ev_gone_at)
    return replace(session, held_back_from_wh=session.base_register_wh, held_back_since=since)


def register_seen(before: ChargingSession, after: ChargingSession, at: datetime) -> ChargingSession:
    """A register of a session whose vehicle left, `before` and `after` it was counted: one that is higher than another
    one since then shows that energy flows for another vehicle, and is not counted."""
    if before.ev_gone_at is None or at <= before.ev_gone_at:
        return after
    if before.charging_again_at is not None and at >= before.charging_again_at:
        return _uncounted(held_back(before), after)
    if before.held_back_since is not None:
        return _uncounted(before, after) if at > before.held_back_since else after
    if before.ev_gone_register_wh is None:
        return replace(after, ev_gone_register_wh=after.base_register_wh)
    if after.base_register_wh <= before.ev_gone_register_wh:
        return after
    held = replace(
        before, held_back_from_wh=before.ev_gone_register_wh, held_back_since=before.register_at or before.ev_gone_at
    )
    return _uncounted(held, after)


def parted(
    ended: ChargingSession, meter_stop_wh: WattHours | None, now: datetime
) -> tuple[ChargingSession, ChargingSession | None]:
    """T4: a session that has ended, and what flowed after its vehicle left, as an unassigned session of the connector
    that has ended too (S6), both flagged. The first one ends when its vehicle left. None if nothing flowed after it.
    `meter_stop_wh`: None if the end has no register that can be read; then the last register that was read counts."""
    if meter_stop_wh is None:
        meter_stop_wh = ended.held_back_to_wh
    if ended.held_back_from_wh is None or meter_stop_wh is None or ended.ended_at is None:
        return ended, None
    energy_wh = meter_stop_wh - ended.held_back_from_wh
    if energy_wh < SMALLEST_CHARGED_WH:
        return ended, None
    left_at = min(ended.ev_gone_at or ended.ended_at, ended.ended_at)
    first = replace(
        ended,
        ended_at=max(left_at, ended.started_at or left_at),
        flags=ended.flags | {SessionFlag.AFTER_UNPLUG},
    )
    since = min(ended.held_back_since or ended.ended_at, ended.ended_at)
    return first, ChargingSession(
        id=0,
        garage_id=ended.garage_id,
        charge_point_id=ended.charge_point_id,
        port_id=ended.port_id,
        connector_id=ended.connector_id,
        request_id=None,
        stay_id=None,
        rate_id=ended.rate_id,
        status=SessionStatus.ENDED,
        flags=frozenset({SessionFlag.AFTER_UNPLUG}),
        id_tag="",
        authorization=ended.authorization,
        asked_at=now,
        started_at=since,
        ended_at=ended.ended_at,
        stop_reason=ended.stop_reason,
        meter_start_wh=ended.held_back_from_wh,
        base_register_wh=meter_stop_wh,
        carried_wh=energy_wh,
        energy_wh=energy_wh,
        stop_register_wh=meter_stop_wh,
    )


def is_rest(session: ChargingSession) -> bool:
    """T4: it holds what flowed after the vehicle of another session left."""
    return SessionFlag.AFTER_UNPLUG in session.flags and not session.id_tag


def is_rest_of(rest: ChargingSession, session: ChargingSession) -> bool:
    """T4: a session that was saved after that one holds what flowed after its vehicle left."""
    return (
        is_rest(rest) and rest.connector_id == session.connector_id and rest.meter_start_wh == session.held_back_from_wh
    )


def rest_corrected(held: ChargingSession, rest: ChargingSession, *, keeps_end: bool = False) -> ChargingSession:
    """T4, T5: the rest as it was saved, now that its end was reported again, or where it began. `keeps_end`: by
    readings, that are no end."""
    if keeps_end and held.ended_at is not None and rest.ended_at is not None:
        rest = replace(rest, ended_at=max(held.ended_at, rest.ended_at))
    return replace(
        held,
        started_at=rest.started_at,
        meter_start_wh=rest.meter_start_wh,
        ended_at=rest.ended_at,
        stop_reason=rest.stop_reason,
        base_register_wh=rest.base_register_wh,
        carried_wh=rest.carried_wh,
        energy_wh=rest.energy_wh,
        stop_register_wh=rest.stop_register_wh,
    )


def rest_emptied(held: ChargingSession) -> ChargingSession:
    """T4, T5: the rest as it was saved, now that nothing flowed after the vehicle left, as far as is known."""
    return replace(held, ended_at=held.started_at, base_register_wh=held.meter_start_wh, carried_wh=0, energy_wh=0)


def _uncounted(held: ChargingSession, after: ChargingSession) -> ChargingSession:
    """The session as the reading leaves it, without the energy that the reading told."""
    return replace(
        after,
        flags=held.flags,
        carried_wh=held.carried_wh,
        base_register_wh=held.base_register_wh,
        register_at=held.register_at,
        energy_wh=held.energy_wh,
        leapt_to_wh=held.leapt_to_wh,
        leapt_at=held.leapt_at,
        held_back_from_wh=held.held_back_from_wh,
        held_back_since=held.held_back_since,
        held_back_to_wh=max(after.base_register_wh, held.held_back_to_wh or after.base_register_wh),
    )
