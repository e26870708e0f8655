"""Sessions that only the passing of time tells of: forgotten by their chargers, lost, or of a vehicle that is full."""

from datetime import datetime, timedelta

from tortoise.expressions import Q

from evgraph.domain import session_end, session_full
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.own_clock import CLOCK_GRACE, is_ahead
from evgraph.domain.session_end import SILENT_FOR
from evgraph.domain.session_full import FULL_AFTER
from evgraph.models import ChargePointRow, MeterSampleRow, PortRow, SessionRow
from evgraph.services.books import Books
from evgraph.services.own_limits import full_unless_limited
from evgraph.services.session_endings import close
from evgraph.services.supplies import Supplies

FREE_FOR = timedelta(minutes=5)


class ForgottenSessions:
    """`free_for`: how long a connector is reported free before its session is closed (T7)."""

    def __init__(self, books: Books, supplies: Supplies, free_for: timedelta) -> None:
        self._books = books
        self._supplies = supplies
        self._free_for = free_for

    async def close(self) -> int:
        """T7: closes what a charger reports free for five minutes, has lost, or has not spoken of for a day; tells how
        many."""
        now = self._books.now()
        running = SessionRow.filter(status=SessionStatus.CHARGING)
        is_free = Q(available_since__lte=now - self._free_for) | Q(available_since__gt=now + CLOCK_GRACE)
        free = await running.filter(is_free).values_list("id", "garage_id")
        lost = await running.filter(stop_rejected_at__isnull=False).values_list("id", "garage_id")
        silent = await running.filter(
            Q(last_meter_at__isnull=True) | Q(last_meter_at__lte=now - SILENT_FOR),
            Q(charge_point__last_seen_at__lte=now - SILENT_FOR) | Q(port__is_reported=False),
            started_at__lte=now - SILENT_FOR,
        ).values_list("id", "garage_id")
        closed = 0
        for session_id, garage_id in {*free, *lost, *silent}:
            if not await self._may_be_over(session_id, now):
                continue
            async with self._books.change(garage_id) as change:
                session = await change.session(session_id)
                # Its charger may have spoken of it while this waited for the garage.
                if session is None or not await self._is_over(session, now):
                    continue
                await close(change, session, await self._supplies.of_port(session.port_id))
                closed += 1
        return closed

    async def find_full(self) -> int:
        """M6: vehicles whose power fell ten minutes ago, and whose chargers read no meter any more; tells how many.
        What the charger's stamps do not show of the ten minutes, our clock does, since it told the last of them."""
        now = self._books.now()
        quiet = SessionRow.filter(
            status=SessionStatus.CHARGING,
            full_since__isnull=True,
            low_power_since__lte=now - FULL_AFTER,
            charge_point__is_online=True,
        )
        found = 0
        for session_id, garage_id in await quiet.values_list("id", "garage_id"):
            told = await MeterSampleRow.filter(session_id=session_id).order_by("-at").first()
            async with self._books.change(garage_id) as change:
                session = await change.session(session_id)
                if told is None or session is None or session.low_power_since is None:
                    continue
                lasted = told.at - session.low_power_since + (now - told.received_at)
                full = session_full.low_for_long(session, lasted)
                full = await full_unless_limited(full, await self._supplies.of_port(session.port_id), now)
                if full != session:
                    await change.save_session(full)
                    found += 1
        return found

    async def _may_be_over(self, session_id: int, now: datetime) -> bool:
        """Asked before the garage is taken, which many wait for."""
        row = await SessionRow.get_or_none(id=session_id)
        return row is not None and await self._is_over(row.value(), now)

    async def _is_over(self, session: ChargingSession, now: datetime) -> bool:
        charge_point = await ChargePointRow.get(id=session.charge_point_id)
        is_at_port = await PortRow.exists(id=session.port_id, is_reported=True)
        # No status tells of what is at no port: its charge point may be there, and have forgotten it.
        last_seen = charge_point.last_seen_at if is_at_port else session.asked_at
        deadline = session_end.deadline(session, last_seen, self._free_for)
        if deadline is not None and deadline <= now:
            return True
        if session.available_since is not None and is_ahead(session.available_since, now):
            # B7: our clock ran ahead then; how long the port has been free since, nobody knows.
            return True
        if session.stop_rejected_at is None:
            return False
        of_session = MeterSampleRow.filter(session_id=session.id, received_at__lte=now + CLOCK_GRACE)
        latest = await of_session.order_by("-at").limit(2)
        lost = session_end.lost_deadline(
            session,
            booted_at=charge_point.last_boot_at,
            read_at=latest[0].received_at if latest else None,
            interval=latest[0].at - latest[1].at if len(latest) > 1 else None,
            now=now,
        )
        return lost is not None and lost <= now
