"""What chargers say of transactions: begun, ended, and what an idTag may do. Answered after the commit."""

from dataclasses import replace
from datetime import datetime, timedelta

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from evgraph.domain import charging_request, session_end, session_full, session_start
from evgraph.domain.cards import IdTagInfo
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.charging_session import (
    AuthorizationStatus,
    ChargingSession,
    SessionStatus,
)
from evgraph.domain.energy import WattHours
from evgraph.domain.port import Port
from evgraph.domain.quarantine import why_not_placed
from evgraph.domain.refusals import ErrorCode
from evgraph.domain.session_end import SILENT_FOR
from evgraph.domain.session_full import FULL_AFTER
from evgraph.domain.session_metering import leap_confirmed
from evgraph.domain.stay import StayStatus
from evgraph.domain.transactions import StartAnswer, TransactionStart, TransactionStop, is_one_time, tag
from evgraph.models import ChargePointRow, MeterSampleRow, QuarantinedMessageRow, RequestRow, SessionRow
from evgraph.services import reading
from evgraph.services.books import Books, Change
from evgraph.services.cards import card_info
from evgraph.services.interfaces import ChargePointGateway
from evgraph.services.placing import keep_in_quarantine, port_at
from evgraph.services.settling import correct, flat_fee_paid, give_up_start, settle
from evgraph.services.supplies import Supplies

FREE_FOR = timedelta(minutes=5)
STOP_TRANSACTION = "StopTransaction"
OURSELVES = "EVGraph"


