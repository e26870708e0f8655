"""The security profiles (OCA, "Improved security for OCPP 1.6-J", section 2): what a charge point shows on connecting
makes a profile, and its operator demands one.

0: nothing is proven. 1: its key. 2: its key, over TLS. 3: a certificate of its own, over TLS.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from evgraph.domain.charge_point import CertificateState, ChargePoint
from evgraph.domain.refusals import ErrorCode, Refusal

HIGHEST_PROFILE = 3


class CertificateUse(StrEnum):
    """CertificateUseEnumType of the security extension: which root it is that a charge point trusts."""

    CENTRAL_SYSTEM_ROOT = "CentralSystemRootCertificate"
    MANUFACTURER_ROOT = "ManufacturerRootCertificate"


class HashAlgorithm(StrEnum):
    SHA256 = "SHA256"
    SHA384 = "SHA384"
    SHA512 = "SHA512"


class CertificateProof(StrEnum):
    """What a client certificate proves of who is connecting. The words are the reason of a refusal."""

    NONE = "no client certificate"
    PROVEN = "proven"
    UNREADABLE = "unreadable client certificate"
    OTHER_NAME = "certificate of another name"
    UNKNOWN = "certificate was not issued here"
    REVOKED = "revoked certificate"
    OUT_OF_DATE = "certificate is out of date"


class KeyHandover(StrEnum):
    """How a charge point came by a new key."""

    TAKEN = "TAKEN"
    REBOOT_REQUIRED = "REBOOT_REQUIRED"
    UNANSWERED = "UNANSWERED"
    BY_HAND = "BY_HAND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`has_key`: a key is on record for it; `key_matches`: it brought that one. `is_encrypted`: over TLS, up to us or
    to a proxy that we trust."""

    has_key: bool
    key_matches: bool
    is_encrypted: bool
    certificate: CertificateProof


class Lacks(StrEnum):
    """Why what is shown is not enough."""

    KEY = "bad credentials: wrong key"
    KEY_ON_RECORD = "profile needs a key, and none is set"
    ENCRYPTION = "not encrypted (needs wss)"
    CERTIFICATE = "lacks a certificate"


def profile_shown(shown: Shown) -> int:
    """The profile that a connection is in."""
    if shown.is_encrypted and shown.certificate is CertificateProof.PROVEN:
        return 3
    if shown.has_key and shown.key_matches:
        return 2 if shown.is_encrypted else 1
    return 0


def lacking(required: int, shown: Shown) -> Lacks | None:
    """Null when what is shown is enough: for the profile that is demanded, and for the key that is on record. A
    certificate stands for the key, as section 2.6 has it."""
    in_use = profile_shown(shown)
    if required >= 2 and not shown.is_encrypted:
        return Lacks.ENCRYPTION
    if required >= HIGHEST_PROFILE and in_use < HIGHEST_PROFILE:
        return Lacks.CERTIFICATE
    if in_use == HIGHEST_PROFILE:
        return None
    if shown.has_key and not shown.key_matches:
        return Lacks.KEY
    return Lacks.KEY_ON_RECORD if in_use < required else None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCertificate:
    """One that the operator's CA signed for a charge point. `serial`: hex digits."""

    id: int
    charge_point_id: int
    garage_id: int
    serial: str
    state: CertificateState
    pem: str
    not_before: datetime
    not_after: datetime
    signed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityEvent:
    """`at` by the charge point's clock, as far as that can be believed (B7)."""

    id: int
    charge_point_id: int
    kind: str
    tech_info: str | None
    at: datetime
    received_at: datetime


def check_profile(
    charge_point: ChargePoint, profile: int, *, has_key: bool, has_certificate: bool, is_forced: bool
) -> None:
    """Whether an operator may demand this profile. Raises Refusal INVALID for one that it could not connect with, and,
    unless forced, for less than before (section 2.2: a profile only ever rises)."""
    field = ("input", "profile")
    if not 0 <= profile <= HIGHEST_PROFILE:
        raise Refusal(ErrorCode.INVALID, f"A security profile is 0 to {HIGHEST_PROFILE}.", field)
    if is_forced:
        return
    if profile < charge_point.security_profile:
        raise Refusal(
            ErrorCode.INVALID,
            f"{charge_point.identity} has security profile {charge_point.security_profile}, which may only rise."
            " Force it only if you know that no stranger asks for it.",
            field,
        )
    if profile in (1, 2) and not has_key:
        raise Refusal(ErrorCode.INVALID, f"{charge_point.identity} has no key. Give it one first.", field)
    if profile == HIGHEST_PROFILE and not has_certificate:
        raise Refusal(
            ErrorCode.INVALID,
            f"{charge_point.identity} has taken no certificate yet. Request one first, or it could not connect again.",
            field,
        )
