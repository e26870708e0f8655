"""Chargers come and go: who is admitted (C1), who is there (C4), boots, and what is reported or cannot be read.

What a status makes of its port and session is in `status_reports`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import structlog
from tortoise.expressions import Q
from tortoise.transactions import in_transaction

from evgraph.domain import session_status
from evgraph.domain.charge_point import Acceptance, BootReport, ChargePoint, booted
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.own_clock import CLOCK_GRACE
from evgraph.domain.port import StatusReport
from evgraph.domain.refusals import Refusal
from evgraph.domain.refused_connection import AttemptLimits, printable
from evgraph.domain.security import CertificateProof, Lacks, Shown, lacking, profile_shown
from evgraph.models import ChargePointRow, PortRow, QuarantinedMessageRow, SessionRow
from evgraph.models.database import WRITER
from evgraph.models.plain import execute_many, select_values
from evgraph.services import client_certificates
from evgraph.services.books import Books
from evgraph.services.keys import key_matches, proven
from evgraph.services.placing import keep_in_quarantine, longer_why
from evgraph.services.presence import Presence
from evgraph.services.status_reports import ASKED_AGAIN_AFTER, Reported, StatusReports, save_charge_point
from evgraph.services.supplies import Supplies
from evgraph.services.together import Together

_LONGEST_IDENTITY = 200
# What a boot tells; all else may be set by others this very moment.
_OF_BOOT = ("vendor", "model", "serial_number", "firmware_version", "last_boot_at", "last_seen_at")
_LONGEST_REMOTE = 100
_LONGEST_REASON = 40
_FIELDS = tuple(field.name for field in fields(ChargePoint))
_MOST_SEEN = 1000
_SEEN_EVERY_S = 0.25
_SAVE_SEEN = "UPDATE charge_point SET last_seen_at = ? WHERE id = ?"
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


class ChargePoints:
    """`ask_to_stop` sends a RemoteStop for a session whose car is gone (T4)."""

    def __init__(
        self, books: Books, supplies: Supplies, ask_to_stop: Callable[[ChargingSession], Awaitable[None]]
    ) -> None:
        self._books = books
        self._ask_to_stop = ask_to_stop
        self._presence = Presence(books)
        self._asked_for: Together[str, _OnRecord | None] = Together(_on_record)
        self._limits = AttemptLimits()
        self._refused: Together[_Refused, None] = Together(_keep_refused)
        self._seen: Together[int, None] = Together(self._save_seen, most=_MOST_SEEN, pause_s=_SEEN_EVERY_S)
        self._reports: Together[Reported, ChargingSession | None] = Together(StatusReports(books, supplies).save)
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
            await save_charge_point(charge_point, _OF_BOOT)
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
        to_stop = await self._reports.add(Reported(charge_point_id, report))
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

    async def remind_to_stop(self) -> int:
        """T4, T7: asks again for the end of the sessions whose vehicle left, or that run on after we closed them, once
        a minute while their charge point is connected; tells how many."""
        now = self._books.now()
        running = SessionRow.filter(
            status=SessionStatus.CHARGING, must_stop=True, charge_point__is_online=True, started_at__isnull=False
        )
        # As `has_elapsed` says.
        is_due = Q(stop_asked_at__lte=now - ASKED_AGAIN_AFTER) | Q(stop_asked_at__gt=now + CLOCK_GRACE)
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


async def _on_record(identities: Sequence[str]) -> Sequence[_OnRecord | None]:
    rows = await select_values(ChargePointRow, _OnRecord, "identity IN (?)", list(set(identities)))
    found = {row.identity: row for row in rows}
    return [found.get(identity) for identity in identities]


async def _keep_refused(attempts: Sequence[_Refused]) -> Sequence[None]:
    async with in_transaction(WRITER):
        rows = [(each.identity, each.remote, each.reason, each.at) for each in attempts]
        await execute_many(_SAVE_REFUSED, rows)
    return [None] * len(attempts)
