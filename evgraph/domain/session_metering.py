"""What the readings of a running session tell: its energy, by the best of the sources that its meter has (M1, M4, M6).

Which registers are believed is in `session_registers`.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from evgraph.domain.charging_session import ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import FIRST_INTERVAL, Reading, WattHours, instants
from evgraph.domain.evolving import evolution_of
from evgraph.domain.own_clock import is_ahead
from evgraph.domain.session_clock import START_GRACE, is_since_start
from evgraph.domain.session_flags import OF_REGISTERS
from evgraph.domain.session_full import power_seen
from evgraph.domain.session_registers import Moves, moves_of_register
from evgraph.domain.session_unplug import held_back
from evgraph.domain.session_unplug import register_seen as register_seen_after_unplug
from evgraph.domain.supply import Supply, step_wh

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
    is_told = taken.full_since != before.full_since
    is_by_power = session.full_since is not None and session.full_since == session.low_power_since
    completed = replace(
        session,
        **{name: getattr(taken, name) for name in _METERED},
        **_moves_of_frees(session, reading.at) if has_moved else {},
        # A status may have set it since then; low power that the instant's first part showed, the whole may deny.
        full_since=taken.full_since if is_told or is_by_power else session.full_since,
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
    readings = list(instants(readings))
    sources = {one.source for one in readings if one.register_wh is not None}
    if len(sources) < 2 or any(one.begin_wh is not None for one in readings):
        return readings
    best = min(sources)
    return [one if one.source == best else replace(one, register_wh=None) for one in readings]


def _is_start_of_its_stop(session: ChargingSession) -> bool:
    """S6: nothing but its stop told where the meter stood; another stop tells it anew."""
    is_unknown = SessionFlag.METER_START_ESTIMATED in session.flags and session.register_step_wh is None
    return is_unknown and session.stop_register_wh is not None and session.meter_start_wh == session.stop_register_wh


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
    moves: Moves = {}
    if reading.register_wh is not None and reading.source == session.register_source:
        step = session.register_step_wh
        if step is None or reading.step_wh < step:
            step = reading.step_wh
        moves = moves_of_register(session, reading.register_wh, at, supply, step)
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
) -> Moves:
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


def _moves_of_estimated_start(session: ChargingSession, reading: Reading, at: datetime | None) -> Moves:
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
) -> Moves:
    held = session.register_source
    if held is None:
        step = min(reading.step_wh, session.register_step_wh or reading.step_wh)
        moves = moves_of_register(session, register_wh, at, supply, step)
        return moves | {"register_source": reading.source, "register_step_wh": step}
    is_after_intervals = held >= FIRST_INTERVAL
    fresh: Moves = {
        "carried_wh": 0,
        "base_register_wh": session.meter_start_wh,
        "register_at": _start_register_at(session),
        "energy_wh": 0,
        "leapt_to_wh": None,
        "leapt_at": None,
        "register_step_wh": None,
        "flags": session.flags if is_after_intervals else session.flags - OF_REGISTERS,
    }
    moves = fresh | moves_of_register(_evolved(session, fresh), register_wh, at, supply, reading.step_wh)
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


def _moves_of_frees(session: ChargingSession, at: datetime) -> Moves:
    """T7, of a meter that moved: the wait for the transaction begins anew, and energy that was counted after the
    connector was free is the session's. One that stands still is no word of the transaction, some chargers read it for
    ever. A reading of before the connector was free, which its status overtook, says nothing of it."""
    moves: Moves = {}
    if session.available_since is not None:
        moves["available_since"] = max(session.available_since, at)
    if session.free_at is not None:
        moves["free_at"] = max(session.free_at, at)
    return moves


def _moves_of_interval(
    session: ChargingSession,
    counted_wh: WattHours,
    interval_wh: WattHours,
    at: datetime | None,
    supply: Supply | None,
) -> Moves:
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
