"""Firmware, diagnostics and logs: from an operator's question to the charge point's last word."""

import asyncio
from typing import Any

import pytest

from evgraph.domain.asks import GetDiagnostics, GetLog, LogAnswer, SignedUpdateFirmware, UpdateFirmware
from evgraph.domain.charge_point import JobKind
from evgraph.domain.events import ChargePointJobChanged
from evgraph.domain.jobs import ChargePointJob, LogKind
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ChargePointJobRow
from evgraph.services.interfaces import ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.jobs import Firmware, Upload
from tests.patience import PATIENCE_S
from tests.services.conftest import Garage

UPLOAD = Upload(location="ftp://me:secret@files.test/logs", retries=3, retry_interval_s=60)
FIRMWARE = Firmware(location="https://files.test/ax48.bin")


async def update(garage: Garage) -> ChargePointJob:
    return await garage.house.jobs.update_firmware(garage.operator, garage.charge_point_id, FIRMWARE)


async def hear(garage: Garage, kind: JobKind, *statuses: str, request_id: int | None = None) -> None:
    for status in statuses:
        garage.clock.turn(seconds=10)
        await garage.house.jobs.heard(garage.charge_point_id, kind, status, request_id)


async def rows(garage: Garage) -> list[tuple[str, bool]]:
    """Each job's status and whether it is over, oldest first."""
    found = await ChargePointJobRow.filter(charge_point_id=garage.charge_point_id).order_by("id")
    return [(row.status, row.ended_at is not None) for row in found]


async def test_a_job_follows_its_notifications_and_each_step_is_told(garage: Garage) -> None:
    garage.chargers.answers[UpdateFirmware] = None
    with garage.house.bus.subscribe(garage.id) as feed:
        job = await update(garage)
        assert (job.status, job.asked_by, job.ended_at) == ("Accepted", "Olivia", None)
        (asked,) = garage.chargers.all(UpdateFirmware)
        assert (asked.location, asked.retrieve_at, asked.retries) == (FIRMWARE.location, job.asked_at, None)
        await hear(garage, JobKind.FIRMWARE, "Downloading", "Downloading", "Downloaded", "Installing", "Installed")
        told = []
        while not told or told[-1] != "Installed":
            event = await asyncio.wait_for(anext(feed), PATIENCE_S)
            if isinstance(event, ChargePointJobChanged):
                told.append(event.job.status)
    assert told == ["Asked", "Accepted", "Downloading", "Downloaded", "Installing", "Installed"]
    assert await rows(garage) == [("Installed", True)]


async def test_the_first_word_may_come_before_the_answer(garage: Garage) -> None:
    async def hear_first() -> None:
        await garage.house.jobs.heard(garage.charge_point_id, JobKind.FIRMWARE, "Downloading")

    begun: list[asyncio.Task[None]] = []

    def answer(_: Any) -> None:
        begun.append(asyncio.create_task(hear_first()))

    garage.chargers.answers[UpdateFirmware] = answer
    await update(garage)
    await asyncio.gather(*begun)
    assert await rows(garage) == [("Downloading", False)]


@pytest.mark.parametrize(
    ("failure", "code", "status", "is_over"),
    [
        (ChargerOffline("gone"), ErrorCode.CHARGER_OFFLINE, "NotReached", True),
        (ChargerBusy("never sent"), ErrorCode.CHARGER_BUSY, "NotReached", True),
        (ChargerRejected("NotSupported"), ErrorCode.CHARGER_REJECTED, "Rejected", True),
        (ChargerTimeout("late"), ErrorCode.CHARGER_TIMEOUT, "Unanswered", False),
    ],
)
async def test_a_charge_point_that_does_not_say_yes(
    garage: Garage, failure: Exception, code: ErrorCode, status: str, is_over: bool
) -> None:
    garage.chargers.answers[UpdateFirmware] = failure
    with pytest.raises(Refusal) as refused:
        await update(garage)
    assert refused.value.code is code
    assert await rows(garage) == [(status, is_over)]


async def test_one_that_did_not_answer_and_begins_is_followed_all_the_same(garage: Garage) -> None:
    garage.chargers.answers[UpdateFirmware] = ChargerTimeout("late")
    with pytest.raises(Refusal):
        await update(garage)
    await hear(garage, JobKind.FIRMWARE, "Downloading")
    assert await rows(garage) == [("Downloading", False)]


async def test_a_later_job_takes_the_place_of_one_that_has_no_name(garage: Garage) -> None:
    garage.chargers.answers[UpdateFirmware] = None
    await update(garage)
    await update(garage)
    assert await rows(garage) == [("Superseded", True), ("Accepted", False)]
    await hear(garage, JobKind.FIRMWARE, "Installed")
    assert await rows(garage) == [("Superseded", True), ("Installed", True)]


