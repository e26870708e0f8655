"""Vehicles are checked in and out; a check-out needs no step of its own for what charging put on the ticket."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Any, Final

from evgraph.bus import EventBus, Feed
from evgraph.domain import charging_request
from evgraph.domain import stay as rules
from evgraph.domain.charging_request import ChargingRequest, RequestStatus
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.events import SessionChanged
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.session_end import has_pending_charges
from evgraph.domain.stay import Channel, CheckOutWarning, CheckOutWarningCode, Stay, StayKind, StayStatus, Vehicle
from evgraph.models import GarageRow, RequestRow, SessionRow, StayRow
from evgraph.services import finding, reading
from evgraph.services.books import Books, Change
from evgraph.services.charging import NOT_ENDED, Charging
from evgraph.services.once import Claim, Once
from evgraph.services.permissions import missing, require
from evgraph.services.requests import put_on_queue
from evgraph.services.settling import give_up_start


class Keep(Enum):
    """Stands for an input field that was left out: what is there stays."""

    KEEP = "KEEP"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """`ticket_number` null: one is made. `ev_charge` also puts the vehicle on the queue."""

    garage_id: int
    ticket_number: str | None
    kind: StayKind
    vehicle: Vehicle
    charging_note: str | None
    estimated_checkout_at: datetime | None
    ev_charge: bool
    channel: Channel
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn:
    stay: Stay
    request: ChargingRequest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateStay:
    stay_id: int
    vehicle: Vehicle | None
    charging_note: str | Keep | None
    estimated_checkout_at: datetime | Keep | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOut:
    """Either `stay_id`, or `garage_id` and `ticket_number`."""

    stay_id: int | None = None
    garage_id: int | None = None
    ticket_number: str | None = None
    stop_charging: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOut:
    stay: Stay
    warnings: tuple[CheckOutWarning, ...] = ()


class Stays:
    """`stop_wait_s`: how many seconds a checkout waits for the charger to report the end that it asked for."""

    def __init__(
        self, books: Books, once: Once, bus: EventBus, charging: Charging, *, stop_wait_s: float = 15.0
    ) -> None:
        self._books = books
        self._once = once
        self._bus = bus
        self._charging = charging
        self._stop_wait_s = stop_wait_s

    async def check_in(self, viewer: Viewer, command: CheckIn) -> CheckedIn:
        """Raises Refusal INVALID or DUPLICATE_TICKET."""

        async def work(claim: Claim) -> CheckedIn:
            require(viewer, Right.CHECK_IN_AND_OUT, command.garage_id, "garage", "input", "garageId")
            async with self._books.change(command.garage_id) as change:
                stay = rules.check_in(
                    garage_id=command.garage_id,
                    ticket_number=await _ticket(command),
                    kind=command.kind,
                    channel=command.channel,
                    vehicle=command.vehicle,
                    charging_note=command.charging_note,
                    estimated_checkout_at=command.estimated_checkout_at,
                    now=change.now,
                )
                stay = await change.save_stay(stay)
                request = None
                if command.ev_charge:
                    request = await put_on_queue(change, stay, command.channel, stay.estimated_checkout_at)
                await claim.keep({"stay": stay.id, "request": request.id if request else None})
                return CheckedIn(stay=stay, request=request)

        return await self._once.run(viewer, "checkIn", command, work=work, replay=_checked_in_again)

    async def update(self, viewer: Viewer, command: UpdateStay) -> Stay:
        """Raises Refusal STAY_CLOSED or INVALID. A changed estimate also moves the vehicle in the queue."""
        found = await finding.stay(
            viewer, Right.CHECK_IN_AND_OUT, stay_id=command.stay_id, garage_id=None, ticket_number=None
        )
        async with self._books.change(found.garage_id) as change:
            stay = await _present(change, found.id)
            rules.refuse_closed(stay)
            if command.vehicle is not None:
                vehicle = rules.clean_vehicle(command.vehicle)
                stay = replace(
                    stay,
                    license_plate=vehicle.license_plate,
                    plate_state=vehicle.plate_state,
                    make=vehicle.make,
                    color=vehicle.color,
                )
            if not isinstance(command.charging_note, Keep):
                stay = replace(stay, charging_note=rules.clean_note(command.charging_note))
            if not isinstance(command.estimated_checkout_at, Keep):
                rules.refuse_past_checkout(command.estimated_checkout_at, change.now)
                stay = replace(stay, estimated_checkout_at=command.estimated_checkout_at)
                request = await change.request_on_board(stay.id)
                if request is not None:
                    await change.save_request(replace(request, estimated_checkout_at=command.estimated_checkout_at))
            return await change.save_stay(stay)

    async def check_out(self, viewer: Viewer, command: CheckOut) -> CheckedOut:
        """Raises Refusal STAY_CLOSED; STILL_CHARGING without `stop_charging`; with it CHARGER_REJECTED,
        CHARGER_TIMEOUT or CHARGER_BUSY the first time that a charger that is connected does not end the session. The
        next time, or where the charger is offline, the session ends at its last reading and is billed with the
        check-out (T7, T12); what the charger reports later corrects that bill (T5)."""

        async def work(claim: Claim) -> CheckedOut:
            found = await finding.stay(
                viewer,
                Right.CHECK_IN_AND_OUT,
                stay_id=command.stay_id,
                garage_id=command.garage_id,
                ticket_number=command.ticket_number,
            )
            without_charger: frozenset[int] = frozenset()
            if command.stop_charging and found.status is StayStatus.OPEN:
                without_charger = await self._stop_what_runs(found.id)
            async with self._books.change(found.garage_id) as change:
                stay = await _present(change, found.id)
                closed = rules.check_out(stay, change.now)
                await self._end_sessions(change, stay, without_charger=without_charger)
                await _clear_queue(change, stay)
                checked_out = CheckedOut(stay=closed, warnings=await _warnings(stay, change.now))
                await claim.keep(_kept(checked_out))
                await change.save_stay(closed)
                return checked_out

        return await self._once.run(viewer, "checkOut", command, work=work, replay=_checked_out_again)

    async def _end_sessions(self, change: Change, stay: Stay, *, without_charger: frozenset[int]) -> None:
        """S4, T12: gives up the starts of the stay, and ends and bills the sessions that may end without their
        chargers. Raises Refusal STILL_CHARGING for any other session that runs."""
        for row in await SessionRow.filter(stay_id=stay.id, status__in=reading.ACTIVE):
            session = row.value()
            if session.status is SessionStatus.STARTING:
                await give_up_start(
                    change, session, ErrorCode.STAY_CLOSED, "The vehicle was checked out before charging began."
                )
            elif session.id in without_charger:
                await self._charging.end_within(change, session)
            else:
                raise Refusal(
                    ErrorCode.STILL_CHARGING,
                    f"Ticket {stay.ticket_number} is still charging. Unplug the vehicle, stop the session, or"
                    " check it out with `stopCharging: true`.",
                    ("input", "stopCharging"),
                )

    async def _stop_what_runs(self, stay_id: int) -> frozenset[int]:
        """The sessions of the stay that their chargers do not end, and that may end without them. All chargers are
        asked, at once; raises Refusal CHARGER_REJECTED, CHARGER_TIMEOUT or CHARGER_BUSY for the first that refuses."""
        rows = await SessionRow.filter(stay_id=stay_id, status=SessionStatus.CHARGING)
        running = [row.value() for row in rows]
        outcomes = await asyncio.gather(*map(self._is_stopped, running), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return frozenset(session.id for session, outcome in zip(running, outcomes, strict=True) if not outcome)

    async def _is_stopped(self, session: ChargingSession) -> bool:
        """Whether the charger ended the session; false where the session may end without the charger: it is offline
        (T12), or a person was refused before (T7). Raises Refusal otherwise."""
        with self._bus.subscribe(session.garage_id) as feed:
            try:
                await self._charging.ask_to_stop(session)
                await asyncio.wait_for(_end_of(session, feed), self._stop_wait_s)
            except TimeoutError:
                refusal = Refusal(ErrorCode.CHARGER_TIMEOUT, NOT_ENDED)
            except Refusal as failure:
                refusal = failure
            else:
                return True
        if not await SessionRow.exists(id=session.id, status=SessionStatus.CHARGING):
            return True
        if refusal.code is ErrorCode.CHARGER_OFFLINE or session.stop_refused_at is not None:
            return False
        await self._charging.stop_refused(session)
        raise Refusal(refusal.code, refusal.message, ("input", "stopCharging")) from refusal


async def _end_of(session: ChargingSession, feed: Feed) -> None:
    async for event in feed:
        if (
            isinstance(event, SessionChanged)
            and event.session.id == session.id
            and event.session.status is SessionStatus.ENDED
        ):
            return


async def _clear_queue(change: Change, stay: Stay) -> None:
    """T12: no request of a closed stay waits."""
    request = await change.request_on_board(stay.id)
    if request is not None and request.status is RequestStatus.NEEDS_CHARGING:
        await change.save_request(charging_request.canceled(request))


async def _warnings(stay: Stay, now: datetime) -> tuple[CheckOutWarning, ...]:
    """T12: what the attendant should know, as the sessions of the stay are now; within the change."""
    sessions = [row.value() for row in await SessionRow.filter(stay_id=stay.id)]
    return (rules.charges_pending(stay),) if has_pending_charges(sessions, now) else ()


def _kept(checked_out: CheckedOut) -> dict[str, Any]:
    warnings = [{"code": warning.code.value, "message": warning.message} for warning in checked_out.warnings]
    return {"stay": checked_out.stay.id, "warnings": warnings}


async def _checked_out_again(kept: Mapping[str, Any]) -> CheckedOut:
    """What was kept before warnings existed has none."""
    warnings = (
        CheckOutWarning(code=CheckOutWarningCode(one["code"]), message=one["message"])
        for one in kept.get("warnings", ())
    )
    return CheckedOut(stay=await _stay_again(kept), warnings=tuple(warnings))


async def _present(change: Change, stay_id: int) -> Stay:
    stay = await change.stay(stay_id)
    if stay is None:
        raise missing("ticket", "input", "stayId")
    return stay


async def _ticket(command: CheckIn) -> str:
    """The number given, or the garage's next one that no open stay bears; within the change."""
    if command.ticket_number is not None:
        number = rules.clean_ticket(command.ticket_number)
        if await StayRow.exists(garage_id=command.garage_id, ticket_number=number, status=StayStatus.OPEN):
            raise Refusal(
                ErrorCode.DUPLICATE_TICKET,
                f"Ticket {number} is open already. Use another number, or leave it out to have one made.",
                ("input", "ticketNumber"),
            )
        return number
    garage = await GarageRow.get(id=command.garage_id)
    made = garage.tickets_made
    while True:
        made += 1
        number = f"EV{made:06d}"
        if not await StayRow.exists(garage_id=command.garage_id, ticket_number=number):
            await GarageRow.filter(id=command.garage_id).update(tickets_made=made)
            return number


async def _checked_in_again(kept: Mapping[str, Any]) -> CheckedIn:
    request = await RequestRow.get_or_none(id=kept["request"]) if kept["request"] is not None else None
    return CheckedIn(stay=await _stay_again(kept), request=request.value() if request else None)


async def _stay_again(kept: Mapping[str, Any]) -> Stay:
    return (await StayRow.get(id=kept["stay"])).value()
