"""What a charge point shows when it connects: its credentials and its subprotocols (C1, C2)."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

SUBPROTOCOL = "ocpp1.6"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Basic credentials; both null when there are none that can be read. The password is bytes: OCPP-J 1.6 section
    6.2.1 allows any."""

    user: str | None = None
    password: bytes | None = field(default=None, repr=False)


def credentials(authorization: str | None) -> Credentials:
    """Out of an Authorization header; split at the first colon, for a password may hold more of them."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return Credentials()
    try:
        # Some firmwares leave the padding out; too much of it is ignored.
        pair = base64.b64decode(token.strip() + "==")
    except (binascii.Error, ValueError):
        return Credentials()
    user, colon, password = pair.partition(b":")
    if not colon:
        return Credentials()
    return Credentials(user.decode("utf-8", "replace"), password)


class Offer(Enum):
    NONE = "none named"
    OTHERS = "only others"


def choose_subprotocol(offered: Sequence[str]) -> str | Offer:
    """C2: ocpp1.6 as it was written in the offer, wherever it stands there."""
    named = [name.strip() for name in offered if name.strip()]
    for name in named:
        if name.lower() == SUBPROTOCOL:
            return name
    return Offer.OTHERS if named else Offer.NONE
