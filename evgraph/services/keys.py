"""Secrets that machines hold: at least 128 random bits, so a fast salted hash serves; ten thousand chargers that
reconnect at once must not cost an hour of argon2."""

import binascii
import hashlib
import hmac
import secrets

_KEY_BYTES = 20
_MOST_ON_TRIAL = 2


def new_charge_point_key() -> str:
    """40 hex digits: 20 bytes, the longest AuthorizationKey that OCPP 1.6 allows."""
    return secrets.token_hex(_KEY_BYTES)


def hash_key(key: str) -> str:
    """Of the key's bytes: those that its hex digits stand for, else its text's."""
    salt = secrets.token_hex(8)
    return f"{salt}${_digest(salt, _unhex(key.encode()) or key.encode())}"


def key_matches(kept: str, offered: bytes) -> bool:
    """C1: raw bytes, text, and the hex digits of the bytes all occur."""
    salt, _, digest = kept.partition("$")
    forms = [offered, *filter(None, (_unhex(offered),))]
    return any(hmac.compare_digest(digest, _digest(salt, form)) for form in forms)


def put_on_trial(kept: str | None, key_hash: str) -> str:
    """`kept`: the hashes on trial, the oldest first, null for none. A key is on trial from when the charge point was
    given it until it signs in with it; while an answer was lost there can be two."""
    return " ".join([*on_trial(kept), key_hash][-_MOST_ON_TRIAL:])


def take_off_trial(kept: str | None, key_hash: str) -> str | None:
    return " ".join(one for one in on_trial(kept) if one != key_hash) or None


def on_trial(kept: str | None) -> list[str]:
    return (kept or "").split()


def proven(kept: str | None, offered: bytes) -> tuple[str, str | None] | None:
    """The hash on trial that this key has, and those that it was given later and are on trial still."""
    trial = on_trial(kept)
    for place, key_hash in enumerate(trial):
        if key_matches(key_hash, offered):
            return key_hash, " ".join(trial[place + 1 :]) or None
    return None


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _digest(salt: str, key: bytes) -> str:
    return hashlib.sha256(salt.encode() + key).hexdigest()


def _unhex(text: bytes) -> bytes | None:
    try:
        return binascii.unhexlify(text.strip())
    except (binascii.Error, ValueError):
        return None
