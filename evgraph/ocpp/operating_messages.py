"""What chargers send of firmware, logs and security (OCPP 1.6 sections 6.17 and 6.21, and the security extension), read
tolerantly as in `messages`: null stands for what makes no sense, and a message without its parts is refused."""

from dataclasses import dataclass

from evgraph.ocpp.fields import MAX_INT32, Fields

_WORD_LENGTH = 50
_STAMP_LENGTH = 64
_INFO_LENGTH = 255
_CSR_LENGTH = 5500


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """`status` is text, known or not. `request_id` is null unless it is one that we give: a positive int32."""

    status: str | None
    request_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    kind: str | None
    timestamp: str | None
    tech_info: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignCertificate:
    csr: str | None


def job_status(fields: Fields) -> JobStatus:
    """Of FirmwareStatusNotification, DiagnosticsStatusNotification and their two kin."""
    fields.require("status")
    named = fields.decimal("requestId")
    is_ours = named is not None and 0 < named <= MAX_INT32 and named == named.to_integral_value()
    return JobStatus(
        status=fields.text("status", _WORD_LENGTH) or None,
        request_id=int(named) if named is not None and is_ours else None,
    )


def security_event(fields: Fields) -> SecurityEvent:
    """A timestamp that is missing is no reason to lose the event: ours replaces it (B7)."""
    fields.require("type")
    return SecurityEvent(
        kind=fields.text("type", _WORD_LENGTH) or None,
        timestamp=fields.quietly().text("timestamp", _STAMP_LENGTH),
        tech_info=fields.text("techInfo", _INFO_LENGTH) or None,
    )


def sign_certificate(fields: Fields) -> SignCertificate:
    fields.require("csr")
    return SignCertificate(csr=fields.text("csr", _CSR_LENGTH) or None)
