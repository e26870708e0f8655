"""What a running session's meter tells: its energy, and which of its registers are believed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import FIRST_INTERVAL, Reading, WattHours, instants
from evgraph.domain.evolving import evolution_of
from evgraph.domain.own_clock import is_ahead
from evgraph.domain.session_clock import START_GRACE, is_since_start
from evgraph.domain.session_flags import OF_REGISTERS
from evgraph.domain.session_full import power_seen
from evgraph.domain.session_unplug import held_back
from evgraph.domain.session_unplug import register_seen as register_seen_after_unplug
from evgraph.domain.supply import Supply, step_wh

_KILO = 1000
# A drop of one step is rounding up to this step; a coarser meter does not waver by a whole step (M2).
_COARSEST_WAVER_WH = 100
# meterStart and meterStop are whole Wh: a source of their own, with a step of 1 Wh.
_TRANSACTION_STEP_WH = 1
_OF_TRANSACTION = None
_BEYOND_ANY_WH = 2**63
# All fields that readings alone change.
_METERED = (
    "meter_start_wh",
    "carried_wh",
    "base_register_wh",
    "register_at",
    "register_source",
    "register_step_wh",
    "energy_wh",
    "power_w",
    "last_meter_at",
    "leapt_to_wh",
    "leapt_at",
    "low_power_since",
    "ev_gone_register_wh",
    "held_back_from_wh",
    "held_back_since",
    "held_back_to_wh",
)
_Moves = dict[str, Any]

_evolved = evolution_of(ChargingSession)


def readings_taken(session: ChargingSession, readings: Iterable[Reading], *, supply: Supply | None) -> ChargingSession:
    """M1, M2, M4, M5, M6: applies readings in the order of their time, those of one instant as one. Only a running
    session is moved, and only by readings newer than its newest. `supply`: the port's, None if unknown; then M5 and M6
    do not apply."""
    if session.status is not SessionStatus.CHARGING:
        return session
    for reading in instants(readings):
        session = _reading_taken(session, reading, supply)
    return session


def instant_completed(
    session: ChargingSession, before: ChargingSession, reading: Reading, *, supply: Supply | None
) -> ChargingSession:
    """M4: the session as if its newest instant had arrived in one message. `before`: the same session before that
    instant; `reading`: all that was reported for it. Only a running session is moved."""
    if session.status is not SessionStatus.CHARGING:
        return session
    taken = readings_taken(before, (reading,), supply=supply)
    flags = session.flags - OF_REGISTERS | taken.flags & OF_REGISTERS
    if reading.clock_replaced:
        flags |= {SessionFlag.CLOCK_REPLACED}
    has_moved = taken.energy_wh != session.energy_wh
    completed = replace(
        session,
        **{name: getattr(taken, name) for name in _METERED},
        **_moves_of_frees(session, reading.at) if has_moved else {},
        # A status may have set it since then.
        full_since=taken.full_since if taken.full_since != before.full_since else session.full_since,
        flags=flags - {SessionFlag.UNCONFIRMED},
    )
    return session if completed == session else completed


def recounted(
    session: ChargingSession, readings: Iterable[Reading], *, supply: Supply | None, until: datetime | None = None
) -> ChargingSession:
    """M1, X2: the running session as these readings up to and including `until`, in any order, leave it when counted
    anew from its start. Flags of its start stay, and so does UNCONFIRMED; METER_RESET, METER_LEAP, and what flowed
    after its vehicle left (T4) are derived anew."""
    if until is not None:
        readings = [one for one in readings if one.at <= until]
    if _is_start_of_its_stop(session):
        session = replace(session, meter_start_wh=0)
    if SessionFlag.METER_START_ESTIMATED in session.flags:
        readings = _of_best_register(readings)
    fresh = replace(
        session,
        status=SessionStatus.CHARGING,
        flags=session.flags - OF_REGISTERS,
        ended_at=None,
        stop_reason=None,
        full_since=None,
        carried_wh=0,
        base_register_wh=session.meter_start_wh,
        register_at=_start_register_at(session),
        register_source=None,
        register_step_wh=None,
        energy_wh=0,
        power_w=None,
        last_meter_at=None,
        leapt_to_wh=None,
        leapt_at=None,
        low_power_since=None,
        ev_gone_register_wh=None,
        held_back_from_wh=None,
        held_back_since=None,
        held_back_to_wh=None,
    )
    taken = held_back(readings_taken(fresh, readings, supply=supply), until)
    return replace(
        taken,
        flags=taken.flags | session.flags & {SessionFlag.UNCONFIRMED},
        full_since=taken.full_since or session.full_since,
        # Its start stays known, be it 0, though what told it is not among these readings (S6).
        register_step_wh=taken.register_step_wh or session.register_step_wh,
    )


def _of_best_register(readings: Iterable[Reading]) -> list[Reading]:
    """S6, M1: a start that could not be read is at the first register of the location that counts; the registers of
    others are another meter's. Not so where Transaction.Begin tells it."""
    readings = list(readings)
    sources = {one.source for one in readings if one.register_wh is not None}
    if len(sources) < 2 or any(one.begin_wh is not None for one in readings):
        return readings
    best = min(sources)
    return [one if one.source == best else replace(one, register_wh=None) for one in readings]


