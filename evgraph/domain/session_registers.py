"""Which registers of a session's meter are believed, and what they make of its energy: steps, leaps, resets (M2, M5).

`moves_of_register` is for the register of a reading; the others are for those of transaction messages, which a running
or an ended session is told: meterStart and meterStop are whole Wh, a source of their own.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import FIRST_INTERVAL, WattHours
from evgraph.domain.session_flags import OF_REGISTERS
from evgraph.domain.supply import Supply, step_wh

_KILO = 1000
# A drop of one step is rounding up to this step; a coarser meter does not waver by a whole step (M2).
_COARSEST_WAVER_WH = 100
# meterStart and meterStop are whole Wh: a source of their own, with a step of 1 Wh.
_TRANSACTION_STEP_WH = 1
_OF_TRANSACTION = None
_BEYOND_ANY_WH = 2**63

# Changed fields, and what they become.
Moves = dict[str, Any]


def register_seen(
    session: ChargingSession, register_wh: WattHours, at: datetime | None, supply: Supply | None
) -> ChargingSession:
    """M2, M5: the energy moves to a register that the port can have reached since the last one, or that confirms a
    leap; another is flagged and waits. `at`: when it was read, None if that cannot be believed: then nothing can be
    said against it. The register is one of a transaction message, in a step of 1 Wh."""
    return replace(session, **moves_of_register(session, register_wh, at, supply, _OF_TRANSACTION))


def last_register_seen(
    session: ChargingSession,
    register_wh: WattHours,
    at: datetime | None,
    supply: Supply | None,
    *,
    ended_at: datetime,
) -> ChargingSession:
    """T1, M2, M5: the register of its end. Below an earlier rounded register it still counts, so the energy may end
    lower by that rounding. A leap that no reading announced counts where the whole session's time was enough for it;
    else the next transaction's start there may confirm it. One that readings confirmed does not count where the port
    cannot have delivered it in that time, and can have delivered what this register tells: it was another meter's.
    `ended_at`: when the session ended, as far as is known, though `at` is None."""
    if at is not None and session.register_at is not None and at < session.register_at:
        # Its clock was put back meanwhile: no span of time speaks against what it delivered.
        at = None
    if _is_rounding(session, register_wh, _OF_TRANSACTION):
        return _ended_at_register(session, register_wh, at)
    if at is not None and supply is not None and _refutes_leap(session, register_wh, at, supply):
        return _counted_from_start(session, register_wh, at)
    seen = register_seen(session, register_wh, at, supply)
    if seen.base_register_wh == register_wh >= session.base_register_wh:
        seen = _exact(session, seen)
    is_leap = seen.leapt_to_wh == register_wh
    base_wh = base_of_leap(session, register_wh, ended_at, supply, is_leap=is_leap)
    if (is_leap or at is None) and base_wh != session.base_register_wh:
        return _exact(session, _counted_from_start(seen, register_wh, at))
    if supply is None or at is None or session.started_at is None or seen.leapt_to_wh != register_wh:
        return seen
    told_wh = session.carried_wh + register_wh - session.base_register_wh
    step = max(step_wh(session.meter_start_wh, register_wh), session.register_step_wh or _TRANSACTION_STEP_WH)
    if not supply.could_deliver(told_wh, at - session.started_at, step_wh=step):
        return seen
    return _exact(session, _counted(seen, register_wh, at))


def is_beyond(session: ChargingSession, register_wh: WattHours, at: datetime | None, supply: Supply | None) -> bool:
    """M5: the port cannot have reached this register by then, and no leap to it was seen."""
    if supply is None or at is None or session.register_at is None:
        return False
    reached = register_seen(session, register_wh, at, supply)
    return reached.base_register_wh != register_wh


def leap_confirmed(session: ChargingSession, meter_start_wh: WattHours | None) -> ChargingSession:
    """M5, T5: the next transaction at the port began at or above the register that this one was last seen to leap to:
    the energy was delivered. A session without such a leap stays as it is. `meter_start_wh`: None if there is none."""
    if session.status is not SessionStatus.ENDED or session.leapt_to_wh is None:
        return session
    if meter_start_wh is None or meter_start_wh < session.leapt_to_wh:
        return session
    if session.leapt_to_wh >= _unfallen_wh(session):
        return _counted_from_start(session, session.leapt_to_wh, session.leapt_at)
    return _counted(session, session.leapt_to_wh, session.leapt_at)


def base_of_leap(
    session: ChargingSession, register_wh: WattHours, at: datetime, supply: Supply | None, *, is_leap: bool
) -> WattHours:
    """M2, M5: the register that this one counts from: the last one. After a reset it is where the meter would be had it
    not fallen, if the whole session's time was enough from there: some chargers tell the meter's register when a
    transaction starts and stops, and that of the session, or of one phase, meanwhile. `is_leap`: it is beyond reach
    from the last one; else the time was too short for all that would be told from there."""
    base_wh, line_wh = session.base_register_wh, _unfallen_wh(session)
    if supply is None or session.started_at is None or register_wh < line_wh:
        return base_wh
    lasted = at - session.started_at
    step = max(step_wh(session.meter_start_wh, register_wh), session.register_step_wh or _TRANSACTION_STEP_WH)
    told_wh = session.carried_wh + register_wh - base_wh
    if not is_leap and supply.could_deliver(told_wh, lasted, step_wh=step):
        return base_wh
    return line_wh if supply.could_deliver(register_wh - session.meter_start_wh, lasted, step_wh=step) else base_wh


def _unfallen_wh(session: ChargingSession) -> WattHours:
    """M2: where the meter would be had it not fallen; beyond any register where it did not, or fell to there."""
    line_wh = session.meter_start_wh + session.carried_wh
    has_fallen = SessionFlag.METER_RESET in session.flags and session.base_register_wh < line_wh
    return line_wh if has_fallen else _BEYOND_ANY_WH


def _ended_at_register(session: ChargingSession, register_wh: WattHours, at: datetime | None) -> ChargingSession:
    """M2: meterStop, where a reading was rounded to above it."""
    counted_wh = max(session.carried_wh + register_wh - session.base_register_wh, 0)
    moved = replace(
        session,
        carried_wh=counted_wh,
        base_register_wh=register_wh,
        register_at=at,
        energy_wh=max(session.energy_wh, counted_wh),
        leapt_to_wh=None,
        leapt_at=None,
    )
    return _exact(session, moved)


def _refutes_leap(session: ChargingSession, register_wh: WattHours, at: datetime, supply: Supply) -> bool:
    if session.flags & OF_REGISTERS != {SessionFlag.METER_LEAP} or session.started_at is None:
        return False
    told_wh, lasted = register_wh - session.meter_start_wh, at - session.started_at
    step = max(step_wh(session.meter_start_wh, register_wh), session.register_step_wh or _TRANSACTION_STEP_WH)
    return (
        0 <= told_wh < session.energy_wh
        and supply.could_deliver(told_wh, lasted, step_wh=step)
        and not supply.could_deliver(session.energy_wh, lasted, step_wh=step)
    )


def _counted_from_start(session: ChargingSession, register_wh: WattHours, at: datetime | None) -> ChargingSession:
    told_wh = register_wh - session.meter_start_wh
    return replace(
        session,
        carried_wh=told_wh,
        base_register_wh=register_wh,
        register_at=at,
        energy_wh=told_wh,
        leapt_to_wh=None,
        leapt_at=None,
    )


def _exact(before: ChargingSession, ended: ChargingSession) -> ChargingSession:
    """T1: energy is meterStop minus meterStart. Where only intervals were seen, some meters' registers stand still."""
    if before.register_source is None or before.register_source >= FIRST_INTERVAL:
        return ended
    return replace(ended, energy_wh=ended.carried_wh)