class Transactions:
    def __init__(
        self, books: Books, supplies: Supplies, gateway: ChargePointGateway, *, free_for: timedelta = FREE_FOR
    ) -> None:
        self._books = books
        self._gateway = gateway
        self._free_for = free_for
        self._supplies = supplies

    async def authorize(self, charge_point_id: int, id_tag: str) -> IdTagInfo:
        """S3: Accepted for an idTag that StartTransaction would take, or that runs a session of ours; else what S6 says
        of it."""
        id_tag = tag(id_tag)
        if (
            await self._waiting(charge_point_id, id_tag) is not None
            or await self._cut_off(charge_point_id, id_tag) is not None
            or await self._latest(charge_point_id, id_tag, SessionStatus.CHARGING) is not None
        ):
            return IdTagInfo(status=AuthorizationStatus.ACCEPTED)
        charge_point = await ChargePointRow.get(id=charge_point_id)
        return await card_info(charge_point.garage_id, id_tag, self._books.now())

    async def transaction_started(self, charge_point_id: int, start: TransactionStart) -> StartAnswer:
        """S2, S5, S6, S7: a transactionId and a status, the same ones for a StartTransaction that was sent before."""
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        async with self._books.change(garage_id) as change:
            id_tag = tag(start.id_tag)
            port = await port_at(change, garage_id, charge_point_id, start.connector_id)
            known = await self._known(charge_point_id, port, id_tag, start)
            if known is not None:
                return await self._answer(known)
            waiting = await self._waiting(charge_point_id, id_tag)
            await self._end_what_runs(change, port, start, except_for=waiting)
            waiting = waiting or await self._continued(charge_point_id, id_tag, start)
            rate = await reading.rate_in_force(None, garage_id, session_start.rate_taken_at(waiting, start.at))
            rate_id = rate.id if rate else None
            last_register_wh = await _left_by_the_one_before(change, port, start)
            if waiting is not None:
                session = await self._begin(change, waiting, port, start, rate_id, last_register_wh)
            else:
                session = await change.save_session(
                    session_start.unassigned(
                        garage_id=garage_id,
                        charge_point_id=charge_point_id,
                        port_id=port.id,
                        connector_id=port.connector_id,
                        id_tag=id_tag,
                        authorization=(await card_info(garage_id, id_tag, change.now)).status,
                        meter_start_wh=start.meter_start_wh,
                        at=start.at,
                        reported_start=start.reported_at,
                        rate_id=rate_id,
                        clock_replaced=start.clock_replaced,
                        now=change.now,
                        last_register_wh=last_register_wh,
                    )
                )
            answer = await self._answer(session)
            await self._end_if_told_before(change, session)
            return answer

    async def transaction_stopped(self, charge_point_id: int, stop: TransactionStop) -> AuthorizationStatus | None:
        """T1 to T6: ends, bills, and answers always. The status is null when no idTag was told."""
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        async with self._books.change(garage_id) as change:
            session = await self._meant(charge_point_id, stop)
            if session is None:
                await keep_in_quarantine(
                    change,
                    charge_point_id,
                    action=STOP_TRANSACTION,
                    frame=stop.raw,
                    why=why_not_placed(stop),
                    energy_wh=stop.meter_stop_wh,
                    # What it is to be stamped with when it is read again (B7, C10).
                    at=stop.at if stop.clock_replaced else None,
                )
            else:
                await self.end_by(change, session, stop)
        return AuthorizationStatus.ACCEPTED if stop.id_tag else None

    async def end_by(self, change: Change, session: ChargingSession, stop: TransactionStop) -> ChargingSession:
        """T1: the session ends and is billed. T5, T7: one that we had closed is corrected. T2: else nothing."""
        supply = await self._supplies.of_port(session.port_id)
        if session.status is SessionStatus.CHARGING:
            ended = session_end.transaction_stopped(
                session,
                meter_stop_wh=stop.meter_stop_wh,
                at=stop.at,
                reason=stop.reason,
                supply=supply,
                readings=stop.readings,
                clock_replaced=stop.clock_replaced,
            )
            return await settle(change, ended)
        told = session_end.truth_told(
            session,
            meter_stop_wh=stop.meter_stop_wh,
            at=stop.at,
            reason=stop.reason,
            supply=supply,
            readings=stop.readings,
            clock_replaced=stop.clock_replaced,
        )
        return await correct(change, told) if told != session else session

    async def close_forgotten(self) -> int:
        """T7: closes what a charger reports free for five minutes, or has not spoken of for a day; tells how many."""
        now = self._books.now()
        running = SessionRow.filter(status=SessionStatus.CHARGING)
        free = await running.filter(available_since__lte=now - self._free_for).values_list("id", "garage_id")
        silent = await running.filter(
            Q(last_meter_at__isnull=True) | Q(last_meter_at__lte=now - SILENT_FOR),
            started_at__lte=now - SILENT_FOR,
            charge_point__last_seen_at__lte=now - SILENT_FOR,
        ).values_list("id", "garage_id")
        closed = 0
        for session_id, garage_id in {*free, *silent}:
            async with self._books.change(garage_id) as change:
                session = await change.session(session_id)
                # Its charger may have spoken of it while this waited for the garage.
                if session is None or not await self._is_forgotten(session, now):
                    continue
                await settle(change, session_end.given_up(session, session_end.last_known(session)))
                closed += 1
        return closed

    async def _is_forgotten(self, session: ChargingSession, now: datetime) -> bool:
        charge_point = await ChargePointRow.get(id=session.charge_point_id)
        deadline = session_end.deadline(session, charge_point.last_seen_at, self._free_for)
        return deadline is not None and deadline <= now

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
                if full != session:
                    await change.save_session(full)
                    found += 1
        return found

    async def _answer(self, session: ChargingSession) -> StartAnswer:
        """S2: the status that it was given, whatever became of the card since."""
        status = session.authorization or AuthorizationStatus.ACCEPTED
        if is_one_time(session.id_tag):
            return StartAnswer(transaction_id=session.id, status=status)
        card = await card_info(session.garage_id, session.id_tag, self._books.now())
        return StartAnswer(
            transaction_id=session.id, status=status, expires_at=card.expires_at, parent_id_tag=card.parent_id_tag
        )

    async def _known(
        self, charge_point_id: int, port: Port, id_tag: str, start: TransactionStart
    ) -> ChargingSession | None:
        """S2: the session that this very StartTransaction opened before."""
        rows = await SessionRow.filter(
            charge_point_id=charge_point_id,
            id_tag=id_tag,
            meter_start_wh=start.meter_start_wh,
            started_at__isnull=False,
        ).order_by("-id")
        for session in (row.value() for row in rows):
            if session_start.was_opened_by(session, connector_id=port.connector_id, reported_start=start.reported_at):
                return session
        return None

    @staticmethod
    async def _latest(charge_point_id: int, id_tag: str, *statuses: SessionStatus) -> ChargingSession | None:
        """The latest session that was asked for with this idTag, if it is in one of these states. A card's sessions,
        assigned or not, are any vehicle's."""
        if not is_one_time(id_tag):
            return None
        row = (
            await SessionRow.filter(charge_point_id=charge_point_id, id_tag=id_tag, request_id__isnull=False)
            .order_by("-id")
            .first()
        )
        return row.value() if row is not None and row.status in statuses else None

    async def _waiting(self, charge_point_id: int, id_tag: str) -> ChargingSession | None:
        """S2, S5: the session that was asked for with this idTag and may begin."""
        session = await self._latest(charge_point_id, id_tag, SessionStatus.STARTING, SessionStatus.FAILED)
        if session is None or session.status is SessionStatus.STARTING or await _can_revive(session):
            return session
        return None

    async def _cut_off(self, charge_point_id: int, id_tag: str) -> ChargingSession | None:
        """T8: the session of this idTag whose charger was cut off, and may go on with the same vehicle."""
        cut = await self._latest(charge_point_id, id_tag, SessionStatus.ENDED)
        return cut if cut is not None and session_end.was_cut_off(cut) and await _can_be_continued(cut) else None

    async def _continued(self, charge_point_id: int, id_tag: str, start: TransactionStart) -> ChargingSession | None:
        """T8: a charger that was cut off begins anew with the idTag it had; the same vehicle, a further session."""
        cut = await self._cut_off(charge_point_id, id_tag)
        if cut is None or cut.request_id is None or cut.stay_id is None:
            return None
        return session_start.asked(
            garage_id=cut.garage_id,
            charge_point_id=cut.charge_point_id,
            port_id=cut.port_id,
            connector_id=cut.connector_id,
            request_id=cut.request_id,
            stay_id=cut.stay_id,
            id_tag=cut.id_tag,
            now=start.at,
        )

    async def _end_what_runs(
        self, change: Change, port: Port, start: TransactionStart, *, except_for: ChargingSession | None
    ) -> None:
        """S7: what was open on the connector ends before the next begins; a start that waited there is given up."""
        session = await change.holder(port.id)
        if session is None or (except_for is not None and session.id == except_for.id):
            return
        if session.status is SessionStatus.STARTING:
            await give_up_start(
                change,
                session,
                ErrorCode.PORT_IN_USE,
                f"Another vehicle began to charge at {port.name}. Choose another port.",
            )
        else:
            ended = session_end.superseded(
                session,
                start.meter_start_wh,
                start.at,
                supply=self._supplies.of(port.max_power_w),
                clock_replaced=start.clock_replaced,
            )
            await settle(change, ended)

    async def _end_if_told_before(self, change: Change, session: ChargingSession) -> None:
        """X2: a stop that came before its start waits in quarantine; it is the end of what has only now begun."""
        others = SessionRow.filter(charge_point_id=session.charge_point_id, status=SessionStatus.CHARGING)
        is_alone = not await others.exclude(id=session.id).exists()
        waiting = QuarantinedMessageRow.filter(
            charge_point_id=session.charge_point_id, action=STOP_TRANSACTION, resolved_at__isnull=True
        )
        read = [(self._gateway.read_stop(kept.frame, kept.at), kept) for kept in await waiting.order_by("id")]
        in_time = sorted(((stop, kept) for stop, kept in read if stop is not None), key=lambda told: told[0].at)
        for stop, kept in in_time:
            if not session_end.was_ended_by(session, stop, is_alone=is_alone):
                continue
            session = await self.end_by(change, session, stop)
            await QuarantinedMessageRow.filter(id=kept.id).update(
                resolved_at=change.now,
                resolved_by=OURSELVES,
                resolution="Its StartTransaction came after it.",
                session_id=session.id,
            )

    @staticmethod
    async def _begin(
        change: Change,
        session: ChargingSession,
        port: Port,
        start: TransactionStart,
        rate_id: int | None,
        last_register_wh: WattHours | None,
    ) -> ChargingSession:
        if session.port_id != port.id:
            # The charger began on another connector than it was asked to: the vehicle is where the energy flows.
            change.touch_port(session.garage_id, session.port_id)
            session = replace(session, port_id=port.id, connector_id=port.connector_id)
        session = await change.save_session(
            session_start.transaction_started(
                session,
                meter_start_wh=start.meter_start_wh,
                at=start.at,
                reported_start=start.reported_at,
                rate_id=rate_id,
                flat_fee_paid=await flat_fee_paid(session),
                clock_replaced=start.clock_replaced,
                last_register_wh=last_register_wh,
            )
        )
        request = await change.request(session.request_id) if session.request_id is not None else None
        if request is not None:
            await change.save_request(charging_request.charging_began(request, session.id))
        return session

    async def _meant(self, charge_point_id: int, stop: TransactionStop) -> ChargingSession | None:
        """T3: by its transactionId; else by its idTag, or as the charge point's only open session, if the time fits."""
        begun = SessionRow.filter(charge_point_id=charge_point_id, started_at__isnull=False)
        if stop.transaction_id is not None and stop.transaction_id > 0:
            row = await begun.get_or_none(id=stop.transaction_id)
            if row is not None:
                return row.value()
        rows = await begun.filter(status=SessionStatus.CHARGING)
        running = [
            session
            for session in (row.value() for row in rows)
            if session_end.may_end_at(session, stop.at, clock_replaced=stop.clock_replaced)
        ]
        same = [session for session in running if stop.id_tag and session.id_tag == tag(stop.id_tag)]
        if len(same) == 1:
            return same[0]
        before = await self._ended_before(charge_point_id, stop)
        if before is not None or len(running) == 1:
            return before or running[0]
        return None if running else await self._given_up_before(begun, stop)

    async def _ended_before(self, charge_point_id: int, stop: TransactionStop) -> ChargingSession | None:
        """T2: the session that this very stop ended, when it is sent again without a usable transactionId. A one-time
        idTag names it; else the charger's stamp does."""
        by_tag = stop.id_tag and await self._latest(charge_point_id, tag(stop.id_tag), SessionStatus.ENDED)
        if by_tag or stop.clock_replaced:
            return by_tag or None
        ended = SessionRow.filter(charge_point_id=charge_point_id, status=SessionStatus.ENDED, ended_at=stop.at)
        row = await ended.order_by("-id").first()
        return row.value() if row is not None else None

    @staticmethod
    async def _given_up_before(begun: QuerySet[SessionRow], stop: TransactionStop) -> ChargingSession | None:
        """T3, T7: what was closed as forgotten while this stop was under way."""
        by_then = begun.filter(started_at__lte=stop.at).order_by("-started_at", "-id")
        connectors = set(await begun.filter(started_at__lte=stop.at).distinct().values_list("connector_id", flat=True))
        rows = [await by_then.filter(connector_id=connector).first() for connector in sorted(connectors)]
        return session_end.given_up_before(stop, [row.value() for row in rows if row is not None])


