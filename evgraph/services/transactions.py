"""What chargers say of transactions: begun, ended, and what an idTag may do. Answered after the commit."""

from dataclasses import replace
from datetime import datetime, timedelta

from evgraph.domain import charging_request, session_end, session_start
from evgraph.domain.cards import IdTagInfo
from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag, SessionStatus
from evgraph.domain.energy import WattHours
from evgraph.domain.port import Port, clock_lag
from evgraph.domain.quarantine import why_not_placed
from evgraph.domain.rate import Rate, is_charged_once
from evgraph.domain.refusals import ErrorCode
from evgraph.domain.session_clock import StartTime, start_time, time_of_next_start
from evgraph.domain.session_metering import readings_taken
from evgraph.domain.session_registers import leap_confirmed
from evgraph.domain.stop_matching import differs, is_correction, was_waiting_for
from evgraph.domain.transactions import StartAnswer, TransactionStart, TransactionStop, is_one_time, tag
from evgraph.models import ChargePointRow, QuarantinedMessageRow, SessionRow
from evgraph.models.meter_samples import forget_samples_of_none, samples_of_none
from evgraph.services import reading, recount, start_lookup, stop_lookup
from evgraph.services.books import Books, Change
from evgraph.services.cards import card_info
from evgraph.services.forgotten_sessions import FREE_FOR, ForgottenSessions
from evgraph.services.interfaces import ChargePointGateway
from evgraph.services.placing import keep_in_quarantine, place_beside, place_of, running_beside
from evgraph.services.session_endings import end_by
from evgraph.services.settling import correct, flat_fee_paid, give_up_start, settle_in_parts, share_flat_fee, take_back
from evgraph.services.supplies import Supplies

__all__ = ["FREE_FOR", "OURSELVES", "STOP_TRANSACTION", "Transactions"]

# A start that waits in a charger's queue comes within days; each orphan is read again at every start until then.
_ORPHANS_WAIT = timedelta(days=7)
_MOST_ORPHANS = 20
STOP_TRANSACTION = "StopTransaction"
OURSELVES = "EVGraph"


