"""Which job a notification is about, and what it makes of it; where a charge point may be sent to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evgraph.domain.charge_point import JobKind
from evgraph.domain.jobs import LONGEST_LOCATION, ChargePointJob, Ours, checked_location, meant, redacted, told
from evgraph.domain.refusals import ErrorCode, Refusal

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def job(id_: int = 1, kind: JobKind = JobKind.FIRMWARE, status: str = "Accepted", **more: object) -> ChargePointJob:
    made = ChargePointJob(
        id=id_,
        charge_point_id=1,
        garage_id=1,
        kind=kind,
        status=status,
        location="https://a.test/f",
        file_name=None,
        request_id=None,
        asked_by="Olivia",
        asked_at=NOW,
        updated_at=NOW,
        ended_at=None,
    )
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "status", "is_over"),
    [
        (JobKind.FIRMWARE, "Downloading", False),
        (JobKind.FIRMWARE, "Downloaded", False),
        (JobKind.FIRMWARE, "Installing", False),
        (JobKind.FIRMWARE, "Installed", True),
        (JobKind.FIRMWARE, "DownloadFailed", True),
        (JobKind.FIRMWARE, "InstallationFailed", True),
        (JobKind.DIAGNOSTICS, "Uploading", False),
        (JobKind.DIAGNOSTICS, "Uploaded", True),
        (JobKind.DIAGNOSTICS, "UploadFailed", True),
        (JobKind.LOG, "Uploading", False),
        (JobKind.LOG, "UploadFailure", True),
        (JobKind.LOG, "PermissionDenied", True),
        (JobKind.LOG, "BadMessage", True),
        (JobKind.LOG, "NotSupportedOperation", True),
        (JobKind.SIGNED_FIRMWARE, "DownloadPaused", False),
        (JobKind.SIGNED_FIRMWARE, "InstallRebooting", False),
        (JobKind.SIGNED_FIRMWARE, "InvalidSignature", True),
        (JobKind.SIGNED_FIRMWARE, "InstallVerificationFailed", True),
        (JobKind.FIRMWARE, "SomethingOfTheVendor", False),
        (JobKind.FIRMWARE, "Idle", True),
    ],
)
def test_a_job_takes_the_charge_points_word_and_ends_at_its_last(kind: JobKind, status: str, is_over: bool) -> None:
    moved = told(job(kind=kind), status, LATER)
    assert (moved.status, moved.updated_at) == (status, LATER)
    assert moved.ended_at == (LATER if is_over else None)


def test_a_status_that_is_told_again_changes_nothing() -> None:
    installed = told(job(), "Installed", NOW)
    assert told(installed, "Installed", LATER) is installed


def test_one_that_goes_on_after_a_failure_is_open_again() -> None:
    assert told(told(job(), "DownloadFailed", NOW), "Downloading", LATER).ended_at is None


OPEN = job(2, status="Downloading")
FAILED = job(2, status="DownloadFailed", ended_at=NOW)
DONE = job(2, status="Installed", ended_at=NOW)
SUPERSEDED = job(2, status=Ours.SUPERSEDED.value, ended_at=NOW)
OF_OLD = job(1, status="Downloading")


@pytest.mark.parametrize(
    ("jobs", "status", "expected"),
    [
        ([], "Downloading", (None, True)),
        ([], "Idle", (None, False)),
        ([OPEN], "Downloaded", (OPEN, True)),
        ([OPEN], "Idle", (OPEN, True)),
        ([job(2, status="Accepted")], "Idle", (job(2, status="Accepted"), False)),
        ([FAILED], "Downloading", (FAILED, True)),
        ([FAILED], "DownloadFailed", (FAILED, False)),
        ([DONE], "Installed", (DONE, False)),
        ([DONE], "Downloading", (None, True)),
        ([DONE], "Idle", (DONE, False)),
        ([SUPERSEDED], "Downloading", (None, True)),
        # The newest is over already: what comes next is of the one that is not.
        ([DONE, OF_OLD], "Installing", (OF_OLD, True)),
        ([job(3, JobKind.LOG), OPEN], "Downloaded", (OPEN, True)),
    ],
)
def test_a_notification_without_a_name_is_about_the_newest_that_may_go_on(
    jobs: list[ChargePointJob], status: str, expected: tuple[ChargePointJob | None, bool]
) -> None:
    assert meant(jobs, JobKind.FIRMWARE, status, None) == expected


def test_a_notification_names_its_job() -> None:
    first, second = (job(id_, JobKind.LOG, request_id=id_) for id_ in (1, 2))
    assert meant([second, first], JobKind.LOG, "Uploaded", 1) == (first, True)
    late = replace(first, status="Uploaded", ended_at=NOW)
    assert meant([second, late], JobKind.LOG, "UploadFailure", 1) == (late, True)
    # A requestId that nobody gave: the newest open one, as without.
    assert meant([second, first], JobKind.LOG, "Uploading", 99) == (second, True)
    unasked = replace(second, asked_by=None)
    assert meant([unasked], JobKind.LOG, "Uploading", 99) == (None, True)
    assert meant([unasked], JobKind.LOG, "Uploading", None) == (unasked, True)


@pytest.mark.parametrize(
    "location",
    [
        "ftp://a.test/logs",
        "FTPS://user:pass@a.test:990/",
        "sftp://a.test",
        "http://[2001:db8::1]:8080/f.bin?x=1",
        "https://a.test/f%20.bin",
    ],
)
def test_a_charge_point_is_sent_to_a_file_server(location: str) -> None:
    assert checked_location(f" {location} ") == location


@pytest.mark.parametrize(
    "location",
    [
        "",
        "a.test/f",
        "file:///etc/passwd",
        "gopher://a.test/",
        "javascript:alert(1)",
        "http://",
        "http:///f",
        "http://a.test:port/",
        "http://a.test:99999/",
        "http://[::1/",
        "http://a.test/a b",
        "http://a.test/\r\nHost: b",
        "http://a.test/\x00",
        "http://a.test/" + "x" * LONGEST_LOCATION,
    ],
)
def test_and_nowhere_else(location: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked_location(location)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID, ("input", "location"))


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("ftp://a.test/logs", "ftp://a.test/logs"),
        ("ftp://me@a.test/logs", "ftp://me@a.test/logs"),
        ("ftp://me:secret@a.test:21/logs", "ftp://me:***@a.test:21/logs"),
        ("ftp://me:se@cr:et@a.test/", "ftp://me:***@a.test/"),
        ("https://a.test/f?X-Signature=secret#secret", "https://a.test/f?***"),
    ],
)
def test_a_location_is_shown_without_its_secrets(location: str, shown: str) -> None:
    assert redacted(location) == shown
