"""What a running session's meter tells: its energy, and which of its registers are believed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import Reading, WattHours
from evgraph.domain.evolving import evolution_of
from evgraph.domain.session_full import power_seen
from evgraph.domain.supply import Supply, step_wh

_KILO = 1000
_Moves = dict[str, Any]

_evolved = evolution_of(ChargingSession)
_time = attrgetter("at")


def readings_taken(session: ChargingSession, readings: Iterable[Reading], *, supply: Supply | None) -> ChargingSession:
    """M1, M2, M4, M5, M6: in the order of their time. Only a running session is moved. `supply`: the port's, null
    where nobody knows it; then M5 and M6 have nothing to go by."""
    if session.status is not SessionStatus.CHARGING:
        return session
    for reading in sorted(readings, key=_time):
        session = _reading_taken(session, reading, supply)
    return session


def register_seen(
    session: ChargingSession, register_wh: WattHours, at: datetime | None, supply: Supply | None
) -> ChargingSession:
    """M2, M5: the energy moves to a register that the port can have reached since the last one, or that confirms a
    leap; another is flagged and waits. `at`: when it was read, null where that cannot be believed: then nothing can be
    said against it."""
    return replace(session, **_moves_of_register(session, register_wh, at, supply))


def last_register_seen(
    session: ChargingSession, register_wh: WattHours, at: datetime | None, supply: Supply | None
) -> ChargingSession:
    """T1, M5: the register of its end. A leap that no reading announced counts where the whole session's time was
    enough for it; else the next transaction's start there may confirm it."""
    if at is not None and session.register_at is not None and at < session.register_at:
        # Its clock was put back meanwhile: no span of time speaks against what it delivered.
        at = None
    seen = register_seen(session, register_wh, at, supply)
    if supply is None or at is None or session.started_at is None or seen.leapt_to_wh != register_wh:
        return seen
    told_wh = session.carried_wh + register_wh - session.base_register_wh
    step = step_wh(session.meter_start_wh, register_wh)
    if not supply.could_deliver(told_wh, at - session.started_at, step_wh=step):
        return seen
    return _counted(seen, register_wh, at)


def is_beyond(session: ChargingSession, register_wh: WattHours, at: datetime | None, supply: Supply | None) -> bool:
    """M5: the port cannot have reached this register by then, and no leap to it was seen."""
    if supply is None or at is None or session.register_at is None:
        return False
    reached = register_seen(session, register_wh, at, supply)
    return reached.base_register_wh != register_wh


def leap_confirmed(session: ChargingSession, meter_start_wh: WattHours) -> ChargingSession:
    """M5, T5: the next transaction at the port began at or above the register that this one was last seen to leap to:
    the energy was delivered. A session without such a leap stays as it is."""
    if session.status is not SessionStatus.ENDED or session.leapt_to_wh is None or meter_start_wh < session.leapt_to_wh:
        return session
    return _counted(session, session.leapt_to_wh, session.leapt_at)


def _reading_taken(session: ChargingSession, reading: Reading, supply: Supply | None) -> ChargingSession:
    if session.last_meter_at is not None and reading.at <= session.last_meter_at:
        return session
    if session.started_at is not None and reading.at < session.started_at:
        return session
    at = None if reading.clock_replaced else reading.at
    # Gathered and made at once: to make a session anew is most of what a reading costs here.
    moves: _Moves = {}
    if reading.register_wh is not None:
        moves = _moves_of_register(session, reading.register_wh, at, supply)
    elif reading.interval_wh is not None and reading.interval_wh > 0:
        moves = _moves_of_interval(session, reading.interval_wh, at, supply)
    flags: frozenset[SessionFlag] = moves.get("flags", session.flags)
    if reading.clock_replaced:
        flags |= {SessionFlag.CLOCK_REPLACED}
    if SessionFlag.UNCONFIRMED in flags:
        # B2: its charger speaks of it.
        flags -= {SessionFlag.UNCONFIRMED}
    has_moved = moves.get("energy_wh", session.energy_wh) != session.energy_wh
    moves |= {
        "flags": flags,
        "available_since": _available_since(session, reading.at, has_moved=has_moved),
        "last_meter_at": reading.at,
        "power_w": reading.power_w if reading.power_w is not None else session.power_w,
    }
    return power_seen(_evolved(session, moves), session, reading, supply)


def _available_since(session: ChargingSession, at: datetime, *, has_moved: bool) -> datetime | None:
    """T7: a meter that stands still is no word of the transaction, some chargers read it for ever; one that moves makes
    the wait begin anew. A reading of before the connector was free, which its status overtook, says nothing of it."""
    if session.available_since is None or not has_moved:
        return session.available_since
    return max(session.available_since, at)


