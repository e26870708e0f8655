"""All bills of a record at once: sessions are placed, then each is read as a whole, metered, and priced."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from .frames import Stop
from .metering import INTERVAL, REGISTER, Meter, Point, begin_register, meter, points
from .placing import UNPLUGGED, Placing, Session
from .pricing import cents, minutes, rate_at
from .record import Bill, Bills, Record
from .stamps import Moment, parse


@dataclass(frozen=True)
class Cut:
    """T4: where a vehicle left, and another went on under the same transaction."""

    left_at: datetime
    at: datetime
    energy: Decimal


def calculate(record: Record) -> Bills:
    """What every session of a charge point comes to, and what every ticket owes."""
    placed = Placing(record).run()
    bills: list[Bill] = []
    for session in sorted(placed.sessions, key=lambda one: one.started_at):
        left = _last_register_before(session, placed.sessions, len(record.power_w))
        bills += _bills(session, record, left, _next_start(session, placed.sessions))
    return _priced(bills, record, tuple(stop.raw for stop in placed.orphans))


def _bills(session: Session, record: Record, port_register: int | None, next_start: int | None) -> list[Bill]:
    stop, stopped = _own_stop(session)
    reasons = _reasons(session, stop, stopped)
    measured, readings = _measured(session, record, stop, stopped, port_register, next_start)
    reasons |= measured.reasons
    energy, ended_at = _end(session, record, stop, stopped, measured)
    if session.next is None and stop is None and session.closed_at is not None:
        reasons.add("ESTIMATED")
    cut = _cut(session, readings, measured)
    rest: list[Bill] = []
    if cut is not None and cut.energy < energy:
        rest = [_bill(session, None, cut.at, ended_at, energy - cut.energy, frozenset({"NEXT_VEHICLE"}))]
        energy, ended_at = cut.energy, cut.left_at
    ticket = session.request.ticket if session.request else None
    whole = _bill(session, ticket, session.started_at, ended_at, energy, frozenset(reasons))
    answered = min(session.transaction_ids, default=None)
    # It was odd once, and is not any more.
    is_unsettled = bool(rest) or len(session.stops) > 1 or session.closed_at is not None or session.was_corrected
    is_unsettled |= session.clock.error is not None
    is_unsettled |= any(_is_ahead(one) or one.register is None for one in session.stops)
    return [replace(whole, transaction_id=answered, may_be_flagged=is_unsettled), *rest]


def _bill(
    session: Session,
    ticket: str | None,
    started_at: datetime,
    ended_at: datetime | None,
    energy: Decimal,
    reasons: frozenset[str],
) -> Bill:
    lasted = ended_at - started_at if ended_at is not None else timedelta(0)
    return Bill(
        connector=session.connector,
        transaction_id=None,
        ticket=ticket,
        started_at=started_at,
        ended_at=ended_at,
        energy_wh=int(energy.quantize(Decimal(1), ROUND_HALF_UP)),
        minutes=minutes(lasted),
        cents=0,
        reasons=reasons,
    )


def _is_ahead(stop: Stop) -> bool:
    read = parse(stop.stamp)
    return read is not None and read > stop.at


def _own_stop(session: Session) -> tuple[Stop | None, Moment | None]:
    """The stop that counts, and when it was: of several that correct each other one with a register before one without,
    then the latest, by the charger's own stamp before one that was put in its place (T3)."""
    moments = [(session.clock.moment(stop.stamp, stop.at), stop) for stop in session.stops]
    if not moments:
        return None, None
    when, stop = max(moments, key=lambda one: (one[1].register is not None, one[0].is_own, one[0].at, one[1].at))
    return stop, when