async def test_logs_are_told_apart_by_their_names(garage: Garage) -> None:
    garage.chargers.answers[GetLog] = LogAnswer("Accepted", "security.log")
    jobs = garage.house.jobs
    first = await jobs.get_log(garage.operator, garage.charge_point_id, LogKind.SECURITY, UPLOAD)
    second = await jobs.get_log(garage.operator, garage.charge_point_id, LogKind.DIAGNOSTICS, UPLOAD)
    assert (first.file_name, [ask.request_id for ask in garage.chargers.all(GetLog)]) == (
        "security.log",
        [first.id, second.id],
    )
    await hear(garage, JobKind.LOG, "Uploaded", request_id=first.id)
    assert await rows(garage) == [("Uploaded", True), ("Accepted", False)]
    garage.chargers.answers[GetLog] = LogAnswer("AcceptedCanceled", None)
    await jobs.get_log(garage.operator, garage.charge_point_id, LogKind.SECURITY, UPLOAD)
    assert await rows(garage) == [("Uploaded", True), ("Superseded", True), ("Accepted", False)]


async def test_a_status_that_says_no_is_a_refusal_and_stays_on_the_job(garage: Garage) -> None:
    garage.chargers.answers[SignedUpdateFirmware] = "InvalidCertificate"
    firmware = Firmware(location="https://files.test/f", signing_certificate="PEM", signature="c2ln")
    with pytest.raises(Refusal, match="answered InvalidCertificate") as refused:
        await garage.house.jobs.signed_update_firmware(garage.operator, garage.charge_point_id, firmware)
    assert refused.value.code is ErrorCode.CHARGER_REJECTED
    assert await rows(garage) == [("InvalidCertificate", True)]
    await hear(garage, JobKind.SIGNED_FIRMWARE, "Idle")
    assert await rows(garage) == [("InvalidCertificate", True)]


async def test_diagnostics_with_nothing_to_upload_end_at_once(garage: Garage) -> None:
    garage.chargers.answers[GetDiagnostics] = None
    job = await garage.house.jobs.get_diagnostics(garage.operator, garage.charge_point_id, UPLOAD)
    assert (job.status, job.ended_at is not None) == ("NothingToUpload", True)
    # Some leave the name out and upload all the same.
    await hear(garage, JobKind.DIAGNOSTICS, "Uploading", "Uploaded")
    assert await rows(garage) == [("Uploaded", True)]


async def test_what_a_charge_point_does_unasked_is_a_job_of_its_own(garage: Garage) -> None:
    await hear(garage, JobKind.FIRMWARE, "Idle")
    assert await rows(garage) == []
    await hear(garage, JobKind.FIRMWARE, "Installing", "Installed", "Installed")
    await hear(garage, JobKind.LOG, "Uploading", request_id=4711)
    found = await ChargePointJobRow.all().order_by("id")
    assert [(row.status, row.asked_by, row.request_id) for row in found] == [
        ("Installed", None, None),
        ("Uploading", None, 4711),
    ]


async def test_a_password_reaches_the_charge_point_and_nothing_else(
    garage: Garage, capsys: pytest.CaptureFixture[str]
) -> None:
    garage.chargers.answers[GetDiagnostics] = "diagnostics.zip"
    job = await garage.house.jobs.get_diagnostics(garage.operator, garage.charge_point_id, UPLOAD)
    assert (job.location, job.file_name) == ("ftp://me:***@files.test/logs", "diagnostics.zip")
    (asked,) = garage.chargers.all(GetDiagnostics)
    assert (asked.location, asked.retries, asked.retry_interval_s) == (UPLOAD.location, 3, 60)
    assert "secret" not in (await ChargePointJobRow.get()).location
    assert "secret" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("firmware", "field"),
    [
        (Firmware(location="file:///etc/passwd"), "location"),
        (Firmware(location="https://a.test/f", retries=-1), "retries"),
        (Firmware(location="https://a.test/f", retry_interval_s=10**9), "retryIntervalSeconds"),
    ],
)
async def test_what_cannot_be_asked_is_refused_before_anything_is_kept(
    garage: Garage, firmware: Firmware, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.jobs.update_firmware(garage.operator, garage.charge_point_id, firmware)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID, ("input", field))
    assert (await rows(garage), garage.chargers.asks) == ([], [])


async def test_a_stranger_asks_nothing(garage: Garage) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.jobs.update_firmware(garage.stranger, garage.charge_point_id, FIRMWARE)
    assert refused.value.code is ErrorCode.NOT_FOUND
