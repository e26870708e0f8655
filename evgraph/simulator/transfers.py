"""Firmware updates, diagnostics and logs: everything but the bytes.

Nothing is fetched and nothing is uploaded; the charge point only goes through the statuses, some simulated seconds
each. A location in another protocol than SupportedFileTransferProtocols says fails.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from evgraph.simulator.configuration import Configuration
from evgraph.simulator.library import call, call_result, enums
from evgraph.simulator.messenger import Messenger
from evgraph.simulator.promises import Answer, Promises
from evgraph.simulator.simulated_time import SimulatedTime, instant
from evgraph.simulator.spawning import Spawn

STEP = 5.0
"""Simulated seconds that each status lasts."""


class Transfers:
    """One firmware update and one upload at a time; a newer one takes the place of the older."""

    def __init__(
        self,
        configuration: Configuration,
        time: SimulatedTime,
        messenger: Messenger,
        promises: Promises,
        spawn: Spawn,
        install: Callable[[str | None], Awaitable[None]],
        is_charging: Callable[[], bool],
    ) -> None:
        self._configuration = configuration
        self._time = time
        self._messenger = messenger
        self._promises = promises
        self._spawn = spawn
        self._install = install
        self._is_charging = is_charging
        self._update: asyncio.Task[None] | None = None
        self._upload: asyncio.Task[None] | None = None
        self._firmware_status = str(enums.FirmwareStatus.idle)
        self._diagnostics_status = str(enums.DiagnosticsStatus.idle)
        self._log_status = str(enums.UploadLogStatus.idle)
        self._firmware_request_id: int | None = None
        self._log_request_id = 0

    def answers(self) -> dict[str, Answer]:
        return {
            "UpdateFirmware": self.update_firmware,
            "SignedUpdateFirmware": self.signed_update_firmware,
            "GetDiagnostics": self.get_diagnostics,
            "GetLog": self.get_log,
        }

    # What TriggerMessage asks for

    def report_firmware(self) -> None:
        """The status as it is now; Idle once it is installed (section 4.5)."""
        final = (enums.FirmwareStatus.installed,)
        status = str(enums.FirmwareStatus.idle) if self._firmware_status in final else self._firmware_status
        if self._firmware_request_id is None:
            self._messenger.tell(call.FirmwareStatusNotification(status=status))
        else:
            self._messenger.tell(
                call.SignedFirmwareStatusNotification(status=status, request_id=self._firmware_request_id)
            )

    def report_diagnostics(self) -> None:
        is_busy = self._diagnostics_status == enums.DiagnosticsStatus.uploading
        status = self._diagnostics_status if is_busy else str(enums.DiagnosticsStatus.idle)
        self._messenger.tell(call.DiagnosticsStatusNotification(status=status))

    def report_log(self) -> None:
        is_busy = self._log_status == enums.UploadLogStatus.uploading
        status = self._log_status if is_busy else str(enums.UploadLogStatus.idle)
        self._messenger.tell(call.LogStatusNotification(status=status, request_id=self._log_request_id))

    # Firmware

    def update_firmware(
        self, location: str, retrieve_date: str, retries: int | None = None, retry_interval: int | None = None
    ) -> Any:
        """Section 5.19."""
        self._promises.add(partial(self._begin_update, None, location, retrieve_date, None))
        return call_result.UpdateFirmware()

    def signed_update_firmware(
        self,
        request_id: int,
        firmware: dict[str, Any],
        retries: int | None = None,
        retry_interval: int | None = None,
    ) -> Any:
        """Security extension, section 5.10. The certificate must be one, and in force. The signature is taken on
        trust, for there are no bytes to check it on."""
        statuses = enums.UpdateFirmwareStatus
        if not self._is_in_force(firmware["signing_certificate"]):
            self._promises.add(partial(self._alarm, "InvalidFirmwareSigningCertificate"))
            return call_result.SignedUpdateFirmware(status=statuses.invalid_certificate)
        is_busy = self._update is not None and not self._update.done()
        when, then = firmware["retrieve_date_time"], firmware.get("install_date_time")
        self._promises.add(partial(self._begin_update, request_id, firmware["location"], when, then))
        return call_result.SignedUpdateFirmware(status=statuses.accepted_canceled if is_busy else statuses.accepted)

    def _begin_update(self, request_id: int | None, location: str, retrieve_at: str, install_at: str | None) -> None:
        if self._update is not None:
            self._update.cancel()
        self._firmware_request_id = request_id
        self._update = self._spawn(self._run_update(location, retrieve_at, install_at))

    async def _run_update(self, location: str, retrieve_at: str, install_at: str | None) -> None:
        statuses = enums.FirmwareStatus
        is_signed = self._firmware_request_id is not None
        if is_signed and self._is_ahead(retrieve_at):
            self._tell_firmware(statuses.download_scheduled)
        await self._until(retrieve_at)
        await self._step(statuses.downloading)
        if not self._is_supported(location):
            self._tell_firmware(statuses.download_failed)
            return
        await self._step(statuses.downloaded)
        if is_signed:
            await self._step(statuses.signature_verified)
        if install_at is not None:
            if self._is_ahead(install_at):
                self._tell_firmware(statuses.install_scheduled)
            await self._until(install_at)
        while self._is_charging():  # noqa: ASYNC110 - as firmwares do, it looks now and then
            await asyncio.sleep(self._time.real(STEP))
        await self._step(statuses.installing)
        if is_signed:
            await self._step(statuses.install_rebooting)
        await self._install(_version(location))
        self._tell_firmware(statuses.installed)

    def _tell_firmware(self, status: str) -> None:
        self._firmware_status = str(status)
        if self._firmware_request_id is None:
            self._messenger.tell(call.FirmwareStatusNotification(status=status))
            return
        request_id = self._firmware_request_id
        self._messenger.tell(call.SignedFirmwareStatusNotification(status=status, request_id=request_id))

    async def _step(self, status: str) -> None:
        self._tell_firmware(status)
        await asyncio.sleep(self._time.real(STEP))

    # Diagnostics and logs

    def get_diagnostics(
        self,
        location: str,
        retries: int | None = None,
        retry_interval: int | None = None,
        start_time: str | None = None,
        stop_time: str | None = None,
    ) -> Any:
        """Section 5.9."""
        self._promises.add(partial(self._begin_upload, self._run_diagnostics(location)))
        return call_result.GetDiagnostics(file_name=self._file_name("diagnostics"))

    async def _run_diagnostics(self, location: str) -> None:
        statuses = enums.DiagnosticsStatus
        final = statuses.uploaded if self._is_supported(location) else statuses.upload_failed
        for status in (statuses.uploading, final):
            self._diagnostics_status = str(status)
            self._messenger.tell(call.DiagnosticsStatusNotification(status=status))
            await asyncio.sleep(self._time.real(STEP))

    def get_log(
        self,
        log_type: str,
        request_id: int,
        log: dict[str, Any],
        retries: int | None = None,
        retry_interval: int | None = None,
    ) -> Any:
        """Security extension, section 5.5."""
        statuses = enums.LogStatus
        is_busy = self._upload is not None and not self._upload.done()
        self._promises.add(partial(self._begin_upload, self._run_log(request_id, log["remote_location"])))
        name = "security" if log_type == enums.Log.security_log else "diagnostics"
        return call_result.GetLog(
            status=statuses.accepted_canceled if is_busy else statuses.accepted, filename=self._file_name(name)
        )

    async def _run_log(self, request_id: int, location: str) -> None:
        statuses = enums.UploadLogStatus
        self._log_request_id = request_id
        final = statuses.uploaded if self._is_supported(location) else statuses.upload_failure
        for status in (statuses.uploading, final):
            self._log_status = str(status)
            self._messenger.tell(call.LogStatusNotification(status=status, request_id=request_id))
            await asyncio.sleep(self._time.real(STEP))

    def _begin_upload(self, upload: Any) -> None:
        if self._upload is not None:
            self._upload.cancel()
        self._upload = self._spawn(upload)

    # Details

    def _alarm(self, kind: str) -> None:
        self._messenger.security_event(kind)

    def _is_in_force(self, certificate: str) -> bool:
        try:
            read = x509.load_pem_x509_certificate(certificate.encode())
        except ValueError:
            return False
        return read.not_valid_before_utc <= self._time.now() <= read.not_valid_after_utc

    def _is_supported(self, location: str) -> bool:
        protocols = self._configuration.text("SupportedFileTransferProtocols").split(",")
        return urlsplit(location).scheme.upper() in protocols

    def _is_ahead(self, moment: str) -> bool:
        return instant(moment) > self._time.now()

    async def _until(self, moment: str) -> None:
        await asyncio.sleep(max(0.0, (instant(moment) - self._time.now()).total_seconds()))

    def _file_name(self, kind: str) -> str:
        return f"{kind}-{self._time.now():%Y%m%dT%H%M%SZ}.log"


def _version(location: str) -> str | None:
    """As the file's name says it: 2.4.0 of ax48-2.4.0.bin."""
    found = re.search(r"\d+(\.\d+)+", urlsplit(location).path.rpartition("/")[2])
    return found.group() if found else None
