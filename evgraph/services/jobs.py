"""Firmware, diagnostics and logs: an operator asks, the charge point tells for minutes how far it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import structlog

from evgraph.domain import jobs as rules
from evgraph.domain.asks import Ask, GetDiagnostics, GetLog, LogAnswer, SignedUpdateFirmware, UpdateFirmware
from evgraph.domain.charge_point import ChargePoint, JobKind
from evgraph.domain.events import ChargePointJobChanged
from evgraph.domain.jobs import ChargePointJob, Ours
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ChargePointJobRow, ChargePointRow
from evgraph.models.records import to_columns
from evgraph.services import asking, finding
from evgraph.services.books import Books, Change
from evgraph.services.interfaces import Answer, ChargePointGateway
from evgraph.services.once import Once

_LONGEST_STATUS, _LONGEST_NAME = 50, 255
_MOST_RETRIES, _LONGEST_INTERVAL_S = 100, 24 * 60 * 60
# A charge point that does not answer to its jobs' names is about one of its latest.
_LOOKED_AT = 20
_ACCEPTED = "Accepted"
_CANCELED_ANOTHER = "AcceptedCanceled"

T = TypeVar("T")

log = structlog.get_logger("evgraph.jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where to, and of which time. `retries` and `retry_interval_s` null: as the charge point sees fit."""

    location: str
    since: datetime | None = None
    until: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """Where from, and when; `retrieve_at` null: now. `install_at`, `signing_certificate` (PEM) and `signature` (base64)
    are of a signed one."""

    location: str
    retrieve_at: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None
    install_at: datetime | None = None
    signing_certificate: str | None = None
    signature: str | None = None


