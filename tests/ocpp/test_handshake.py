"""C1 and C2, on a real server."""

import asyncio
import base64
from urllib.parse import quote

import pytest
from starlette.datastructures import Headers
from websockets.exceptions import InvalidStatus

from evgraph.ocpp.handshake import (
    NO_PROXIES,
    WIRE,
    BadProxies,
    Credentials,
    Offer,
    Proxies,
    Wire,
    certificate_in,
    choose_subprotocol,
    credentials,
    identity_in,
    origin_form,
    wire_of,
)
from tests.ocpp.conftest import CentralSystem
from tests.patience import PATIENCE_S


def _basic(pair: bytes) -> str:
    return "Basic " + base64.b64encode(pair).decode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Credentials()),
        ("", Credentials()),
        ("Bearer abc", Credentials()),
        ("Basic", Credentials()),
        ("Basic !!!!", Credentials()),
        (_basic(b"no colon"), Credentials()),
        (_basic(b"CP1:secret"), Credentials("CP1", b"secret")),
        (_basic(b"CP1:se:cr:et"), Credentials("CP1", b"se:cr:et")),
        (_basic(b"CP1:"), Credentials("CP1", b"")),
        (_basic(b"CP1:\xff\x00\x80"), Credentials("CP1", b"\xff\x00\x80")),
        (_basic("CP\u00fc:x".encode()), Credentials("CP\u00fc", b"x")),
        ("basic   " + base64.b64encode(b"CP1:secret1").decode().rstrip("="), Credentials("CP1", b"secret1")),
    ],
)
def test_c1_basic_credentials_are_split_at_the_first_colon_and_stay_bytes(
    header: str | None, expected: Credentials
) -> None:
    assert credentials(header) == expected


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["ocpp1.6"], "ocpp1.6"),
        (["ocpp0.1", "ocpp1.6"], "ocpp1.6"),
        (["ocpp2.0.1", " ocpp1.6 ", "ocpp1.5"], "ocpp1.6"),
        (["OCPP1.6"], "OCPP1.6"),
        (["ocpp2.0.1"], Offer.OTHERS),
        (["ocpp1.6J"], Offer.OTHERS),
        ([], Offer.NONE),
        ([""], Offer.NONE),
    ],
)
def test_c2_ocpp_1_6_is_chosen_out_of_any_list(offered: list[str], chosen: str | Offer) -> None:
    assert choose_subprotocol(offered) == chosen


async def test_c1_an_unknown_identity_gets_404_and_the_attempt_is_kept(central: CentralSystem) -> None:
    for path in ("CP9", "cp1", "CP1%2F", "", "CP1%00", "%F0%9F%9A%97", "x" * 3000):
        with pytest.raises(InvalidStatus) as refusal:
            async with central.charger(path):
                pass
        assert refusal.value.response.status_code == 404
    assert central.services.refused[0] == ("CP9", "127.0.0.1")
    assert len(central.services.refused) == 7


@pytest.mark.parametrize(
    "basic", [None, b"CP1:wrong", b"CP2:se:cret\xff", b"CP1", b"cp1:se:cret\xff", b"CP1:se"], ids=repr
)
async def test_c1_missing_or_wrong_credentials_get_401(central: CentralSystem, basic: bytes | None) -> None:
    central.services.keys["CP1"] = b"se:cret\xff"
    with pytest.raises(InvalidStatus) as refusal:
        async with central.charger(basic=basic):
            pass
    assert refusal.value.response.status_code == 401
    assert refusal.value.response.headers["WWW-Authenticate"].startswith("Basic ")
    assert central.services.refused == [("CP1", "127.0.0.1")]
    assert central.services.told == []


async def test_c1_the_right_key_of_raw_bytes_is_let_in(central: CentralSystem) -> None:
    central.services.keys["CP1"] = b"se:cret\xff"
    async with central.charger(basic=b"CP1:se:cret\xff") as charger:
        assert await charger.is_alive()


