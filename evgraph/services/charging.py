"""Attendants start and stop; the charger is asked between two short transactions, never within one."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from evgraph.domain import charging_request, remote_stop, session_start
from evgraph.domain.charging_session import START_WINDOW, ChargingSession, SessionStatus
from evgraph.domain.own_clock import CLOCK_GRACE, is_ahead
from evgraph.domain.people import Right, Viewer
from evgraph.domain.port import refuse_unless_open
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.stay import refuse_closed
from evgraph.domain.transactions import ONE_TIME_ALPHABET, ONE_TIME_LENGTH, ONE_TIME_PREFIX
from evgraph.models import SessionRow
from evgraph.services import finding
from evgraph.services.books import Books, Change
from evgraph.services.interfaces import (
    CallFailed,
    ChargePointGateway,
    ChargerBusy,
    ChargerNotAccepted,
    ChargerOffline,
    ChargerTimeout,
)
from evgraph.services.once import Claim, Once
from evgraph.services.permissions import missing
from evgraph.services.session_endings import end_without_charger
from evgraph.services.settling import give_up_start
from evgraph.services.start_window import start_window
from evgraph.services.supplies import Supplies

TRY_AGAIN = "Unplug the vehicle if you can. Try again to end the session at its last reading."
NOT_ENDED = f"The charger has not reported the end of the session. {TRY_AGAIN}"
CALL_TIMEOUT_S = 30.0
# Another process asks the charger, and only the database says what came of it.
_FIRST_LOOK_S, _LAST_LOOK_S = 0.02, 0.5
_ONE_TIME_TAGS = len(ONE_TIME_ALPHABET) ** ONE_TIME_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCharging:
    request_id: int
    port_id: int
    idempotency_key: str | None = None


class Charging:
    """`window`: how long an accepted start may wait for its vehicle to be plugged in (S4), where its charge point does
    not limit it otherwise (S5). `call_timeout_s`: a charge point's time to answer, in seconds (C5)."""

    def __init__(
        self,
        books: Books,
        once: Once,
        gateway: ChargePointGateway,
        supplies: Supplies,
        *,
        window: timedelta = START_WINDOW,
        call_timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self._books = books
        self._supplies = supplies
        self._once = once
        self._gateway = gateway
        self._window = window
        # Its time in line, and its time to answer.
        self._answered_within_s = 2 * call_timeout_s

    async def start(self, viewer: Viewer, command: StartCharging) -> ChargingSession:
        """S1. Raises Refusal PORT_IN_USE, PORT_NOT_OPEN, REQUEST_NOT_WAITING, STAY_CLOSED, CHARGER_OFFLINE,
        CHARGER_BUSY, CHARGER_REJECTED or CHARGER_TIMEOUT; after the last four the request waits again."""

        async def work(claim: Claim) -> ChargingSession:
            session, identity, port_name = await self._take_port(viewer, command, claim)
            try:
                await self._gateway.remote_start(identity, connector_id=session.connector_id, id_tag=session.id_tag)
            except CallFailed as failure:
                return await self._not_started(session, *_start_failure(failure, port_name))
            return await self._accepted(session)

        return await self._once.run(viewer, "startCharging", command, work=work, replay=self._again)

    async def stop(self, viewer: Viewer, session_id: int) -> ChargingSession:
        """Asks the charger to stop; the session ends when the charger says so. A start that waits for its vehicle is
        given up. Raises Refusal SESSION_NOT_ACTIVE, CHARGER_OFFLINE, CHARGER_BUSY, CHARGER_REJECTED or CHARGER_TIMEOUT.
        T7: after one of the last three, a further call that the charger refuses too ends the session at its last
        reading."""
        garage_id = await finding.session_garage(viewer, Right.CHARGE, session_id)
        async with self._books.change(garage_id) as change:
            session = await change.session(session_id)
            if session is None:
                raise missing("session", "input", "sessionId")
            if session.status is SessionStatus.STARTING:
                return await give_up_start(change, session, ErrorCode.SESSION_NOT_ACTIVE, "The start was cancelled.")
        return await self._once.to_the_end(self._stop_or_end(session))

    async def ask_to_stop(self, session: ChargingSession) -> None:
        """RemoteStopTransaction for a running session; what it came to is kept with the session. Raises as `stop`
        does."""
        remote_stop.refuse_unless_running(session)
        row = await SessionRow.get(id=session.id).select_related("charge_point")
        sent_at = self._books.now()
        try:
            await self._gateway.remote_stop(
                row.charge_point.identity,  # type: ignore[attr-defined]
                transaction_id=session.id,
            )
        except CallFailed as failure:
            code, why = _stop_failure(failure)
            booted_at = row.charge_point.last_boot_at  # type: ignore[attr-defined]
            await self._note(
                session,
                lambda one, now: remote_stop.stop_failed(one, code, sent_at=sent_at, now=now, booted_at=booted_at),
            )
            raise Refusal(code, why, ("input", "sessionId")) from failure
        await self._note(session, lambda one, _: remote_stop.stop_accepted(one, sent_at=sent_at))

    async def stop_refused(self, session: ChargingSession) -> None:
        """T7: a person is told that the charger does not end the session; their next attempt may end it."""
        await self._note(session, lambda one, now: replace(one, stop_refused_at=now))

    async def _stop_or_end(self, session: ChargingSession) -> ChargingSession:
        was_refused = session.stop_refused_at is not None
        was_accepted = session.stop_failed_at is None
        is_overdue = remote_stop.is_overdue(session, self._books.now())
        try:
            await self.ask_to_stop(session)
        except Refusal as refusal:
            if was_refused and refusal.code in remote_stop.FAILURES:
                return await self._end(session)
            if refusal.code in remote_stop.REFUSALS:
                await self.stop_refused(session)
            raise
        if was_refused and was_accepted:
            # The charger accepts each time, and does not end the session: the person was told so before.
            return await self._end(session)
        if is_overdue:
            await self.stop_refused(session)
            raise Refusal(ErrorCode.CHARGER_TIMEOUT, NOT_ENDED, ("input", "sessionId"))
        if was_refused:
            await self._note(session, lambda one, _: replace(one, stop_refused_at=None))
        return session

    async def _end(self, session: ChargingSession) -> ChargingSession:
        async with self._books.change(session.garage_id) as change:
            return await self.end_within(change, await change.session(session.id) or session)

    async def end_within(self, change: Change, session: ChargingSession) -> ChargingSession:
        """T7, T12: a person ends a session whose charger does not, in a change that is open."""
        return await end_without_charger(change, session, await self._supplies.of_port(session.port_id))

    async def _note(
        self, session: ChargingSession, noted: Callable[[ChargingSession, datetime], ChargingSession]
    ) -> None:
        """Unless it has ended while the charger was asked."""
        async with self._books.change(session.garage_id) as change:
            present = await change.session(session.id)
            if present is not None and present.status is SessionStatus.CHARGING:
                await change.save_session_quietly(noted(present, change.now))

    async def expire_starts(self) -> int:
        """S4: gives up each start whose window has passed; tells how many. Safe to run in several processes."""
        now = self._books.now()
        # B7: what was asked for in our own future, when our clock ran ahead, holds its port no longer.
        is_overdue = Q(start_deadline__lte=now) | Q(asked_at__gt=now + CLOCK_GRACE)
        overdue = await SessionRow.filter(is_overdue, status=SessionStatus.STARTING).values_list("id", "garage_id")
        given_up = 0
        for session_id, garage_id in overdue:
            async with self._books.change(garage_id) as change:
                session = await change.session(session_id)
                if session is None or session.start_deadline is None:
                    continue
                if session.start_deadline > now and not is_ahead(session.asked_at, now):
                    continue
                failed = await give_up_start(
                    change, session, ErrorCode.CHARGER_TIMEOUT, "Charging did not begin in time. Start again."
                )
                given_up += failed.status is SessionStatus.FAILED
        return given_up

    async def _take_port(
        self, viewer: Viewer, command: StartCharging, claim: Claim
    ) -> tuple[ChargingSession, str, str]:
        garage_id = await finding.request_garage(viewer, Right.CHARGE, command.request_id)
        async with self._books.change(garage_id) as change:
            request = await change.request(command.request_id)
            port = await change.port(command.port_id)
            if request is None:
                raise missing("request", "input", "requestId")
            if port is None or port.garage_id != garage_id:
                raise missing("port", "input", "portId")
            stay = await change.stay(request.stay_id)
            if stay is None:
                raise missing("ticket", "input", "requestId")
            refuse_closed(stay, ("input", "requestId"))
            charging_request.start_asked(request, 0)
            refuse_unless_open(port, ("input", "portId"))
            session = await change.save_session(
                session_start.asked(
                    garage_id=garage_id,
                    charge_point_id=port.charge_point_id,
                    port_id=port.id,
                    connector_id=port.connector_id,
                    request_id=request.id,
                    stay_id=stay.id,
                    id_tag=one_time_tag(),
                    now=change.now,
                    window=await start_window(port.charge_point_id, self._window),
                )
            )
            await change.save_request(charging_request.start_asked(request, session.id))
            await claim.keep({"session": session.id})
        return session, port.identity, port.name

    async def _accepted(self, session: ChargingSession) -> ChargingSession:
        async with self._books.change(session.garage_id) as change:
            present = await change.session(session.id) or session
            window = session.start_deadline - session.asked_at if session.start_deadline is not None else self._window
            accepted = session_start.remote_start_accepted(present, change.now, window)
            if accepted is not present:
                await change.save_session(accepted)
        return _begun(accepted)

    async def _not_started(self, session: ChargingSession, code: ErrorCode, why: str) -> ChargingSession:
        async with self._books.change(session.garage_id) as change:
            present = await change.session(session.id) or session
            failed = await give_up_start(change, present, code, why)
        return _begun(failed)

    async def _again(self, kept: Mapping[str, Any]) -> ChargingSession:
        """What the first call is answered: while another process still asks the charger, what comes of that. Raises
        Refusal, as the first call does, where the charger did not accept."""
        session = await self._answered(kept["session"])
        return session if session.accepted_at is not None else _begun(session)

    async def _answered(self, session_id: int) -> ChargingSession:
        """The session once its charger has answered; as it is, where the process that asked must have died."""
        look_s = _FIRST_LOOK_S
        session = (await SessionRow.get(id=session_id)).value()
        left_s = self._answered_within_s - max((self._books.now() - session.asked_at).total_seconds(), 0)
        while session.status is SessionStatus.STARTING and session.accepted_at is None and left_s > 0:
            await asyncio.sleep(look_s)
            left_s -= look_s
            look_s = min(2 * look_s, _LAST_LOOK_S)
            session = (await SessionRow.get(id=session_id)).value()
        return session


def one_time_tag() -> str:
    """An idTag of at most 20 characters, never used again: 88 random bits in capitals that all chargers print (S1)."""
    left, letters = secrets.randbelow(_ONE_TIME_TAGS), []
    for _ in range(ONE_TIME_LENGTH):
        left, letter = divmod(left, len(ONE_TIME_ALPHABET))
        letters.append(ONE_TIME_ALPHABET[letter])
    return ONE_TIME_PREFIX + "".join(letters)


def _begun(session: ChargingSession) -> ChargingSession:
    """What a start came to by the time of its answer: StartTransaction may have overtaken an answer that was lost (S2),
    and a fault an answer that was Accepted (S4). Raises Refusal for a session that FAILED."""
    if session.status is not SessionStatus.FAILED or session.failure_code is None:
        return session
    raise Refusal(session.failure_code, session.failure or "The start came to nothing.", ("input", "portId"))


def _start_failure(failure: Exception, port_name: str) -> tuple[ErrorCode, str]:
    match failure:
        case ChargerOffline():
            return ErrorCode.CHARGER_OFFLINE, f"{port_name} is offline. Choose another port."
        case ChargerNotAccepted():
            return (
                ErrorCode.CHARGER_BUSY,
                f"{port_name}'s charger is not accepted, so no start was sent. Choose another port.",
            )
        case ChargerBusy():
            return (
                ErrorCode.CHARGER_BUSY,
                f"{port_name} did not respond, so no start was sent. Try again or choose another port.",
            )
        case ChargerTimeout():
            return ErrorCode.CHARGER_TIMEOUT, f"{port_name} did not answer in time. Try again or choose another port."
        case _:
            return ErrorCode.CHARGER_REJECTED, f"{port_name} refused to start. Choose another port."


def _stop_failure(failure: Exception) -> tuple[ErrorCode, str]:
    match failure:
        case ChargerOffline():
            return ErrorCode.CHARGER_OFFLINE, "The charger is offline. Unplug the vehicle to end the session."
        case ChargerNotAccepted():
            return ErrorCode.CHARGER_BUSY, f"The charger is not accepted, so no stop was sent. {TRY_AGAIN}"
        case ChargerBusy():
            return ErrorCode.CHARGER_BUSY, f"The charger did not respond to earlier commands. {TRY_AGAIN}"
        case ChargerTimeout():
            return ErrorCode.CHARGER_TIMEOUT, f"The charger did not answer in time. {TRY_AGAIN}"
        case _:
            return ErrorCode.CHARGER_REJECTED, f"The charger refused to stop. {TRY_AGAIN}"