def _is_start_of_its_stop(session: ChargingSession) -> bool:
    """S6: nothing but its stop told where the meter stood; another stop tells it anew."""
    is_unknown = SessionFlag.METER_START_ESTIMATED in session.flags and session.register_step_wh is None
    return is_unknown and session.stop_register_wh is not None and session.meter_start_wh == session.stop_register_wh


def register_seen(
    session: ChargingSession, register_wh: WattHours, at: datetime | None, supply: Supply | None
) -> ChargingSession:
    """M2, M5: the energy moves to a register that the port can have reached since the last one, or that confirms a
    leap; another is flagged and waits. `at`: when it was read, None if that cannot be believed: then nothing can be
    said against it. The register is one of a transaction message, in a step of 1 Wh."""
    return replace(session, **_moves_of_register(session, register_wh, at, supply, _OF_TRANSACTION))


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


def _reading_taken(session: ChargingSession, reading: Reading, supply: Supply | None) -> ChargingSession:
    if session.last_meter_at is not None and reading.at <= session.last_meter_at:
        if not is_newer(session, reading):
            return session
        # What the newest reading says of time was our own clock's, and that ran ahead.
        session = replace(session, register_at=None, low_power_since=None, leapt_to_wh=None, leapt_at=None)
    if session.started_at is not None and reading.at < session.started_at:
        if not is_since_start(session, reading):
            return _begun_before(session, reading)
        session = replace(session, register_at=None)
    at = None if reading.clock_replaced else reading.at
    # Gathered and made at once: to make a session anew is most of what a reading costs here.
    moves: _Moves = {}
    if reading.register_wh is not None and reading.source == session.register_source:
        step = session.register_step_wh
        if step is None or reading.step_wh < step:
            step = reading.step_wh
        moves = _moves_of_register(session, reading.register_wh, at, supply, step)
        moves["register_step_wh"] = step
    elif reading.register_wh is not None or reading.interval_wh is not None or reading.begin_wh is not None:
        moves = _moves_of_another_source(session, reading, at, supply)
    flags: frozenset[SessionFlag] = moves.get("flags", session.flags)
    if reading.clock_replaced:
        flags |= {SessionFlag.CLOCK_REPLACED}
    if SessionFlag.UNCONFIRMED in flags:
        # B2: its charger speaks of it.
        flags -= {SessionFlag.UNCONFIRMED}
    if moves.get("energy_wh", session.energy_wh) != session.energy_wh:
        moves |= _moves_of_frees(session, reading.at)
    moves["flags"] = flags
    moves["last_meter_at"] = reading.at
    if reading.power_w is not None:
        moves["power_w"] = reading.power_w
    taken = power_seen(_evolved(session, moves), session, reading, supply)
    if session.ev_gone_at is not None and reading.register_wh is not None:
        # T4: its vehicle left.
        return register_seen_after_unplug(session, taken, reading.at)
    return taken


def is_newer(session: ChargingSession, reading: Reading) -> bool:
    """M4: the reading is newer than the session's newest. One that lies ahead of this one's receipt was stamped while
    our own clock ran ahead, and holds nothing up: then a register tells what was later, for it never falls."""
    newest = session.last_meter_at
    if newest is None or reading.at > newest:
        return True
    if not is_ahead(newest, reading.received_at):
        return False
    return reading.register_wh is None or reading.register_wh >= session.base_register_wh


def _begun_before(session: ChargingSession, reading: Reading) -> ChargingSession:
    """S6: a reading of before the start tells nothing; but some chargers stamp Transaction.Begin just before it."""
    is_just_before = session.started_at is not None and reading.at >= session.started_at - START_GRACE
    if reading.begin_wh is None or not is_just_before:
        return session
    return _evolved(session, _moves_of_estimated_start(session, replace(reading, register_wh=None), None))


def _moves_of_another_source(
    session: ChargingSession, reading: Reading, at: datetime | None, supply: Supply | None
) -> _Moves:
    """M1: the first energy value of a session, or one of another source than before: a better source counts from the
    start of the session, a worse one does not count."""
    moves = _moves_of_estimated_start(session, reading, at)
    if moves:
        session = _evolved(session, moves)
    held = session.register_source
    if reading.register_wh is not None and (held is None or reading.source < held):
        return moves | _moves_of_better_register(session, reading.register_wh, reading, at, supply)
    if reading.interval_wh is not None and reading.interval_wh >= 0:
        if held is None or reading.interval_source == held:
            moves |= _moves_of_interval(session, session.energy_wh, reading.interval_wh, at, supply)
            moves["register_source"] = reading.interval_source
        elif reading.interval_source < held:
            # Intervals of several sources overlap, and are never added up.
            moves |= _moves_of_interval(session, 0, reading.interval_wh, at, supply)
            moves["register_source"] = reading.interval_source
    return moves


