"""Chargers come and go, and say how their connectors are."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import NamedTuple, assert_never

import structlog
from tortoise.exceptions import DoesNotExist
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from evgraph.domain import charge_point as charge_points
from evgraph.domain import port as ports
from evgraph.domain import session_status
from evgraph.domain.charge_point import Acceptance, BootReport, ChargePoint, booted
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.own_clock import CLOCK_GRACE, has_elapsed
from evgraph.domain.port import Port, PortStatus, StatusReport
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.refused_connection import AttemptLimits, printable
from evgraph.domain.security import CertificateProof, Lacks, Shown, lacking, profile_shown
from evgraph.domain.session_clock import time_within
from evgraph.models import ChargePointRow, ConnectionRow, PortRow, QuarantinedMessageRow, SessionRow
from evgraph.models.database import WRITER
from evgraph.models.plain import execute_many, select_values
from evgraph.services import client_certificates, reading, recount
from evgraph.services.books import Books, Change
from evgraph.services.heard_statuses import HeardStatuses
from evgraph.services.keys import key_matches, proven
from evgraph.services.own_limits import is_limited
from evgraph.services.placing import keep_in_quarantine, longer_why, port_at, running_beside
from evgraph.services.presence import Presence, give_up_starts, touch_ports
from evgraph.services.session_endings import part_anew
from evgraph.services.settling import give_up_start
from evgraph.services.supplies import Supplies
from evgraph.services.together import Together

_LONGEST_IDENTITY = 200
# What a boot tells; all else may be set by others this very moment.
_OF_BOOT = ("vendor", "model", "serial_number", "firmware_version", "last_boot_at", "last_seen_at")
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
_LONGEST_REMOTE = 100
_LONGEST_REASON = 40
_FIELDS = tuple(field.name for field in fields(ChargePoint))
_MOST_SEEN = 1000
_SEEN_EVERY_S = 0.25
_ASKED_AGAIN_AFTER = timedelta(minutes=1)
_SAVE_SEEN = "UPDATE charge_point SET last_seen_at = ? WHERE id = ?"
# A port's status, as it is shown; a report that changes none of it is newer, and nothing to show.
_shown = attrgetter("reported_status", "error_code", "info", "vendor_error_code")
_SAVE_REFUSED = "INSERT INTO refused_connection (identity, remote, reason, at) VALUES (?, ?, ?, ?)"

log = structlog.get_logger("evgraph.charge_points")


class AdmissionFailure(StrEnum):
    """C1, and the security profile that its operator demands. The words are kept with the attempt."""

    UNKNOWN_IDENTITY = "unknown identity"
    NO_CREDENTIALS = "bad credentials: none that can be read"
    OTHER_USER = "bad credentials: another user name"
    BAD_CREDENTIALS = Lacks.KEY.value
    NO_KEY_SET = Lacks.KEY_ON_RECORD.value
    NOT_ENCRYPTED = Lacks.ENCRYPTION.value
    OTHER_SUBPROTOCOLS = "only other subprotocols offered"
    NO_CERTIFICATE = CertificateProof.NONE.value
    UNREADABLE_CERTIFICATE = CertificateProof.UNREADABLE.value
    CERTIFICATE_OF_ANOTHER = CertificateProof.OTHER_NAME.value
    UNKNOWN_CERTIFICATE = CertificateProof.UNKNOWN.value
    REVOKED_CERTIFICATE = CertificateProof.REVOKED.value
    CERTIFICATE_OUT_OF_DATE = CertificateProof.OUT_OF_DATE.value


class NotAdmitted(Exception):
    """A handshake that is turned away (C1)."""

    def __init__(self, reason: AdmissionFailure) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """`security_profile`: the one that this connection is in, 0 to 3."""

    charge_point: ChargePoint
    security_profile: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnRecord(ChargePoint):
    key_hash: str | None
    next_key_hash: str | None

    @property
    def value(self) -> ChargePoint:
        return ChargePoint(**{name: getattr(self, name) for name in _FIELDS})


class _Refused(NamedTuple):
    identity: str
    remote: str
    reason: str
    at: datetime


class _Reported(NamedTuple):
    charge_point_id: int
    report: StatusReport


class ChargePoints:
    """`ask_to_stop` sends a RemoteStop for a session whose car is gone (T4)."""

    def __init__(
        self, books: Books, supplies: Supplies, ask_to_stop: Callable[[ChargingSession], Awaitable[None]]
    ) -> None:
        self._books = books
        self._supplies = supplies
        self._ask_to_stop = ask_to_stop
        self._presence = Presence(books)
        self._asked_for: Together[str, _OnRecord | None] = Together(_on_record)
        self._limits = AttemptLimits()
        self._refused: Together[_Refused, None] = Together(_keep_refused)
        self._seen: Together[int, None] = Together(self._save_seen, most=_MOST_SEEN, pause_s=_SEEN_EVERY_S)
        self._reports: Together[_Reported, ChargingSession | None] = Together(self._save_reports)
        self._heard = HeardStatuses()
        # By session, while its charger is asked to stop it.
        self._asking: dict[int, asyncio.Task[None]] = {}

    async def admit(
        self,
        identity: str,
        *,
        user: str | None,
        password: bytes | None,
        remote: str,
        is_encrypted: bool = False,
        certificate: bytes | None = None,
    ) -> Admission:
        """C1, and the security profile that is demanded of it. `certificate`: the client certificate (DER) whose key it
        was proven to hold. Raises NotAdmitted, and keeps the attempt."""
        row = await self._asked_for.add(identity)
        if row is None:
            raise await self._turned_away(identity, remote, AdmissionFailure.UNKNOWN_IDENTITY)
        offered = password if user == identity else None
        new_key = proven(row.next_key_hash, offered) if offered is not None else None
        shown = Shown(
            has_key=row.key_hash is not None or new_key is not None,
            key_matches=new_key is not None
            or (row.key_hash is not None and offered is not None and key_matches(row.key_hash, offered)),
            is_encrypted=is_encrypted,
            certificate=await client_certificates.proof(row.id, identity, certificate, self._books.now()),
        )
        lacks = lacking(row.security_profile, shown)
        if lacks is not None:
            why = AdmissionFailure(shown.certificate.value if lacks is Lacks.CERTIFICATE else lacks.value)
            if lacks is Lacks.KEY and offered is None:
                why = AdmissionFailure.OTHER_USER if password is not None else AdmissionFailure.NO_CREDENTIALS
            raise await self._turned_away(identity, remote, why)
        if new_key is not None:
            await self._key_proven(row, *new_key)
        return Admission(charge_point=row.value, security_profile=profile_shown(shown))

    async def speaks_otherwise(self, identity: str, *, remote: str) -> None:
        """C1, C2: it was admitted, and offered no OCPP 1.6; kept with those that were turned away."""
        await self._turned_away(identity, remote, AdmissionFailure.OTHER_SUBPROTOCOLS)

    async def keep_refused(self, identity: str, *, remote: str, reason: str) -> None:
        """C1: an attempt that shows no identity, or in a form that cannot be served. `identity`: what it may be meant
        for, empty where nothing tells."""
        await self._keep_attempt(identity, remote, reason)

    async def connected(self, charge_point_id: int) -> None:
        await self._presence.came(charge_point_id)

    async def disconnected(self, charge_point_id: int) -> None:
        """C4: its ports are OFFLINE. S4: a start that waited for it is given up; what runs stays running."""
        await self._presence.went(charge_point_id)

    async def forget_connections(self) -> None:
        """At our own start (X1)."""
        await self._presence.nobody_is()

    async def boot(self, charge_point_id: int, report: BootReport) -> Acceptance:
        """B1, and B2: what runs there is unconfirmed until its charger speaks of it."""
        row = await ChargePointRow.get(id=charge_point_id)
        async with self._books.change(row.garage_id) as change:
            charge_point = booted(row.value(), report, change.now)
            await _save_charge_point(charge_point, _OF_BOOT)
            for running in await SessionRow.filter(charge_point_id=charge_point_id, status=SessionStatus.CHARGING):
                await change.save_session(session_status.booted(running.value()))
        return charge_point.acceptance

    async def heartbeat(self, charge_point_id: int) -> None:
        """Returns once it is kept, which happens a few times a second for all together."""
        await self._seen.add(charge_point_id)

    async def connectors(self, charge_point_id: int) -> list[int]:
        rows = await PortRow.filter(charge_point_id=charge_point_id, is_reported=True).order_by("connector_id")
        return [row.connector_id for row in rows]

    async def report_status(self, charge_point_id: int, report: StatusReport) -> None:
        """B4, B6, S4, T4, T7: the port, and what its status means for the session that holds it; or, of connector 0,
        the charge point itself."""
        to_stop = await self._reports.add(_Reported(charge_point_id, report))
        if to_stop is not None:
            self._ask_later(to_stop)

    async def quarantine(
        self, charge_point_id: int, *, action: str, raw: str, why: str, connector_id: int | None = None
    ) -> None:
        """C8: a message that was not understood whole. One that could not be placed either is there already, and stays
        one. `connector_id`: the one that it names, if that can be read."""
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        async with self._books.change(garage_id) as change:
            the_same = QuarantinedMessageRow.filter(
                charge_point_id=charge_point_id, action=action, frame=raw, resolved_at__isnull=True
            )
            kept = await the_same.order_by("-at").first()
            if kept is not None:
                await QuarantinedMessageRow.filter(id=kept.id).update(why=longer_why(kept.why, why))
                return
            await keep_in_quarantine(
                change, charge_point_id, action=action, frame=raw, why=why, connector_id=connector_id
            )

    async def close(self) -> None:
        """Waits for what is being saved, and asked."""
        for together in (self._asked_for, self._refused, self._seen, self._reports):
            await together.close()
        await self._presence.close()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    async def _save_seen(self, charge_point_ids: Sequence[int]) -> Sequence[None]:
        now = self._books.now()
        async with in_transaction(WRITER):
            # In one order, so that two processes cannot wait for each other.
            await execute_many(_SAVE_SEEN, [(now, id_) for id_ in sorted(set(charge_point_ids))])
        return [None] * len(charge_point_ids)

    async def _save_reports(self, told: Sequence[_Reported]) -> Sequence[ChargingSession | None]:
        """Of each, the session that its charger must be asked to stop."""
        ids = {one.charge_point_id for one in told}
        garages = dict(await ChargePointRow.filter(id__in=list(ids)).values_list("id", "garage_id"))
        if len(garages) < len(ids):
            raise DoesNotExist("ChargePointRow")
        to_stop: list[ChargingSession | None] = []
        async with self._books.change(*garages.values()) as change:
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
        await _save_charge_point(after, _OF_STATUS)
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
        is_due = told.stop_asked_at is None or has_elapsed(told.stop_asked_at, _ASKED_AGAIN_AFTER, change.now)
        return told if ports.ev_side_disconnected(report) and is_due else None

    async def remind_to_stop(self) -> int:
        """T4, T7: asks again for the end of the sessions whose vehicle left, or that run on after we closed them, once
        a minute while their charge point is connected; tells how many."""
        now = self._books.now()
        running = SessionRow.filter(
            status=SessionStatus.CHARGING, must_stop=True, charge_point__is_online=True, started_at__isnull=False
        )
        # As `has_elapsed` says.
        is_due = Q(stop_asked_at__lte=now - _ASKED_AGAIN_AFTER) | Q(stop_asked_at__gt=now + CLOCK_GRACE)
        overdue = running.filter(Q(stop_asked_at__isnull=True) | is_due)
        sessions = [row.value() for row in await overdue if row.id not in self._asking]
        for session in sessions:
            self._ask_later(session)
        return len(sessions)

    def _ask_later(self, session: ChargingSession) -> None:
        """T4: from a task of ours, since the charger that must answer is being served right now."""
        if session.id in self._asking:
            return
        task = asyncio.create_task(self._stop_quietly(session))
        self._asking[session.id] = task
        task.add_done_callback(lambda _: self._asking.pop(session.id, None))

    async def _stop_quietly(self, session: ChargingSession) -> None:
        try:
            await self._ask_to_stop(session)
        except Refusal as refusal:
            log.warning("charger did not stop after the car left", session=session.id, why=refusal.message)

    @staticmethod
    async def _key_proven(row: _OnRecord, key_hash: str, still_on_trial: str | None) -> None:
        """It signed in with a key that it was given: the one before is good no longer."""
        await ChargePointRow.filter(id=row.id, next_key_hash=row.next_key_hash).update(
            key_hash=key_hash, next_key_hash=still_on_trial
        )
        log.info("new key proven", charge_point=row.identity)

    async def _turned_away(self, identity: str, remote: str, reason: AdmissionFailure) -> NotAdmitted:
        await self._keep_attempt(identity, remote, reason.value)
        return NotAdmitted(reason)

    async def _keep_attempt(self, identity: str, remote: str, reason: str) -> None:
        """Strangers choose the texts, and how often they try: see AttemptLimits."""
        now = self._books.now()
        attempt = _Refused(
            printable(identity)[:_LONGEST_IDENTITY],
            printable(remote)[:_LONGEST_REMOTE],
            printable(reason)[:_LONGEST_REASON],
            now,
        )
        if self._limits.allow(attempt[:3], attempt.remote, now):
            await self._refused.add(attempt)


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
    await _save_charge_point(after, _OF_STATUS)
    await touch_ports(change, [charge_point_id])
    return True


async def _save_charge_point(charge_point: ChargePoint, columns: Sequence[str]) -> None:
    await ChargePointRow.filter(id=charge_point.id).update(**{name: getattr(charge_point, name) for name in columns})


async def _latest_connections(charge_point_id: int) -> list[tuple[datetime, datetime | None]]:
    """When the latest two were opened and closed, in their order."""
    latest = ConnectionRow.filter(charge_point_id=charge_point_id).order_by("-id").limit(2)
    return [*reversed(await latest.values_list("connected_at", "disconnected_at"))]


async def _on_record(identities: Sequence[str]) -> Sequence[_OnRecord | None]:
    rows = await select_values(ChargePointRow, _OnRecord, "identity IN (?)", list(set(identities)))
    found = {row.identity: row for row in rows}
    return [found.get(identity) for identity in identities]


async def _keep_refused(attempts: Sequence[_Refused]) -> Sequence[None]:
    async with in_transaction(WRITER):
        rows = [(each.identity, each.remote, each.reason, each.at) for each in attempts]
        await execute_many(_SAVE_REFUSED, rows)
    return [None] * len(attempts)


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