def moves_of_register(
    session: ChargingSession,
    register_wh: WattHours,
    at: datetime | None,
    supply: Supply | None,
    step: WattHours | None,
) -> Moves:
    """M2, M5: what a register changes; all moves in one place, since making a session anew is most of what a reading
    costs. `step`: the finest in which registers of its source came; None for the register of a transaction message."""
    base_wh = session.base_register_wh
    if register_wh < base_wh and _is_rounding(session, register_wh, step):
        return _moves_of_rounding(session, at, step)
    if supply is None or at is None or session.register_at is None:
        return _moves_of_count(session, base_wh, register_wh, at, step)
    lasted = at - session.register_at
    slack_wh = step or session.register_step_wh or _TRANSACTION_STEP_WH
    if _lies_on(base_wh, register_wh, supply, lasted, slack_wh):
        return _moves_of_count(session, base_wh, register_wh, at, step)
    if _is_in_another_unit(base_wh, register_wh, supply, lasted):
        return {"leapt_to_wh": None, "leapt_at": None, "flags": session.flags | {SessionFlag.METER_LEAP}}
    if register_wh < base_wh:
        return _moves_of_count(session, base_wh, register_wh, at, step)
    if _confirms_leap(session, register_wh, at, supply, slack_wh):
        return _moves_of_count(
            session, base_of_leap(session, register_wh, at, supply, is_leap=True), register_wh, at, step
        )
    line_wh = session.meter_start_wh + session.carried_wh
    if SessionFlag.METER_RESET in session.flags and _lies_on(line_wh, register_wh, supply, lasted, slack_wh):
        # It had fallen for a moment, and is back where it would be had it not.
        return _moves_of_count(session, line_wh, register_wh, at, step)
    return {"leapt_to_wh": register_wh, "leapt_at": at, "flags": session.flags | {SessionFlag.METER_LEAP}}