def _moves_of_register(
    session: ChargingSession, register_wh: WattHours, at: datetime | None, supply: Supply | None
) -> _Moves:
    if supply is None or at is None or session.register_at is None:
        return _moves_of_count(session, session.base_register_wh, register_wh, at)
    lasted = at - session.register_at
    if _lies_on(session.base_register_wh, register_wh, supply, lasted):
        return _moves_of_count(session, session.base_register_wh, register_wh, at)
    if _is_in_another_unit(session.base_register_wh, register_wh, supply, lasted):
        return {"leapt_to_wh": None, "leapt_at": None, "flags": session.flags | {SessionFlag.METER_LEAP}}
    if register_wh < session.base_register_wh or _confirms_leap(session, register_wh, at, supply):
        return _moves_of_count(session, session.base_register_wh, register_wh, at)
    line_wh = session.meter_start_wh + session.carried_wh
    if SessionFlag.METER_RESET in session.flags and _lies_on(line_wh, register_wh, supply, lasted):
        # It had fallen for a moment, and is back where it would be had it not.
        return _moves_of_count(session, line_wh, register_wh, at)
    return {"leapt_to_wh": register_wh, "leapt_at": at, "flags": session.flags | {SessionFlag.METER_LEAP}}


def _moves_of_interval(
    session: ChargingSession, interval_wh: WattHours, at: datetime | None, supply: Supply | None
) -> _Moves:
    """M5: how long an interval is, nobody tells; what all of them add up to, the whole session's time bounds."""
    energy_wh = session.energy_wh + interval_wh
    if (
        supply is None
        or at is None
        or session.started_at is None
        or SessionFlag.CLOCK_REPLACED in session.flags
        or supply.could_deliver(energy_wh, at - session.started_at, step_wh=step_wh(interval_wh))
    ):
        return {"energy_wh": energy_wh}
    return {"flags": session.flags | {SessionFlag.METER_LEAP}}


def _counted(session: ChargingSession, register_wh: WattHours, at: datetime | None) -> ChargingSession:
    return replace(session, **_moves_of_count(session, session.base_register_wh, register_wh, at))


def _moves_of_count(
    session: ChargingSession, base_wh: WattHours, register_wh: WattHours, at: datetime | None
) -> _Moves:
    """M2: a register below the last starts a new base, flagged; the energy so far stays. A register counts what
    intervals told since the one before it; the two are never added up."""
    if register_wh < base_wh:
        counted_wh, flags = session.energy_wh, session.flags | {SessionFlag.METER_RESET}
    else:
        counted_wh, flags = session.carried_wh + register_wh - base_wh, session.flags
    return {
        "carried_wh": counted_wh,
        "base_register_wh": register_wh,
        "register_at": at,
        "energy_wh": max(session.energy_wh, counted_wh),
        "leapt_to_wh": None,
        "leapt_at": None,
        "flags": flags,
    }


def _lies_on(base_wh: WattHours, register_wh: WattHours, supply: Supply, lasted: timedelta) -> bool:
    """The port can have taken its register from `base_wh` to this one meanwhile."""
    step = step_wh(base_wh, register_wh)
    return base_wh <= register_wh and supply.could_deliver(register_wh - base_wh, lasted, step_wh=step)


def _is_in_another_unit(base_wh: WattHours, register_wh: WattHours, supply: Supply, lasted: timedelta) -> bool:
    """M5: kWh that were labelled Wh, or the reverse: a thousand times as much, or a thousandth, lies on the line. Such
    a register is neither a reset nor a leap, however often it is told."""
    if register_wh < base_wh:
        # After long enough any register is a thousandth of one that could be.
        meant_wh = register_wh * _KILO
        # And 0 is where a meter that was swapped or reset begins.
        is_likely = register_wh > 0 and base_wh - _KILO <= meant_wh <= base_wh * 2
        return is_likely and supply.could_deliver(meant_wh - base_wh, lasted, step_wh=_KILO)
    meant_wh = register_wh // _KILO
    # Near 0 most registers are a thousand times one that could be; whole Wh times a thousand end in three zeros.
    is_likely = base_wh >= _KILO or register_wh % _KILO == 0
    return (
        is_likely
        and base_wh - 1 <= meant_wh
        and supply.could_deliver(meant_wh - base_wh, lasted, step_wh=step_wh(base_wh, meant_wh))
    )


def _confirms_leap(session: ChargingSession, register_wh: WattHours, at: datetime, supply: Supply) -> bool:
    """Of a later moment, at or above the register that leapt, and within reach from there."""
    if session.leapt_to_wh is None or session.leapt_at is None or at <= session.leapt_at:
        return False
    return _lies_on(session.leapt_to_wh, register_wh, supply, at - session.leapt_at)