def _measured(
    session: Session,
    record: Record,
    stop: Stop | None,
    stopped: Moment | None,
    port_register: int | None,
    next_start: int | None,
) -> tuple[Meter, list[Point]]:
    """The session's meter up to its end. Readings dated after the charger's own stop are not its own (T1)."""
    has_time = stop is not None and parse(stop.stamp) is not None
    until = stopped.at if stopped is not None and has_time else None
    if stop is None:
        until = session.next_began_at
    reads = session.reads(until=until, told_by=_told_by(session, stop, stopped))
    found = points(reads, connectors=len(record.power_w))
    base = _base(session, record, _told_by(session, stop, stopped), port_register)
    if base is not None and any(read.sample.measurand == INTERVAL for read in reads) and not _has_registers(session):
        found = [replace(point, value=point.value + base.value) for point in found]
    end = None
    if stop is not None and stopped is not None and stop.register is not None:
        end = Point(stopped, Decimal(stop.register), Decimal(1), is_stop=True)
        # Of one instant meterStop counts first (M1).
        found = [point for point in found if point.when.at != stopped.at]
    power = record.power_w.get(session.connector)
    measured = meter(base, session.clock.started, found, stop=end, power_w=power, next_start=next_start)
    return measured, found


def _has_registers(session: Session) -> bool:
    return any(read.sample.measurand == REGISTER for read in session.reads())


def _told_by(session: Session, stop: Stop | None, stopped: Moment | None) -> datetime | None:
    """Where a stop told the register, but not its time, what comes after it is not known to be from before it. Where it
    told its time, readings of before it count, whenever they come; the first one also as the register of a start that
    could not be read (S6, X2)."""
    if stop is None or stopped is None or stop.register is None or stopped.is_own:
        return None
    return max(one.at for one in session.stops)


def _base(session: Session, record: Record, told_by: datetime | None, port_register: int | None) -> Point | None:
    """meterStart; where it cannot be read, Transaction.Begin, the first register, or the port's last one (S6)."""
    if session.start.register is not None:
        # M5 is not judged from a stamp that is not right.
        started = Moment(session.started_at, is_own=session.clock.started.is_own and session.clock.error is None)
        return Point(started, Decimal(session.start.register), Decimal(1))
    unknown = Moment(session.started_at, is_own=False)
    reads = session.reads(told_by=told_by)
    connectors = len(record.power_w)
    begun, found = begin_register(reads, connectors=connectors), points(reads, connectors=connectors)
    if begun is not None:
        return Point(unknown, Decimal(begun), Decimal(1))
    if found and _has_registers(session):
        return Point(unknown, found[0].value, found[0].step)
    if port_register is not None:
        return Point(unknown, Decimal(port_register), Decimal(1))
    stops = [one.register for one in session.stops if one.register is not None]
    return Point(unknown, Decimal(stops[0]), Decimal(1)) if stops else None


def _end(
    session: Session, record: Record, stop: Stop | None, stopped: Moment | None, measured: Meter
) -> tuple[Decimal, datetime | None]:
    """Energy and end: by the charger's own stop, else by the next start there (S7), else at the last reading (T7)."""
    measured_at = measured.last_at if stop is None else None
    if measured_at is not None and _is_after_closing(session, measured_at):
        measured_at = None
    last_at = max([measured_at or session.started_at, *_told_at(session)])
    # T7: what is told late, and by a clock that cannot be believed, leaves the end that we set.
    leaves_ours = stopped is not None and not stopped.is_own and session.closed_at is not None
    if stop is not None and stopped is not None and not leaves_ours:
        if parse(stop.stamp) is None and session.entries:
            return measured.energy, session.last_told_at
        return measured.energy, stopped.at
    if session.next is not None:
        if session.ended_where_last_heard:
            return measured.energy, last_at
        following = session.next.start.register
        more = Decimal(0)
        if stop is None and following is not None and measured.last is not None and following > measured.last:
            more = following - measured.last
        return measured.energy + more, _left_at(session, measured) or max(session.next_at or last_at, last_at)
    if session.closed_at is not None:
        left_at = None if session.closed_by_person else _left_at(session, measured)
        return measured.energy, left_at or last_at
    return measured.energy, None


def _left_at(session: Session, measured: Meter) -> datetime | None:
    """When the port was free of it, as far as it was told so: its status, or energy that was counted later."""
    if session.free_told_at is None or (session.closed_at is not None and session.closed_at < session.free_told_at):
        return None
    by_then = session.closed_at or session.free_told_at
    rises = [two[0] for one, two in pairwise(measured.curve) if two[1] > one[1] and two[0] <= by_then]
    return max([session.left_at or session.free_told_at, *rises[-1:]])


