"""Jobs: firmware, diagnostics, logs. What a charge point does for a while when asked, telling of it as it goes.

A job's `status` is the charge point's own word; before the first of those it is one of `Ours`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

from evgraph.domain.charge_point import JobKind
from evgraph.domain.refusals import ErrorCode, Refusal

LONGEST_LOCATION = 500
SCHEMES = ("ftp", "ftps", "http", "https", "sftp")
_REDACTED = "***"


class LogKind(StrEnum):
    """LogEnumType of the security extension."""

    DIAGNOSTICS = "DiagnosticsLog"
    SECURITY = "SecurityLog"


class Ours(StrEnum):
    """What we know of a job before the charge point tells of it, or without its word."""

    ASKED = "Asked"
    ACCEPTED = "Accepted"
    UNANSWERED = "Unanswered"
    NOT_REACHED = "NotReached"
    NOTHING_TO_UPLOAD = "NothingToUpload"
    SUPERSEDED = "Superseded"


IDLE = "Idle"
DONE: Mapping[JobKind, frozenset[str]] = {
    JobKind.FIRMWARE: frozenset({"Installed"}),
    JobKind.SIGNED_FIRMWARE: frozenset({"Installed"}),
    JobKind.DIAGNOSTICS: frozenset({"Uploaded"}),
    JobKind.LOG: frozenset({"Uploaded"}),
}
# OCPP 1.6 sections 7.16 and 7.24; security extension, FirmwareStatusEnumType and UploadLogStatusEnumType.
FAILED: Mapping[JobKind, frozenset[str]] = {
    JobKind.FIRMWARE: frozenset({"DownloadFailed", "InstallationFailed"}),
    JobKind.SIGNED_FIRMWARE: frozenset(
        {"DownloadFailed", "InstallationFailed", "InstallVerificationFailed", "InvalidSignature"}
    ),
    JobKind.DIAGNOSTICS: frozenset({"UploadFailed"}),
    JobKind.LOG: frozenset({"UploadFailure", "BadMessage", "NotSupportedOperation", "PermissionDenied"}),
}
_NOT_BEGUN = frozenset({Ours.ASKED.value, Ours.ACCEPTED.value, Ours.UNANSWERED.value})
_OVER = frozenset({Ours.SUPERSEDED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePointJob:
    """`location` without its secrets. `request_id` is what the security extension's notifications name it by.
    `asked_by` is null for what a charge point does unasked."""

    id: int
    charge_point_id: int
    garage_id: int
    kind: JobKind
    status: str
    location: str
    file_name: str | None
    request_id: int | None
    asked_by: str | None
    asked_at: datetime
    updated_at: datetime
    ended_at: datetime | None


def told(job: ChargePointJob, status: str, now: datetime) -> ChargePointJob:
    """The charge point tells how far it is. A status that it tells again changes nothing."""
    if status == job.status:
        return job
    is_final = status == IDLE or status in DONE[job.kind] or status in FAILED[job.kind]
    return replace(job, status=status, updated_at=now, ended_at=now if is_final else None)


def ended(job: ChargePointJob, status: Ours, now: datetime) -> ChargePointJob:
    """By us, or by another job."""
    return replace(job, status=status.value, updated_at=now, ended_at=now)


def meant(
    jobs: Iterable[ChargePointJob], kind: JobKind, status: str, request_id: int | None
) -> tuple[ChargePointJob | None, bool]:
    """Which of a charge point's jobs, newest first, a notification is about; and whether it is news at all.

    By its requestId, else the newest open one, else the newest whose end was no success: a charge point that tries
    again says DownloadFailed and then Downloading. None, and news: it does something unasked. Idle (section 7.24: only
    ever an answer to a TriggerMessage) is news for a job that had begun: it is not at it any more.
    """
    mine = [job for job in jobs if job.kind is kind]
    named = [job for job in mine if request_id is not None and job.request_id == request_id]
    # A requestId that nobody gave is of the job that we asked for, and of no other that it began by itself.
    others = [job for job in mine if job.asked_by is not None or None in (request_id, job.request_id)]
    is_open = [job for job in others if job.ended_at is None]
    job = next(iter(named or is_open or others), None)
    if status == IDLE:
        has_begun = job is not None and job.ended_at is None and job.status not in _NOT_BEGUN
        return job, has_begun
    if job is None or job.ended_at is None:
        return job, True
    if job.status == status:
        return job, False
    goes_on = job.status not in DONE[kind] and job.status not in _OVER
    return (job if goes_on or named else None), True


def checked_location(location: str) -> str:
    """Trimmed. Raises Refusal INVALID for what a charge point may not be sent to."""
    text = location.strip()
    field = ("input", "location")
    if len(text) > LONGEST_LOCATION:
        raise Refusal(ErrorCode.INVALID, f"A location has at most {LONGEST_LOCATION} characters.", field)
    if not text.isprintable() or any(character.isspace() for character in text):
        raise Refusal(ErrorCode.INVALID, "A location holds no spaces: write %20.", field)
    try:
        parts = urlsplit(text)
        is_good = parts.scheme.lower() in SCHEMES and bool(parts.hostname)
        parts.port  # noqa: B018 - raises for what is no port
    except ValueError:
        is_good = False
    if not is_good:
        raise Refusal(ErrorCode.INVALID, f"A location is a URL that begins with one of: {', '.join(SCHEMES)}.", field)
    return text


def redacted(location: str) -> str:
    """Without its password, and without its query, in which signed URLs hold theirs."""
    parts = urlsplit(location)
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    netloc = f"{name}:{_REDACTED}@{host}" if at and colon else parts.netloc
    return urlunsplit((parts.scheme, netloc, parts.path, _REDACTED if parts.query else "", ""))
