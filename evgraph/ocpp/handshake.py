"""What a charge point shows when it connects: its credentials, its subprotocols (C1, C2), and what the wire between it
and us is worth (security profiles)."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import quote, unquote

from starlette.datastructures import Headers

SUBPROTOCOL = "ocpp1.6"
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
# C1: the first part of the path.
CHARGERS = "ocpp"
WIRE = "evgraph.wire"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


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


def origin_form(target: str) -> str:
    """The path and query of a request target, also of one in absolute form (RFC 9112 section 3.2.2)."""
    return target if target.startswith("/") else "/" + _ORIGIN.sub("", target).removeprefix("/")


def identity_in(scope: Mapping[str, Any]) -> str | None:
    """C1: the identity in the URL, percent-decoded; empty where there is none, null for a path that is no charger's.
    Slashes that are doubled, or at the end, mean nothing; one in an identity is percent-encoded."""
    raw = scope.get("raw_path")
    path = raw.decode("utf-8", "replace") if raw is not None else quote(scope["path"])
    first, *rest = [part for part in path.split("/") if part] or [""]
    return unquote("/".join(rest)) if unquote(first) == CHARGERS else None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """`certificate`: the client certificate (DER) that was verified in the TLS handshake, null without one."""

    host: str
    is_encrypted: bool
    certificate: bytes | None = field(default=None, repr=False)


class BadProxies(ValueError):
    """What was given as trusted proxies is no list of addresses."""


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxies that end TLS for us, and whose word counts: theirs alone, for anyone else can write the same headers.

    `certificate_header`: where they put the client certificate that they verified; empty when they verify none.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    certificate_header: str = ""

    @classmethod
    def parse(cls, networks: str, certificate_header: str = "") -> "Proxies":
        """Addresses and networks, parted by commas. Raises BadProxies."""
        try:
            found = tuple(ip_network(part.strip(), strict=False) for part in networks.split(",") if part.strip())
        except ValueError as failure:
            raise BadProxies(f"EVGRAPH_TRUSTED_PROXIES holds no list of addresses or networks: {failure}.") from failure
        return cls(found, certificate_header.strip())

    def trust(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.networks)

    def wire(self, wire: Wire, headers: Headers) -> Wire:
        """The wire from the charge point to the proxy: `wire` is the one from the proxy to us."""
        hops = [part.strip() for line in headers.getlist("x-forwarded-for") for part in line.split(",")]
        # From the right: what stands left of the last proxy's own entry was written by a stranger.
        beyond = next((hop for hop in reversed(hops) if hop and not self.trust(hop)), wire.host)
        is_encrypted = _only(headers, "x-forwarded-proto").lower() in ("https", "wss")
        shown = _only(headers, self.certificate_header) if self.certificate_header and is_encrypted else ""
        return Wire(host=beyond, is_encrypted=is_encrypted, certificate=certificate_in(shown) if shown else None)


NO_PROXIES = Proxies()


def wire_of(scope: Mapping[str, Any], headers: Headers, proxies: Proxies) -> Wire:
    """`scope`: of an ASGI handshake. Its client is whom uvicorn takes for it, and good enough to be shown to people."""
    client = scope.get("client")
    host = client[0] if client else "unknown"
    wire = scope.get("extensions", {}).get(WIRE)
    if not isinstance(wire, Wire):
        return Wire(host=host, is_encrypted=False)
    return proxies.wire(wire, headers) if proxies.trust(wire.host) else replace(wire, host=host)


def certificate_in(header: str) -> bytes | None:
    """A certificate (DER) as proxies write it: PEM, URL-encoded (nginx) or not; base64 of DER, between colons (RFC
    9440) or not (Caddy). What cannot be read stays a certificate, and one that proves nothing."""
    text = unquote(header).strip()
    if _BEGIN in text:
        text = text.partition(_BEGIN)[2].partition(_END)[0]
    try:
        return base64.b64decode("".join(text.split()).strip(":"), validate=True) or None
    except (binascii.Error, ValueError):
        return b"?"


def _only(headers: Headers, name: str) -> str:
    """Empty when it came twice: then somebody before the proxy wrote one of them."""
    values = headers.getlist(name)
    return values[0].strip() if len(values) == 1 else ""