async def test_c1_the_identity_is_percent_decoded_once(central: CentralSystem) -> None:
    for identity in ("CP 1/\u00fc", "CP%41"):
        central.services.keys[identity] = None
    for path, identity in (("CP%201%2F%C3%BC", "CP 1/\u00fc"), ("CP%2541", "CP%41"), ("%43P1", "CP1")):
        async with central.charger(path) as charger:
            assert await charger.is_alive()
            assert central.registry.current(identity) is not None


async def test_c1_a_database_that_is_gone_gets_503_so_that_the_charger_tries_again(central: CentralSystem) -> None:
    central.services.failing["admit"] = OSError("database is gone")
    with pytest.raises(InvalidStatus) as refusal:
        async with central.charger():
            pass
    assert refusal.value.response.status_code == 503


@pytest.mark.parametrize("offered", [["ocpp1.6"], ["ocpp0.1", "ocpp1.6"], ["ocpp2.0.1", "ocpp1.6", "ocpp1.5"]])
async def test_c2_the_subprotocol_is_answered(central: CentralSystem, offered: list[str]) -> None:
    async with central.charger(subprotocols=offered) as charger:
        assert charger.websocket.subprotocol == "ocpp1.6"
        assert await charger.is_alive()


async def test_c2_only_others_complete_the_handshake_and_are_closed_at_once(central: CentralSystem) -> None:
    async with asyncio.timeout(PATIENCE_S), central.charger(subprotocols=["ocpp0.1", "ocpp2.0.1"]) as charger:
        assert charger.websocket.subprotocol is None
        assert await charger.closed() == 1002
    assert central.registry.current("CP1") is None
    assert central.services.told == []
    assert central.services.refused == [("CP1", "127.0.0.1")]


async def test_c2_a_database_that_is_gone_does_not_change_that(central: CentralSystem) -> None:
    central.services.failing["speaks otherwise"] = OSError("database is gone")
    async with asyncio.timeout(PATIENCE_S), central.charger(subprotocols=["ocpp2.0.1"]) as charger:
        assert await charger.closed() == 1002


async def test_c2_none_named_is_taken_as_1_6(central: CentralSystem) -> None:
    async with central.charger(subprotocols=[]) as charger:
        assert charger.websocket.subprotocol is None
        assert await charger.is_alive()


# What stands before us may end TLS.

DIRECT = Wire(host="203.0.113.9", is_encrypted=False)
BEHIND = Wire(host="10.0.0.5", is_encrypted=False)
PROXIES = Proxies.parse("10.0.0.0/8, 2001:db8::5", "X-Client-Certificate")
DER = base64.b64encode(b"a certificate").decode()


def _seen(wire: Wire, *headers: tuple[str, str], proxies: Proxies = PROXIES) -> Wire:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope = {"client": (wire.host, 5000), "extensions": {WIRE: wire}}
    return wire_of(scope, Headers(raw=raw), proxies)


HTTPS, FROM = ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "198.51.100.7")