class Jobs:
    """A job is kept before its charge point is asked: its first word may come before its answer."""

    def __init__(self, books: Books, once: Once, gateway: ChargePointGateway) -> None:
        self._books = books
        self._once = once
        self._gateway = gateway

    async def update_firmware(self, viewer: Viewer, charge_point_id: int, firmware: Firmware) -> ChargePointJob:
        """Raises Refusal INVALID, CHARGER_OFFLINE, CHARGER_BUSY, CHARGER_TIMEOUT or CHARGER_REJECTED, as do all."""

        def asks(job: ChargePointJob, location: str) -> Ask[None]:
            return UpdateFirmware(
                location=location,
                retrieve_at=firmware.retrieve_at or job.asked_at,
                retries=firmware.retries,
                retry_interval_s=firmware.retry_interval_s,
            )

        return await self._begin(viewer, charge_point_id, JobKind.FIRMWARE, firmware, asks, _taken)

    async def signed_update_firmware(self, viewer: Viewer, charge_point_id: int, firmware: Firmware) -> ChargePointJob:
        """`signing_certificate` and `signature` must be given."""

        def asks(job: ChargePointJob, location: str) -> Ask[str]:
            return SignedUpdateFirmware(
                request_id=job.id,
                location=location,
                retrieve_at=firmware.retrieve_at or job.asked_at,
                install_at=firmware.install_at,
                signing_certificate=firmware.signing_certificate or "",
                signature=firmware.signature or "",
                retries=firmware.retries,
                retry_interval_s=firmware.retry_interval_s,
            )

        return await self._begin(viewer, charge_point_id, JobKind.SIGNED_FIRMWARE, firmware, asks, _Answered)

    async def get_diagnostics(self, viewer: Viewer, charge_point_id: int, upload: Upload) -> ChargePointJob:
        """A job that ended at once, as NothingToUpload, where the charge point has nothing of that time."""

        def asks(_: ChargePointJob, location: str) -> Ask[str | None]:
            return GetDiagnostics(
                location=location,
                retries=upload.retries,
                retry_interval_s=upload.retry_interval_s,
                since=upload.since,
                until=upload.until,
            )

        def read(file_name: str | None) -> "_Answered":
            return _Answered(_ACCEPTED, file_name or None, has_nothing=not file_name)

        return await self._begin(viewer, charge_point_id, JobKind.DIAGNOSTICS, upload, asks, read)

    async def get_log(self, viewer: Viewer, charge_point_id: int, kind: str, upload: Upload) -> ChargePointJob:
        """`kind`: DiagnosticsLog or SecurityLog."""

        def asks(job: ChargePointJob, location: str) -> Ask[LogAnswer]:
            return GetLog(
                request_id=job.id,
                kind=kind,
                location=location,
                since=upload.since,
                until=upload.until,
                retries=upload.retries,
                retry_interval_s=upload.retry_interval_s,
            )

        return await self._begin(
            viewer,
            charge_point_id,
            JobKind.LOG,
            upload,
            asks,
            lambda answer: _Answered(answer.status, answer.file_name),
        )

    async def heard(self, charge_point_id: int, kind: JobKind, status: str, request_id: int | None = None) -> None:
        """A notification: its job moves on. What a charge point does unasked becomes a job of its own."""
        garage_id = (await ChargePointRow.get(id=charge_point_id)).garage_id
        status = status[:_LONGEST_STATUS]
        async with self._books.change(garage_id) as change:
            latest = await self._latest(charge_point_id, garage_id, kind)
            named = await self._named(charge_point_id, garage_id, kind, request_id)
            job, is_news = rules.meant([*named, *latest], kind, status, request_id)
            if not is_news:
                return
            if job is None:
                job = ChargePointJob(
                    id=0,
                    charge_point_id=charge_point_id,
                    garage_id=garage_id,
                    kind=kind,
                    status=Ours.ASKED.value,
                    location="",
                    file_name=None,
                    request_id=request_id,
                    asked_by=None,
                    asked_at=change.now,
                    updated_at=change.now,
                    ended_at=None,
                )
            moved = rules.told(job, status, change.now)
            if moved is not job:
                await self._save(change, moved)

    async def _begin(
        self,
        viewer: Viewer,
        charge_point_id: int,
        kind: JobKind,
        given: Upload | Firmware,
        asks: Callable[[ChargePointJob, str], Ask[Answer]],
        read: "Callable[[Answer], _Answered]",
    ) -> ChargePointJob:
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        location = rules.checked_location(given.location)
        _check_retries(given)
        return await self._once.to_the_end(self._ask(viewer, charge_point, kind, location, asks, read))

    async def _ask(
        self,
        viewer: Viewer,
        charge_point: ChargePoint,
        kind: JobKind,
        location: str,
        asks: Callable[[ChargePointJob, str], Ask[Answer]],
        read: "Callable[[Answer], _Answered]",
    ) -> ChargePointJob:
        job = await self._made(viewer, charge_point, kind, location)
        try:
            answer = read(await asking.ask(self._gateway, charge_point, asks(job, location)))
        except Refusal as refusal:
            await self._not_begun(job, refusal.code)
            raise
        if answer.status not in (_ACCEPTED, _CANCELED_ANOTHER):
            await self._rejected(job, answer.status)
            asking.refuse_unless(charge_point, answer.status, _ACCEPTED, _CANCELED_ANOTHER)
        return await self._answered(job, answer)

    async def _made(self, viewer: Viewer, charge_point: ChargePoint, kind: JobKind, location: str) -> ChargePointJob:
        async with self._books.change(charge_point.garage_id) as change:
            job = ChargePointJob(
                id=0,
                charge_point_id=charge_point.id,
                garage_id=charge_point.garage_id,
                kind=kind,
                status=Ours.ASKED.value,
                location=rules.redacted(location),
                file_name=None,
                request_id=None,
                asked_by=viewer.name,
                asked_at=change.now,
                updated_at=change.now,
                ended_at=None,
            )
            job = await self._save(change, job)
            if kind in (JobKind.LOG, JobKind.SIGNED_FIRMWARE):
                job = await self._save(change, replace(job, request_id=job.id))
        return job

    async def _answered(self, job: ChargePointJob, answer: "_Answered") -> ChargePointJob:
        async with self._books.change(job.garage_id) as change:
            now = await self._present(job)
            if now.status == Ours.ASKED:
                now = replace(now, status=Ours.ACCEPTED.value, updated_at=change.now)
                if answer.has_nothing:
                    now = rules.ended(now, Ours.NOTHING_TO_UPLOAD, change.now)
            name = answer.file_name
            now = await self._save(change, replace(now, file_name=name[:_LONGEST_NAME] if name else None))
            # A notification without a requestId names the newest: the others will never be told of again.
            if answer.status == _CANCELED_ANOTHER or job.request_id is None:
                for other in await self._latest(job.charge_point_id, job.garage_id, job.kind):
                    if other.id < job.id and other.ended_at is None:
                        await self._save(change, rules.ended(other, Ours.SUPERSEDED, change.now))
        return now

    async def _not_begun(self, job: ChargePointJob, code: ErrorCode) -> None:
        async with self._books.change(job.garage_id) as change:
            now = await self._present(job)
            if now.status != Ours.ASKED:
                return
            if code is ErrorCode.CHARGER_TIMEOUT:
                # It may have heard us: what it tells of next is this job.
                now = replace(now, status=Ours.UNANSWERED.value, updated_at=change.now)
            elif code in (ErrorCode.CHARGER_OFFLINE, ErrorCode.CHARGER_BUSY):
                now = rules.ended(now, Ours.NOT_REACHED, change.now)
            else:
                now = replace(now, status="Rejected", updated_at=change.now, ended_at=change.now)
            await self._save(change, now)

    async def _rejected(self, job: ChargePointJob, status: str) -> None:
        async with self._books.change(job.garage_id) as change:
            ended = replace(await self._present(job), status=status[:_LONGEST_STATUS])
            await self._save(change, replace(ended, updated_at=change.now, ended_at=change.now))

    @staticmethod
    async def _present(job: ChargePointJob) -> ChargePointJob:
        return (await ChargePointJobRow.get(id=job.id)).value(job.garage_id)

    @staticmethod
    async def _latest(charge_point_id: int, garage_id: int, kind: JobKind) -> list[ChargePointJob]:
        rows = ChargePointJobRow.filter(charge_point_id=charge_point_id, kind=kind).order_by("-id").limit(_LOOKED_AT)
        return [row.value(garage_id) for row in await rows]

    @staticmethod
    async def _named(
        charge_point_id: int, garage_id: int, kind: JobKind, request_id: int | None
    ) -> list[ChargePointJob]:
        if request_id is None:
            return []
        rows = ChargePointJobRow.filter(charge_point_id=charge_point_id, kind=kind, request_id=request_id)
        return [row.value(garage_id) for row in await rows.order_by("-id").limit(1)]

    @staticmethod
    async def _save(change: Change, job: ChargePointJob) -> ChargePointJob:
        columns = to_columns(job, "garage_id")
        if job.id == 0:
            job = (await ChargePointJobRow.create(**columns)).value(job.garage_id)
        else:
            await ChargePointJobRow.filter(id=job.id).update(**columns)
        change.tell(ChargePointJobChanged(garage_id=job.garage_id, job=job))
        return job


@dataclass(frozen=True, slots=True)
class _Answered:
    """`has_nothing`: there is nothing to upload."""

    status: str
    file_name: str | None = None
    has_nothing: bool = False


def _taken(_: None) -> _Answered:
    return _Answered(_ACCEPTED)


def _check_retries(given: Upload | Firmware) -> None:
    for value, most, name in (
        (given.retries, _MOST_RETRIES, "retries"),
        (given.retry_interval_s, _LONGEST_INTERVAL_S, "retryIntervalSeconds"),
    ):
        if value is not None and not 0 <= value <= most:
            raise Refusal(ErrorCode.INVALID, f"Give `{name}` from 0 to {most}.", ("input", name))