class Transactions:
    def __init__(
        self, books: Books, supplies: Supplies, gateway: ChargePointGateway, *, free_for: timedelta = FREE_FOR
    ) -> None:
        self._books = books
        self._gateway = gateway
        self._supplies = supplies
        self._free_for = free_for

    async def authorize(self, charge_point_id: int, id_tag: str) -> IdTagInfo:
        """S3: Accepted for an idTag that StartTransaction would take, or that runs a session of ours; else what S6 says
        of it. An idTag of the charger's own is Accepted only until the start that waits is over."""
        id_tag = tag(id_tag)
        if (
            await start_lookup.may_begin(charge_point_id, id_tag, self._books.now())
            or await start_lookup.cut_off(charge_point_id, id_tag) is not None
            or await start_lookup.running(charge_point_id, id_tag) is not None
        ):
            return IdTagInfo(status=AuthorizationStatus.ACCEPTED)
        charge_point = await ChargePointRow.get(id=charge_point_id)
        info = await card_info(charge_point.garage_id, id_tag, self._books.now())
        if info.status is not AuthorizationStatus.INVALID or is_one_time(id_tag) or not id_tag:
            return info
        waiting = await start_lookup.waiting_for_any_tag(charge_point_id, self._books.now())
        if waiting is None:
            return info
        return IdTagInfo(status=AuthorizationStatus.ACCEPTED, expires_at=waiting.start_deadline)

    async def transaction_started(self, charge_point_id: int, start: TransactionStart) -> StartAnswer:
        """S2, S5, S6, S7: a transactionId and a status, the same ones for a StartTransaction that was sent before."""
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        async with self._books.change(garage_id) as change:
            start = start if start.received_at is not None else replace(start, received_at=change.now)
            begun = await start_lookup.begun_by(charge_point_id, start)
            port = await change.port(begun.port_id) if begun is not None and start.connector_id < 1 else None
            if port is not None:
                # It does not say where; it was asked to begin there.
                start = replace(start, connector_id=port.connector_id)
            else:
                port = await place_of(change, garage_id, charge_point_id, start.connector_id)
            holder = await change.holder(port.id)
            another_waits = begun is not None or (holder is not None and holder.status is SessionStatus.STARTING)
            known = await start_lookup.known(charge_point_id, start, another_waits=another_waits)
            if known is not None:
                return await self._answer(known)
            is_holder = holder is not None and begun is not None and holder.id == begun.id
            if (
                holder is not None
                and not is_holder
                and session_start.is_older(start, holder, clock_lag=clock_lag(port))
            ):
                # It was before what runs there, and waited in the queue: it is told beside it.
                port = await place_beside(change, garage_id, charge_point_id)
                holder = None
            its_own = None
            if begun is None:
                its_own = await start_lookup.begun_with_tag_of_its_own(holder, garage_id, start)
            begun = begun or its_own or await self._given_back(change, charge_point_id, port, start)
            cut = await start_lookup.continued_by(charge_point_id, start) if begun is None else None
            time = start_time(
                start,
                asked_at=begun.asked_at if begun is not None else None,
                connected_since=await start_lookup.connected_since(charge_point_id),
            )
            await self._end_what_runs(change, port, start, time, begun=begun)
            await self._end_beside(change, start, time, charge_point_id, begun=begun)
            continued = await self._continued(change, cut.id, port, start) if cut is not None else None
            if continued is not None:
                begun, time = continued
            session = await self._opened(
                change, port, begun, start, time, reported_id_tag=tag(start.id_tag) if its_own is not None else None
            )
            answer = await self._answer(session)
            if port.connector_id == session.connector_id:
                session = await self._with_readings_before(change, session)
            await self._end_if_told_before(change, session)
            return answer

    async def transaction_stopped(self, charge_point_id: int, stop: TransactionStop) -> AuthorizationStatus | None:
        """T1 to T6: ends, bills, and answers always. The status is null when no idTag was told."""
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        async with self._books.change(garage_id) as change:
            stop = stop if stop.received_at is not None else replace(stop, received_at=change.now)
            session = await stop_lookup.meant(charge_point_id, stop, self._supplies)
            if session is None:
                await self._keep(change, charge_point_id, stop)
            elif await self._is_ended_otherwise(session, stop):
                await self._keep(change, charge_point_id, stop, named=session)
            else:
                await self.end_by(change, session, stop)
        return AuthorizationStatus.ACCEPTED if stop.id_tag else None

    async def end_by(self, change: Change, session: ChargingSession, stop: TransactionStop) -> ChargingSession:
        """T1: the session ends and is billed. T5, T7: one that has ended otherwise is corrected. T2: else nothing."""
        return await end_by(change, session, stop, await self._supplies.of_port(session.port_id))

    async def is_known(self, charge_point_id: int, transaction_id: int) -> bool:
        """B1: the charge point was given this transactionId."""
        return await SessionRow.exists(id=transaction_id, charge_point_id=charge_point_id, started_at__isnull=False)

    async def close_forgotten(self) -> int:
        """T7: closes what chargers have lost, or speak of no more; tells how many."""
        return await ForgottenSessions(self._books, self._supplies, self._free_for).close()

    async def find_full(self) -> int:
        """M6: vehicles that take no more, and whose chargers read no meter any more; tells how many."""
        return await ForgottenSessions(self._books, self._supplies, self._free_for).find_full()

    @staticmethod
    async def _is_ended_otherwise(session: ChargingSession, stop: TransactionStop) -> bool:
        """T3: its charger ended it by another stop, and this one is no correction of that."""
        if session.status is not SessionStatus.ENDED or session_end.was_closed_by_us(session):
            return False
        if not differs(session, stop):
            return False
        return not is_correction(session, stop, next_start_at=await stop_lookup.next_start_at(session))

    @staticmethod
    async def _keep(
        change: Change, charge_point_id: int, stop: TransactionStop, *, named: ChargingSession | None = None
    ) -> None:
        """T3: what ends nothing; an orphan where its session is not known, and may still begin (X2)."""
        by_id = named or await stop_lookup.named_by_id(charge_point_id, stop)
        await keep_in_quarantine(
            change,
            charge_point_id,
            action=STOP_TRANSACTION,
            frame=stop.raw,
            why=why_not_placed(stop, named),
            energy_wh=stop.meter_stop_wh,
            # What it is to be stamped with when it is read again (B7, C10).
            at=stop.received_at if stop.clock_replaced else None,
            is_orphan=by_id is None or await stop_lookup.waits_for_start(charge_point_id, stop),
        )

    async def _answer(self, session: ChargingSession) -> StartAnswer:
        """S2: the status that it was given, whatever became of the card since."""
        status = session.authorization or AuthorizationStatus.ACCEPTED
        if is_one_time(session.id_tag):
            return StartAnswer(transaction_id=session.id, status=status)
        card = await card_info(session.garage_id, session.id_tag, self._books.now())
        return StartAnswer(
            transaction_id=session.id, status=status, expires_at=card.expires_at, parent_id_tag=card.parent_id_tag
        )

    @staticmethod
    async def _given_back(
        change: Change, charge_point_id: int, port: Port, start: TransactionStart
    ) -> ChargingSession | None:
        """S2: our one-time idTag starts after all: the session that was taken for it becomes unassigned, unless it was
        given to another ticket since; and this start gets a session of its own, for the request that it was asked
        for."""
        found = await start_lookup.given_to_another(charge_point_id, start)
        if found is None:
            return None
        taken, request = found
        if taken.stay_id != request.stay_id:
            # Somebody has moved it to the ticket that it belongs to.
            await change.save_session(session_start.with_reported_tag(taken))
        else:
            released = await change.save_session(session_start.released(taken))
            await take_back(change, released)
            await share_flat_fee(change, request.id)
            # The card shows another session from now on.
            change.touch_session(taken)
        return start_lookup.asked_anew(taken, request, port, taken.asked_at)

    @staticmethod
    async def _continued(
        change: Change, session_id: int, port: Port, start: TransactionStart
    ) -> tuple[ChargingSession, StartTime] | None:
        """T8: a charger that was cut off begins anew with the idTag it had; the same vehicle, a further session, and
        when that began. `session_id`: of the part before it, which has ended by now."""
        cut = await change.session(session_id)
        request = await change.request(cut.request_id) if cut is not None and cut.request_id is not None else None
        if cut is None or request is None:
            return None
        time = session_start.continued_time(start, cut)
        return start_lookup.asked_anew(cut, request, port, time.at), time

    async def _end_what_runs(
        self, change: Change, port: Port, start: TransactionStart, time: StartTime, *, begun: ChargingSession | None
    ) -> None:
        """S7: what was open on the connector ends before the next begins; a start that waited there is given up.
        `begun`: the session that was asked for and that begins; null where nobody asked for it."""
        session = await change.holder(port.id)
        if session is None or (begun is not None and session.id == begun.id):
            return
        if session.status is SessionStatus.STARTING:
            await give_up_start(
                change,
                session,
                ErrorCode.PORT_IN_USE,
                f"Another session began at {port.name}. Choose another port.",
            )
        else:
            supply = self._supplies.of(port.max_power_w)
            at = time_of_next_start(session, start, time if begun is not None else None)
            # X2: what the meter told later is not the session's, whichever came first.
            until = at.at if at.is_own else None
            session = await recount.settled(session, supply, until=until, heard_at=start.received_at)
            session = await stop_lookup.with_start(session)
            await settle_in_parts(change, session_end.superseded(session, start.meter_start_wh, at, supply=supply))

    async def _end_beside(
        self,
        change: Change,
        start: TransactionStart,
        time: StartTime,
        charge_point_id: int,
        *,
        begun: ChargingSession | None,
    ) -> None:
        """S7: what ran beside the port of the connector ends as well, if it began before. Where another session has
        begun there since then, what the meter counted is that one's."""
        for session in await running_beside([charge_point_id]):
            if session.connector_id != start.connector_id or session_start.is_older(start, session):
                continue
            at = time_of_next_start(session, start, time if begun is not None else None)
            supply = await self._supplies.of_port(session.port_id)
            until = at.at if at.is_own else None
            session = await recount.settled(session, supply, until=until, heard_at=start.received_at)
            session = await stop_lookup.with_start(session)
            register_wh = None if await stop_lookup.began_since(session) else start.meter_start_wh
            await settle_in_parts(change, session_end.superseded(session, register_wh, at, supply=supply))

    async def _with_readings_before(self, change: Change, session: ChargingSession) -> ChargingSession:
        """M3, X2: readings that named no transaction, and came before the start of the only one that they can be of:
        they were taken since it began, by a clock that is right, and before the next one there did."""
        started_at = session.started_at
        until = min(change.now, await stop_lookup.next_start_at(session) or change.now)
        if started_at is None or SessionFlag.CLOCK_REPLACED in session.flags or started_at >= until:
            return session
        place = (session.charge_point_id, session.connector_id, started_at, until)
        readings = [sample.reading() for sample in await samples_of_none(*place)]
        if not readings:
            return session
        await forget_samples_of_none(*place)
        await recount.store(change, session, readings)
        usable = await recount.usable(session.charge_point_id, readings)
        supply = await self._supplies.of_port(session.port_id)
        return await change.save_session(readings_taken(session, usable, supply=supply))

    async def _end_if_told_before(self, change: Change, session: ChargingSession) -> None:
        """X2: a stop that came before its start waits in quarantine; it is the end of what has only now begun."""
        waiting = QuarantinedMessageRow.filter(
            charge_point_id=session.charge_point_id,
            action=STOP_TRANSACTION,
            resolved_at__isnull=True,
            is_orphan=True,
            at__gte=change.now - _ORPHANS_WAIT,
        )
        latest = await waiting.order_by("-at").limit(_MOST_ORPHANS)
        read = [(self._gateway.read_stop(kept.frame, kept.at), kept) for kept in reversed(latest)]
        in_time = sorted(((stop, kept) for stop, kept in read if stop is not None), key=lambda told: told[0].at)
        for stop, kept in in_time:
            following = await stop_lookup.next_start_at(session)
            if not was_waiting_for(session, stop, next_start_at=following):
                continue
            session = await self.end_by(change, session, stop)
            await QuarantinedMessageRow.filter(id=kept.id).update(
                resolved_at=change.now,
                resolved_by=OURSELVES,
                resolution="Its StartTransaction came after it.",
                session_id=session.id,
                is_orphan=False,
            )

    async def _opened(
        self,
        change: Change,
        port: Port,
        waiting: ChargingSession | None,
        start: TransactionStart,
        time: StartTime,
        *,
        reported_id_tag: str | None,
    ) -> ChargingSession:
        """S2, S5 where one waits for it; else S6."""
        rate = await reading.rate_in_force(None, port.garage_id, session_start.rate_taken_at(waiting, time.at))
        rate_id = rate.id if rate is not None else None
        last_register_wh = await _left_by_the_one_before(change, port, start, time.at)
        if waiting is None:
            id_tag = tag(start.id_tag)
            return await change.save_session(
                session_start.unassigned(
                    garage_id=port.garage_id,
                    charge_point_id=port.charge_point_id,
                    port_id=port.id,
                    connector_id=start.connector_id,
                    id_tag=id_tag,
                    authorization=(await card_info(port.garage_id, id_tag, change.now)).status,
                    meter_start_wh=start.meter_start_wh,
                    at=time.at,
                    reported_start=start.reported_at,
                    rate_id=rate_id,
                    clock_replaced=time.is_replaced,
                    clock_error_us=time.clock_error_us,
                    now=change.now,
                    last_register_wh=last_register_wh,
                )
            )
        if waiting.port_id != port.id:
            # The charger began on another connector than it was asked to: the vehicle is where the energy flows.
            change.touch_port(waiting.garage_id, waiting.port_id)
        session = await change.save_session(
            session_start.transaction_started(
                replace(waiting, port_id=port.id, connector_id=start.connector_id),
                meter_start_wh=start.meter_start_wh,
                at=time.at,
                reported_start=start.reported_at,
                rate_id=rate_id,
                flat_fee_paid=await _is_flat_fee_paid(change, waiting, rate, time.at),
                clock_replaced=time.is_replaced,
                clock_error_us=time.clock_error_us,
                last_register_wh=last_register_wh,
                reported_id_tag=reported_id_tag,
            )
        )
        request = await change.request(session.request_id) if session.request_id is not None else None
        if request is not None:
            await change.save_request(charging_request.charging_began(request, session.id))
        return session


async def _is_flat_fee_paid(change: Change, waiting: ChargingSession, rate: Rate | None, at: datetime) -> bool:
    """T8. `at`: when the session began."""
    if rate is None or not is_charged_once(rate.kind):
        return False
    return await flat_fee_paid(change, replace(waiting, started_at=at))


async def _left_by_the_one_before(
    change: Change, port: Port, start: TransactionStart, at: datetime
) -> WattHours | None:
    """T11: where the port's latest session that began before left its meter; null where there was none. M5: a leap at
    its end that this start bears out is billed after all."""
    if not port.is_reported:
        # Nobody knows whether it is one connector.
        return None
    before = await stop_lookup.left_before(port.id, at)
    if before is None:
        return None
    if start.meter_start_wh is None:
        return session_end.last_register_wh(before)
    confirmed = leap_confirmed(before, start.meter_start_wh)
    if confirmed is not before:
        await correct(change, confirmed)
    return session_end.last_register_wh(confirmed)
