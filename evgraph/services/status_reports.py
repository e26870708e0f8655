"""Status reports (B4, B6): what they make of their port, and of the session that holds it, of all that wait at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple, assert_never

from tortoise.exceptions import DoesNotExist

from evgraph.domain import charge_point as charge_points
from evgraph.domain import port as ports
from evgraph.domain import session_status
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.own_clock import has_elapsed
from evgraph.domain.port import Port, PortStatus, StatusReport
from evgraph.domain.refusals import ErrorCode
from evgraph.domain.session_clock import time_within
from evgraph.models import ChargePointRow, ConnectionRow, PortRow
from evgraph.services import reading, recount
from evgraph.services.books import Books, Change
from evgraph.services.heard_statuses import HeardStatuses
from evgraph.services.own_limits import is_limited
from evgraph.services.placing import port_at, running_beside
from evgraph.services.presence import give_up_starts, touch_ports
from evgraph.services.session_endings import part_anew
from evgraph.services.settling import give_up_start
from evgraph.services.supplies import Supplies

# What a status of connector 0 tells.
_OF_STATUS = (
    "reported_status",
    "reported_at",
    "status_received_at",
    "error_code",
    "info",
    "vendor_error_code",
    "closes_ports",
)
ASKED_AGAIN_AFTER = timedelta(minutes=1)
# A port's status, as it is shown; a report that changes none of it is newer, and nothing to show.
_shown = attrgetter("reported_status", "error_code", "info", "vendor_error_code")


class Reported(NamedTuple):
    charge_point_id: int
    report: StatusReport


class StatusReports:
    """`save` takes those of many charge points together, and returns once they are durable."""

    def __init__(self, books: Books, supplies: Supplies) -> None:
        self._books = books
        self._supplies = supplies
        self._heard = HeardStatuses()

    async def save(self, told: Sequence[Reported]) -> Sequence[ChargingSession | None]:
        """Of each, the session that its charger must be asked to stop."""
        ids = {one.charge_point_id for one in told}
        garages = dict(await ChargePointRow.filter(id__in=list(ids)).values_list("id", "garage_id"))
        if len(garages) < len(ids):
            raise DoesNotExist("ChargePointRow")
        with self._heard.attempt():
            async with self._books.change(*garages.values()) as change:
                return await self._save_in(change, told, garages)

    async def _save_in(
        self, change: Change, told: Sequence[Reported], garages: Mapping[int, int]
    ) -> Sequence[ChargingSession | None]:
        ids = {one.charge_point_id for one in told}
        to_stop: list[ChargingSession | None] = []
        found = await reading.ports(charge_point_id__in=list(ids), is_reported=True)
        known = {(port.charge_point_id, port.connector_id): port for port in found}
        beside = await running_beside(ids)
        for charge_point_id, report in told:
            to_stop.append(None)
            place = (charge_point_id, report.connector_id)
            if report.connector_id < 1:
                if await self._charge_point_reported(change, charge_point_id, report):
                    known = {of: port for of, port in known.items() if of[0] != charge_point_id}
                continue
            before = known.get(place) or await port_at(change, garages[charge_point_id], *place)
            if self._heard.is_repeated(before.id, report):
                continue
            if before.closed_by is not None and await _opens_ports(change, charge_point_id, report):
                known = {of: port for of, port in known.items() if of[0] != charge_point_id}
                before = replace(before, closed_by=None)
            said = report
            report = await _by_the_sessions_clock(change, before, report)
            known[place] = after = ports.status_reported(
                before,
                report,
                change.now,
                is_in_order=await _is_in_order(before, charge_point_id, report, change.now),
            )
            if after is before:
                continue
            await self._save_port(change, before, after)
            holder = await change.session(after.active_session_id) if after.active_session_id is not None else None
            there = [one.id for one in beside if (one.charge_point_id, one.connector_id) == place]
            if there and session_status.tells_those_beside(report, holder):
                to_stop[-1] = await self._tell_beside(change, there, before, said)
            if holder is None:
                await self._tell_ended(change, after, said)
                continue
            if session_status.is_of_the_one_before(holder, report):
                await self._tell_ended(change, after, said)
            to_stop[-1] = await self._tell_session(change, holder, before, report) or to_stop[-1]
            # The session may have let go of it.
            del known[place]
        return to_stop

    async def _charge_point_reported(self, change: Change, charge_point_id: int, report: StatusReport) -> bool:
        """B4: a status of connector 0. True if all its ports are open, or closed, since."""
        # No port has such an id.
        if self._heard.is_repeated(-charge_point_id, report):
            return False
        before = (await ChargePointRow.get(id=charge_point_id)).value()
        in_order = await _is_in_order(before, charge_point_id, report, change.now)
        after = charge_points.status_reported(before, report, change.now, is_in_order=in_order)
        if after is before:
            return False
        await save_charge_point(after, _OF_STATUS)
        if (before.closes_ports, before.reported_status) == (after.closes_ports, after.reported_status):
            return False
        if after.closes_ports or before.closes_ports:
            await touch_ports(change, [charge_point_id])
        if after.closes_ports:
            why = f"The charger is {report.status.value} ({report.error_code or 'no details'}). Choose another port."
            await give_up_starts(change, [charge_point_id], ErrorCode.PORT_NOT_OPEN, why)
        return after.closes_ports or before.closes_ports

    @staticmethod
    async def _save_port(change: Change, before: Port, after: Port) -> None:
        if _shown(before) == _shown(after):
            # Said again: newer, and nothing to show.
            await PortRow.filter(id=after.id).update(
                reported_at=after.reported_at, status_received_at=after.status_received_at
            )
            return
        await change.save_port(after)

    async def _tell_beside(
        self, change: Change, session_ids: Iterable[int], before: Port, report: StatusReport
    ) -> ChargingSession | None:
        """T4, T7: of those that run beside the port, the one whose charger must be asked to stop it."""
        to_stop = None
        for session_id in session_ids:
            session = await change.session(session_id)
            if session is not None and session.status is SessionStatus.CHARGING:
                by_its_clock = _by_its_clock(session, report, change.now)
                to_stop = await self._tell_session(change, session, before, by_its_clock) or to_stop
        return to_stop

    async def _tell_ended(self, change: Change, port: Port, report: StatusReport) -> None:
        """T4, X2: the status may be of a session that ended there, and came after its end; of the latest that began by
        then."""
        if report.status is not PortStatus.CHARGING and not ports.ev_side_disconnected(report):
            return
        for session in await reading.ended_lately(port.id):
            by_its_clock = _by_its_clock(session, report, change.now)
            if session.started_at is not None and session.started_at <= by_its_clock.at:
                await self._tell_the_ended(change, session, by_its_clock)
                return

    async def _tell_the_ended(self, change: Change, session: ChargingSession, report: StatusReport) -> None:
        told = session_status.reported_after_end(session, report)
        has_moved = session_status.has_unplugging_moved(session, told)
        if has_moved and session_status.is_before_end(session, report):
            await part_anew(change, session, told, await self._supplies.of_port(session.port_id))
        elif told != session:
            await change.save_session(told)

    async def _tell_session(
        self, change: Change, session: ChargingSession, before: Port, report: StatusReport
    ) -> ChargingSession | None:
        """The session, when the charger must be asked to stop it."""
        if session.status is SessionStatus.STARTING:
            why = _start_ended_by(before, report)
            if why is not None:
                await give_up_start(change, session, ErrorCode.PORT_NOT_OPEN, why)
            return None
        # The instant that its frame is kept with, so that what follows from it can be derived again (T7, C10).
        received_at = report.received_at or change.now
        away_since = None
        if report.status is PortStatus.AVAILABLE and session.available_since is None:
            away_since = ports.away_since(before, received_at, await _latest_connections(before.charge_point_id))
        told = session_status.reported(session, report, received_at, away_since=away_since)
        if told.full_since is not None and session.full_since is None and await is_limited(told, before, change.now):
            # M6: it waits because we said so.
            told = replace(told, full_since=None)
        has_moved = session_status.has_unplugging_moved(session, told)
        if has_moved and told.last_meter_at is not None and told.last_meter_at >= report.at:
            # T4: readings that came before it are of after it.
            told = await recount.recounted(told, await self._supplies.of_port(told.port_id), heard_at=received_at)
        if told != session:
            await change.save_session(told)
        is_due = told.stop_asked_at is None or has_elapsed(told.stop_asked_at, ASKED_AGAIN_AFTER, change.now)
        return told if ports.ev_side_disconnected(report) and is_due else None


async def _by_the_sessions_clock(change: Change, port: Port, report: StatusReport) -> StatusReport:
    """B7: of a charger whose clock is known to be wrong, by the session that runs there."""
    if port.active_session_id is None:
        return report
    session = await change.session(port.active_session_id)
    return _by_its_clock(session, report, change.now) if session is not None else report


def _by_its_clock(session: ChargingSession, report: StatusReport, now: datetime) -> StatusReport:
    if session.clock_error_us is None:
        return report
    time = time_within(session, report.stamped_at or report.at, report.received_at or now)
    return replace(report, at=time.at, is_stamped=time.is_own)


async def _is_in_order(held: Port | ChargePoint, charge_point_id: int, report: StatusReport, now: datetime) -> bool:
    """B6. Asked only for one that would be older."""
    if held.reported_at is None or report.at >= held.reported_at:
        return False
    return ports.is_in_order(held.status_received_at, report, now, await _latest_connections(charge_point_id))


async def _opens_ports(change: Change, charge_point_id: int, report: StatusReport) -> bool:
    """B4: whether a connector's status opens the ports that its charge point had closed."""
    before = (await ChargePointRow.get(id=charge_point_id)).value()
    in_order = await _is_in_order(before, charge_point_id, report, change.now)
    after = charge_points.connector_reported(before, report, change.now, is_in_order=in_order)
    if after is before:
        return False
    await save_charge_point(after, _OF_STATUS)
    await touch_ports(change, [charge_point_id])
    return True


