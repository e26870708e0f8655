"""C1 and C2, on a real server."""

import asyncio
import base64

import pytest
from websockets.exceptions import InvalidStatus

from evgraph.ocpp.handshake import Credentials, Offer, choose_subprotocol, credentials
from tests.ocpp.conftest import CentralSystem


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
    for path in ("CP9", "cp1", "CP1/", "", "CP1%00", "%F0%9F%9A%97", "x" * 3000):
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
    async with asyncio.timeout(2), central.charger(subprotocols=["ocpp0.1", "ocpp2.0.1"]) as charger:
        assert charger.websocket.subprotocol is None
        assert await charger.closed() == 1002
    assert central.registry.current("CP1") is None
    assert central.services.told == []


async def test_c2_none_named_is_taken_as_1_6(central: CentralSystem) -> None:
    async with central.charger(subprotocols=[]) as charger:
        assert charger.websocket.subprotocol is None
        assert await charger.is_alive()