def _moves_of_estimated_start(session: ChargingSession, reading: Reading, at: datetime | None) -> _Moves:
    """S6: the register of a start that could not be read is its Transaction.Begin, else the first register."""
    if (
        SessionFlag.METER_START_ESTIMATED not in session.flags
        or session.register_source is not None
        or session.register_step_wh is not None
    ):
        return {}
    if reading.begin_wh is not None:
        start_wh, register_at = reading.begin_wh, session.register_at
    elif reading.register_wh is not None:
        start_wh, register_at = reading.register_wh, at
    else:
        return {}
    return {
        "meter_start_wh": start_wh,
        "base_register_wh": start_wh,
        "register_at": register_at,
        "register_step_wh": reading.step_wh,
    }


def _moves_of_better_register(
    session: ChargingSession, register_wh: WattHours, reading: Reading, at: datetime | None, supply: Supply | None
) -> _Moves:
    held = session.register_source
    if held is None:
        step = min(reading.step_wh, session.register_step_wh or reading.step_wh)
        moves = _moves_of_register(session, register_wh, at, supply, step)
        return moves | {"register_source": reading.source, "register_step_wh": step}
    is_after_intervals = held >= FIRST_INTERVAL
    fresh: _Moves = {
        "carried_wh": 0,
        "base_register_wh": session.meter_start_wh,
        "register_at": _start_register_at(session),
        "energy_wh": 0,
        "leapt_to_wh": None,
        "leapt_at": None,
        "register_step_wh": None,
        "flags": session.flags if is_after_intervals else session.flags - OF_REGISTERS,
    }
    moves = fresh | _moves_of_register(_evolved(session, fresh), register_wh, at, supply, reading.step_wh)
    is_believed = moves["base_register_wh"] == register_wh
    fallen_wh = session.energy_wh - moves["energy_wh"]
    coarser = max(reading.step_wh, session.register_step_wh or reading.step_wh)
    if is_after_intervals or not is_believed or 0 < fallen_wh < coarser:
        moves["energy_wh"] = max(session.energy_wh, moves["energy_wh"])
    return moves | {"register_source": reading.source, "register_step_wh": reading.step_wh}


def _start_register_at(session: ChargingSession) -> datetime | None:
    """When the register of its start was read; None if the charger's own stamp was replaced (B7), or if it could not be
    read (S6)."""
    if SessionFlag.METER_START_ESTIMATED in session.flags:
        return None
    if SessionFlag.CLOCK_REPLACED not in session.flags:
        return session.started_at
    try:
        reported = datetime.fromisoformat(session.reported_start or "")
    except ValueError:
        return None
    # The flag may also be a later reading's.
    reported = reported.replace(tzinfo=UTC) if reported.tzinfo is None else reported
    return session.started_at if reported == session.started_at else None


def _moves_of_frees(session: ChargingSession, at: datetime) -> _Moves:
    """T7, of a meter that moved: the wait for the transaction begins anew, and energy that was counted after the
    connector was free is the session's. One that stands still is no word of the transaction, some chargers read it for
    ever. A reading of before the connector was free, which its status overtook, says nothing of it."""
    moves: _Moves = {}
    if session.available_since is not None:
        moves["available_since"] = max(session.available_since, at)
    if session.free_at is not None:
        moves["free_at"] = max(session.free_at, at)
    return moves


def _moves_of_register(
    session: ChargingSession,
    register_wh: WattHours,
    at: datetime | None,
    supply: Supply | None,
    step: WattHours | None,
) -> _Moves:
    """`step`: the finest in which registers of its source came; None for the register of a transaction message."""
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


def _moves_of_rounding(session: ChargingSession, at: datetime | None, step: WattHours | None) -> _Moves:
    """M2: the base stays, and so does its time where a step takes longer than a reading."""
    stays_at = session.register_at if step is not None and step > 1 else None
    return {
        "base_register_wh": session.base_register_wh,
        "energy_wh": session.energy_wh,
        "register_at": stays_at or at,
        "leapt_to_wh": None,
        "leapt_at": None,
    }


def _moves_of_interval(
    session: ChargingSession,
    counted_wh: WattHours,
    interval_wh: WattHours,
    at: datetime | None,
    supply: Supply | None,
) -> _Moves:
    """M5: how long an interval is, nobody tells; what all of them add up to, the whole session's time bounds.
    `counted_wh`: the intervals before."""
    energy_wh = counted_wh + interval_wh
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
    moves = _moves_of_count(session, session.base_register_wh, register_wh, at, _OF_TRANSACTION)
    return replace(session, **moves)


def _moves_of_count(
    session: ChargingSession, base_wh: WattHours, register_wh: WattHours, at: datetime | None, step: WattHours | None
) -> _Moves:
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