async def _latest_connections(charge_point_id: int) -> list[tuple[datetime, datetime | None]]:
    """When the latest two were opened and closed, in their order."""
    latest = ConnectionRow.filter(charge_point_id=charge_point_id).order_by("-id").limit(2)
    return [*reversed(await latest.values_list("connected_at", "disconnected_at"))]


def _start_ended_by(before: Port, report: StatusReport) -> str | None:
    """S4: the signs by which a charger tells that an accepted start came to nothing."""
    match report.status:
        case PortStatus.FAULTED:
            return f"The charger reports a fault ({report.error_code or 'no details'}). Choose another port."
        case PortStatus.UNAVAILABLE:
            return "The port became unavailable. Choose another port."
        case PortStatus.AVAILABLE:
            if before.reported_status is not PortStatus.PREPARING:
                return None
            return "The port became available again before charging began. Plug in and start again."
        case (
            PortStatus.PREPARING
            | PortStatus.CHARGING
            | PortStatus.SUSPENDED_EV
            | PortStatus.SUSPENDED_EVSE
            | PortStatus.FINISHING
            | PortStatus.RESERVED
            | PortStatus.OFFLINE
        ):
            return None
        case _:
            assert_never(report.status)


async def save_charge_point(charge_point: ChargePoint, columns: Sequence[str]) -> None:
    """These columns and no others, which may be set by someone else this very moment."""
    await ChargePointRow.filter(id=charge_point.id).update(**{name: getattr(charge_point, name) for name in columns})
