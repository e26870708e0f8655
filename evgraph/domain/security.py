"""The security profiles (OCA, "Improved security for OCPP 1.6-J", section 2): what a charge point shows on connecting
makes a profile, and its operator demands one.

0: nothing is proven. 1: its key. 2: its key, over TLS. 3: a certificate of its own, over TLS.
"""

from dataclasses import dataclass
from enum import StrEnum

HIGHEST_PROFILE = 3


class CertificateProof(StrEnum):
    """What a client certificate proves of who is connecting. The words are the reason of a refusal."""

    NONE = "no client certificate"
    PROVEN = "proven"
    UNREADABLE = "unreadable client certificate"
    OTHER_NAME = "certificate of another name"
    UNKNOWN = "certificate was not issued here"
    REVOKED = "revoked certificate"
    OUT_OF_DATE = "certificate is out of date"


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

    KEY = "bad credentials"
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