def _is_rounding(session: ChargingSession, register_wh: WattHours, step: WattHours | None) -> bool:
    """M2: whether a register below the last one is the same one, rounded otherwise: in another step, by less than the
    coarser one; in the same step, by one step of 0.1 kWh at most. A drop to 0 is a reset."""
    drop_wh = session.base_register_wh - register_wh
    if drop_wh <= 0 or register_wh == 0:
        return False
    is_start = session.carried_wh == 0 and session.base_register_wh == session.meter_start_wh
    of_base = set()
    if session.register_step_wh is not None:
        of_base.add(step or session.register_step_wh)
        if is_start and step is not None and step <= _COARSEST_WAVER_WH and drop_wh < 2 * step:
            # The last register was below the start, rounded, and this one wavers by a step from there.
            return True
    if is_start:
        of_base.add(_TRANSACTION_STEP_WH)
    step = step or _TRANSACTION_STEP_WH
    return any(
        drop_wh < max(other, step) if other != step else drop_wh <= step <= _COARSEST_WAVER_WH for other in of_base
    )


def _moves_of_rounding(session: ChargingSession, at: datetime | None, step: WattHours | None) -> Moves:
    """M2: the base stays, and so does its time where a step takes longer than a reading."""
    stays_at = session.register_at if step is not None and step > 1 else None
    return {
        "base_register_wh": session.base_register_wh,
        "energy_wh": session.energy_wh,
        "register_at": stays_at or at,
        "leapt_to_wh": None,
        "leapt_at": None,
    }


def _counted(session: ChargingSession, register_wh: WattHours, at: datetime | None) -> ChargingSession:
    moves = _moves_of_count(session, session.base_register_wh, register_wh, at, _OF_TRANSACTION)
    return replace(session, **moves)


def _moves_of_count(
    session: ChargingSession, base_wh: WattHours, register_wh: WattHours, at: datetime | None, step: WattHours | None
) -> Moves:
    """M2: a register below the last starts a new base, flagged; the energy so far stays. A register counts what
    intervals told since the one before it; the two are never added up."""
    if register_wh < base_wh:
        counted_wh, flags = session.energy_wh, session.flags | {SessionFlag.METER_RESET}
    else:
        counted_wh, flags = session.carried_wh + register_wh - base_wh, session.flags
    # A register that stands still within its step has been at that step since it was first seen there.
    stands_still = (
        step is not None and step > 1 and register_wh == session.base_register_wh and session.register_at is not None
    )
    return {
        "carried_wh": counted_wh,
        "base_register_wh": register_wh,
        "register_at": session.register_at if stands_still else at,
        "energy_wh": max(session.energy_wh, counted_wh),
        "leapt_to_wh": None,
        "leapt_at": None,
        "flags": flags,
    }


def _lies_on(base_wh: WattHours, register_wh: WattHours, supply: Supply, lasted: timedelta, step: WattHours) -> bool:
    """The port can have taken its register from `base_wh` to this one meanwhile."""
    if register_wh < base_wh:
        return False
    step = max(step, step_wh(base_wh, register_wh))
    return supply.could_deliver(register_wh - base_wh, lasted, step_wh=step)


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


def _confirms_leap(
    session: ChargingSession, register_wh: WattHours, at: datetime, supply: Supply, step: WattHours
) -> bool:
    """Of a later moment, at or above the register that leapt, and within reach from there."""
    if session.leapt_to_wh is None or session.leapt_at is None or at <= session.leapt_at:
        return False
    return _lies_on(session.leapt_to_wh, register_wh, supply, at - session.leapt_at, step)
