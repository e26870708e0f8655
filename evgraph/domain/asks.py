"""What a charge point can be asked for: one value an OCPP 1.6 CALL of ours, in the words of the specification.

An ask names the type of its answer. How it is written to the wire, and how the answer is read, is the charger side's.
Lengths and enums are the specification's; `docs` of each give its section.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from evgraph.domain.charging_profile import ChargingProfile, ChargingProfilePurpose, ChargingRateUnit, ChargingSchedule

Answer = TypeVar("Answer", covariant=True)


class Ask(Generic[Answer]):
    """Base of all asks; `Answer` is what comes back."""

    __slots__ = ()


# Core (OCPP 1.6 chapter 5)


@dataclass(frozen=True, slots=True)
class ConfigurationKey:
    """One key as the charge point tells it; `value` null when it keeps it to itself."""

    key: str
    value: str | None
    is_readonly: bool


@dataclass(frozen=True, slots=True)
class Configuration:
    keys: tuple[ConfigurationKey, ...]
    unknown: tuple[str, ...]


class ResetKind(StrEnum):
    HARD = "Hard"
    SOFT = "Soft"


@dataclass(frozen=True, slots=True)
class Reset(Ask[str]):
    """Section 5.14. The answer is its status: Accepted or Rejected."""

    kind: ResetKind


@dataclass(frozen=True, slots=True)
class UnlockConnector(Ask[str]):
    """Section 5.18: Unlocked, UnlockFailed or NotSupported."""

    connector_id: int


@dataclass(frozen=True, slots=True)
class ChangeAvailability(Ask[str]):
    """Section 5.2: Accepted, Rejected or Scheduled. Connector 0 is the charge point with all its connectors."""

    connector_id: int
    is_operative: bool


@dataclass(frozen=True, slots=True)
class GetConfiguration(Ask[Configuration]):
    """Section 5.8. Without keys: all of them."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeConfiguration(Ask[str]):
    """Section 5.3: Accepted, Rejected, RebootRequired or NotSupported."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ClearCache(Ask[str]):
    """Section 5.4: Accepted or Rejected."""


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """Accepted, Rejected, UnknownMessageId or UnknownVendorId."""

    status: str
    data: str | None


@dataclass(frozen=True, slots=True)
class DataTransfer(Ask[VendorAnswer]):
    """Section 5.6."""

    vendor_id: str
    message_id: str | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class TriggerMessage(Ask[str]):
    """Section 5.17: Accepted, Rejected or NotImplemented. `message`: such as StatusNotification or MeterValues."""

    message: str
    connector_id: int | None = None


# Firmware management


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDiagnostics(Ask[str | None]):
    """Section 5.9. The answer is the file's name; null when there is nothing to upload."""

    location: str
    retries: int | None = None
    retry_interval_s: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFirmware(Ask[None]):
    """Section 5.19."""

    location: str
    retrieve_at: datetime
    retries: int | None = None
    retry_interval_s: int | None = None


# Local authorization list


@dataclass(frozen=True, slots=True)
class GetLocalListVersion(Ask[int]):
    """Section 5.10: 0 is an empty list, -1 means that it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalListEntry:
    """`status`: Accepted, Blocked, Expired or Invalid; null removes the idTag in a differential update."""

    id_tag: str
    status: str | None
    expires_at: datetime | None = None
    parent_id_tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLocalList(Ask[str]):
    """Section 5.15: Accepted, Failed, NotSupported or VersionMismatch. `is_full`: it replaces the whole list."""

    version: int
    is_full: bool
    entries: tuple[LocalListEntry, ...]


# Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveNow(Ask[str]):
    """Section 5.13: Accepted, Faulted, Occupied, Rejected or Unavailable."""

    reservation_id: int
    connector_id: int
    id_tag: str
    expires_at: datetime
    parent_id_tag: str | None = None


@dataclass(frozen=True, slots=True)
class CancelReservation(Ask[str]):
    """Section 5.1: Accepted or Rejected."""

    reservation_id: int


# Smart charging


@dataclass(frozen=True, slots=True)
class SetChargingProfile(Ask[str]):
    """Section 5.16: Accepted, Rejected or NotSupported."""

    connector_id: int
    profile: ChargingProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearChargingProfile(Ask[str]):
    """Section 5.5: Accepted or Unknown. What is given must all hold of a profile that is cleared."""

    profile_id: int | None = None
    connector_id: int | None = None
    purpose: ChargingProfilePurpose | None = None
    stack_level: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeSchedule:
    """`status`: Accepted or Rejected; the rest is null where it was not told."""

    status: str
    connector_id: int | None
    starts_at: datetime | None
    schedule: ChargingSchedule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetCompositeSchedule(Ask[CompositeSchedule]):
    """Section 5.7."""

    connector_id: int
    duration_s: int
    unit: ChargingRateUnit | None = None


# Security extension (OCA, "Improved security for OCPP 1.6-J", chapter 5)


@dataclass(frozen=True, slots=True)
class ExtendedTriggerMessage(Ask[str]):
    """Section 5.4: Accepted, Rejected or NotImplemented."""

    message: str
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """Accepted, Rejected or AcceptedCanceled."""

    status: str
    file_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetLog(Ask[LogAnswer]):
    """Section 5.5. `kind`: DiagnosticsLog or SecurityLog."""

    request_id: int
    kind: str
    location: str
    since: datetime | None = None
    until: datetime | None = None
    retries: int | None = None
    retry_interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class CertificateSigned(Ask[str]):
    """Section 5.1: Accepted or Rejected. PEM, the charge point's certificate first."""

    chain: str


@dataclass(frozen=True, slots=True)
class InstallCertificate(Ask[str]):
    """Section 5.7: Accepted, Rejected or Failed. `kind`: CentralSystemRootCertificate, ManufacturerRootCertificate."""

    kind: str
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateHash:
    """As the security extension's CertificateHashData: `algorithm` SHA256, SHA384 or SHA512, the rest in hex."""

    algorithm: str
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


@dataclass(frozen=True, slots=True)
class DeleteCertificate(Ask[str]):
    """Section 5.2: Accepted, Failed or NotFound."""

    certificate: CertificateHash


@dataclass(frozen=True, slots=True)
class InstalledCertificates:
    """Accepted, or NotFound when there is none."""

    status: str
    certificates: tuple[CertificateHash, ...]


@dataclass(frozen=True, slots=True)
class GetInstalledCertificateIds(Ask[InstalledCertificates]):
    """Section 5.6."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUpdateFirmware(Ask[str]):
    """Section 5.10: Accepted, Rejected, AcceptedCanceled, InvalidCertificate or RevokedCertificate."""

    request_id: int
    location: str
    retrieve_at: datetime
    install_at: datetime | None
    signing_certificate: str
    signature: str
    retries: int | None = None
    retry_interval_s: int | None = None