def _told_at(session: Session) -> list[datetime]:
    """When its readings were taken, also those that tell no energy; up to the next start there. Those that come after
    its stop move no end."""
    stopped_at = max((one.at for one in session.stops), default=None)
    in_time = [one for one in session.entries if stopped_at is None or one.received_at <= stopped_at]
    told = [session.clock.moment(entry.stamp, entry.received_at).at for entry in in_time]
    following = session.next_began_at
    in_it = [at for at in told if at >= session.started_at and (following is None or at < following)]
    return [at for at in in_it if not _is_after_closing(session, at)]


def _is_after_closing(session: Session, at: datetime) -> bool:
    """T7: of a session that we closed a reading of after that tells nothing, unless the register rises: then it is open
    again."""
    return session.next is None and session.closed_at is not None and at > session.closed_at


def _cut(session: Session, readings: list[Point], measured: Meter) -> Cut | None:
    """T4: after "EV side disconnected", what flows once the port says Charging again, or the register rises between two
    readings later than that, is another vehicle's."""
    told = [(session.clock.moment(one.stamp, one.at).at, one) for one in session.statuses]
    unplugged = [at for at, one in told if one.status == "SuspendedEV" and UNPLUGGED in one.info.lower()]
    if not unplugged:
        return None
    left = min(unplugged)
    cuts = []
    charging = [at for at, one in told if one.status == "Charging" and at > left]
    if charging:
        before = [at for at, _ in measured.curve if at < min(charging)]
        cuts.append(max(before, default=session.started_at))
    later = [point for point in readings if point.when.at > left]
    rises = [one.when.at for one, two in pairwise(later) if two.value > one.value]
    cuts += rises[:1]
    if not cuts:
        return None
    at = min(cuts)
    return Cut(left, at, max((energy for when, energy in measured.curve if when <= at), default=Decimal(0)))


def _reasons(session: Session, stop: Stop | None, stopped: Moment | None) -> set[str]:
    reasons = set()
    if not session.clock.started.is_own or (stopped is not None and not stopped.is_own):
        reasons.add("CLOCK")
    if session.bears_own_tag:
        reasons.add("OWN_TAG")
    if session.start.register is None:
        reasons.add("METER_START")
    if stop is None and session.next is not None:
        reasons.add("NEXT_START")
    return reasons


def _last_register_before(session: Session, sessions: list[Session], connectors: int) -> int | None:
    """The port's last register, as it was known when the session's start was told (T11)."""
    told_by = session.start.at
    earlier = [
        one
        for one in sessions
        if one.connector == session.connector and one.started_at < session.started_at and one is not session
    ]
    for one in sorted(earlier, key=lambda one: one.started_at, reverse=True):
        stops = [stop.register for stop in one.stops if stop.at <= told_by and stop.register is not None]
        if stops:
            return stops[-1]
        # What was read after its end says nothing of where it left the meter (T1).
        ends = [one.clock.moment(stop.stamp, stop.at) for stop in one.stops if stop.at <= told_by]
        until = max((end.at for end in ends if end.is_own), default=None)
        read = points(one.reads(until=until, told_by=told_by), connectors=connectors)
        if read:
            return int(read[-1].value)
        if one.start.register is not None:
            return one.start.register
    return None


def _next_start(session: Session, sessions: list[Session]) -> int | None:
    """The register at which the next session at the port began (M5)."""
    later = [one for one in sessions if one.connector == session.connector and one.started_at > session.started_at]
    following = min(later, key=lambda one: one.started_at, default=None)
    return following.start.register if following is not None else None


def _priced(bills: list[Bill], record: Record, unplaced: tuple[str, ...]) -> Bills:
    """T8: a flat fee is charged once a ticket, though a power cut split its charge in two."""
    priced = []
    owed: defaultdict[str, int] = defaultdict(int)
    charged: set[str] = set()
    for bill in bills:
        if bill.ticket is None or bill.ended_at is None:
            priced.append(bill)
            continue
        rate = rate_at(record.rates, bill.started_at)
        amount = cents(rate, bill.energy_wh, bill.minutes)
        if rate is not None and rate.kind == "FLAT_FEE" and amount:
            amount = 0 if bill.ticket in charged else amount
            charged.add(bill.ticket)
        owed[bill.ticket] += amount
        priced.append(replace(bill, cents=amount))
    return Bills(tuple(priced), dict(owed), unplaced)