async def _can_revive(session: ChargingSession) -> bool:
    """S5: the stay is open, and the request has no other session by now."""
    request = await _request_of_open_stay(session)
    return request is not None and session.started_at is None and charging_request.can_be_revived(request, session.id)


async def _can_be_continued(session: ChargingSession) -> bool:
    """T8: the stay is open, and nothing else became of the request."""
    request = await _request_of_open_stay(session)
    return request is not None and charging_request.can_be_continued(request, session.id)


async def _request_of_open_stay(session: ChargingSession) -> ChargingRequest | None:
    """Null once the stay is checked out."""
    row = await RequestRow.get_or_none(id=session.request_id, stay__status=StayStatus.OPEN)
    return row.value() if row is not None else None


async def _left_by_the_one_before(change: Change, port: Port, start: TransactionStart) -> WattHours | None:
    """T11: where the port's latest session that began before left its meter; null where there was none. M5: a leap at
    its end that this start bears out is billed after all."""
    row = (
        await SessionRow.filter(port_id=port.id, status=SessionStatus.ENDED, started_at__lte=start.at)
        .order_by("-started_at", "-id")
        .first()
    )
    if row is None:
        return None
    before = row.value()
    confirmed = leap_confirmed(before, start.meter_start_wh)
    if confirmed is not before:
        await correct(change, confirmed)
    return session_end.last_register_wh(confirmed)