@pytest.mark.parametrize(
    ("wire", "headers", "expected"),
    [
        (BEHIND, [HTTPS, FROM], Wire(host="198.51.100.7", is_encrypted=True)),
        (BEHIND, [("X-Forwarded-Proto", "WSS")], Wire(host="10.0.0.5", is_encrypted=True)),
        (BEHIND, [FROM], Wire(host="198.51.100.7", is_encrypted=False)),
        (BEHIND, [("X-Forwarded-Proto", "http")], BEHIND),
        # What a charger wrote itself stands to the left of what our proxies added.
        (
            BEHIND,
            [HTTPS, ("X-Forwarded-For", "1.1.1.1, 198.51.100.7, 10.0.0.9")],
            Wire(host="198.51.100.7", is_encrypted=True),
        ),
        (BEHIND, [HTTPS, ("X-Forwarded-For", "1.1.1.1"), FROM], Wire(host="198.51.100.7", is_encrypted=True)),
        (
            BEHIND,
            [HTTPS, ("X-Client-Certificate", DER)],
            Wire(host="10.0.0.5", is_encrypted=True, certificate=b"a certificate"),
        ),
        (BEHIND, [HTTPS, ("X-Client-Certificate", "")], Wire(host="10.0.0.5", is_encrypted=True)),
        # Twice: one of them is not the proxy's.
        (BEHIND, [HTTPS, HTTPS], BEHIND),
        (BEHIND, [HTTPS, *[("X-Client-Certificate", DER)] * 2], Wire(host="10.0.0.5", is_encrypted=True)),
        (BEHIND, [("X-Client-Certificate", DER)], BEHIND),
        # Anyone can write headers.
        (DIRECT, [HTTPS, FROM, ("X-Client-Certificate", DER)], DIRECT),
        (Wire(host="unix", is_encrypted=False), [HTTPS], Wire(host="unix", is_encrypted=False)),
        (
            Wire(host="203.0.113.9", is_encrypted=True, certificate=b"own"),
            [("X-Forwarded-Proto", "http")],
            Wire(host="203.0.113.9", is_encrypted=True, certificate=b"own"),
        ),
    ],
)
def test_only_a_trusted_proxys_word_on_the_wire_counts(
    wire: Wire, headers: list[tuple[str, str]], expected: Wire
) -> None:
    assert _seen(wire, *headers) == expected


def test_by_default_no_proxy_is_trusted() -> None:
    local = Wire(host="127.0.0.1", is_encrypted=False)
    assert _seen(local, HTTPS, ("X-Client-Certificate", DER), proxies=NO_PROXIES) == local


@pytest.mark.parametrize(
    ("header", "der"),
    [
        (DER, b"a certificate"),
        (f":{DER}:", b"a certificate"),
        (quote(f"-----BEGIN CERTIFICATE-----\n{DER}\n-----END CERTIFICATE-----\n"), b"a certificate"),
        (f"-----BEGIN CERTIFICATE----- {DER} -----END CERTIFICATE-----", b"a certificate"),
        ("nonsense!", b"?"),
        ("(null)", b"?"),
    ],
)
def test_a_certificate_is_read_as_proxies_write_it(header: str, der: bytes) -> None:
    assert certificate_in(header) == der


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "proxy.local", "*"])
def test_proxies_are_named_by_address(networks: str) -> None:
    with pytest.raises(BadProxies, match="EVGRAPH_TRUSTED_PROXIES"):
        Proxies.parse(networks)


@pytest.mark.parametrize(
    ("raw", "identity"),
    [
        (b"/ocpp/CP1", "CP1"),
        (b"/ocpp/CP1/", "CP1"),
        (b"//ocpp///CP1//", "CP1"),
        (b"/%6Fcpp/CP%201%2F%C3%BC", "CP 1/\u00fc"),
        (b"/ocpp/CP%2541", "CP%41"),
        (b"/ocpp/%2FCP1%2F", "/CP1/"),
        (b"/ocpp/A/B", "A/B"),
        (b"/ocpp", ""),
        (b"/ocpp//", ""),
        (b"/", None),
        (b"", None),
        (b"/OCPP/CP1", None),
        (b"/ocpp16/CP1", None),
        (b"/ws/ocpp/CP1", None),
        (b"/%2Focpp/CP1", None),
    ],
)
def test_c1_slashes_that_are_doubled_or_at_the_end_mean_nothing(raw: bytes, identity: str | None) -> None:
    assert identity_in({"path": "?", "raw_path": raw}) == identity


@pytest.mark.parametrize(
    ("target", "origin"),
    [
        ("/ocpp/CP1?a=b", "/ocpp/CP1?a=b"),
        ("//ocpp/CP1", "//ocpp/CP1"),
        ("ws://here:8000/ocpp/CP1", "/ocpp/CP1"),
        ("HTTPS://here/ocpp/CP1?a=b", "/ocpp/CP1?a=b"),
        ("http://here", "/"),
        ("http://here?a=b", "/?a=b"),
        ("*", "/*"),
        ("", "/"),
    ],
)
def test_c1_a_request_target_in_absolute_form_is_served(target: str, origin: str) -> None:
    assert origin_form(target) == origin
