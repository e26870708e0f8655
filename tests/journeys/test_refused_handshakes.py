"""C1: what an installer gets wrong leaves a trace, on a real server, and what is merely sloppy is served."""

import asyncio
import base64
from collections.abc import Sequence

import pytest

from evgraph.domain.people import Role
from evgraph.domain.refused_connection import SAME
from tests.journeys.garage import Garage, Person
from tests.patience import PATIENCE_S

KEY = base64.b64encode(bytes(16)).decode()
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade")
HANDSHAKE = (*UPGRADE, f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")
OCPP = "Sec-WebSocket-Protocol: ocpp1.6"
OTHER = "Authorization: Basic"


async def _send(garage: Garage, line: str, headers: Sequence[str]) -> tuple[int, bytes]:
    """The status of the answer, and its head."""
    host, port = garage.server.address.split(":")
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write("\r\n".join([line, f"Host: {host}", *headers, "", ""]).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            return int(head.split(b" ", 2)[1]), head
        finally:
            writer.transport.abort()


async def _refused(operator: Person) -> list[tuple[str, str]]:
    """Identity and reason of what is listed, newest first."""
    document = "{ refusedConnections(first: 50) { edges { node { identity reason remote } } } }"
    edges = (await operator.data(document))["refusedConnections"]["edges"]
    assert {edge["node"]["remote"] for edge in edges} <= {"127.0.0.1"}
    return [(edge["node"]["identity"], edge["node"]["reason"]) for edge in edges]


async def _until_refused(operator: Person, expected: tuple[str, str]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while expected not in await _refused(operator):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _get(target: str) -> str:
    return f"GET {target} HTTP/1.1"


def _without(name: str) -> tuple[str, ...]:
    return tuple(header for header in HANDSHAKE if not header.startswith(name))


MISTAKES: list[tuple[str, str, Sequence[str], int, tuple[str, str]]] = [
    # A wrong path.
    ("another path", _get("/ws/CP7"), (*HANDSHAKE, OCPP), 404, ("CP7", "wrong path: /ws/CP7")),
    ("no path", _get("/CP7"), (*HANDSHAKE, OTHER), 404, ("CP7", "wrong path: /CP7")),
    ("in capitals", _get("/OCPP/CP7"), (*HANDSHAKE, OCPP), 404, ("CP7", "wrong path: /OCPP/CP7")),
    ("behind something", _get("/x/ocpp/CP7"), (*HANDSHAKE, OCPP), 404, ("CP7", "wrong path: /x/ocpp/CP7")),
    ("another version", _get("/ocpp16/CP7"), (*HANDSHAKE, OCPP + "J"), 404, ("CP7", "wrong path: /ocpp16/CP7")),
    ("the root", _get("/"), (*HANDSHAKE, OTHER), 404, ("CP7", "wrong path: /")),
    ("a long one", _get("/" + "y" * 3000), (*HANDSHAKE, OTHER), 404, ("CP7", ("wrong path: /" + "y" * 40)[:40])),
    ("GraphQL's, with a slash", _get("/graphql/"), (*HANDSHAKE, OTHER), 404, ("CP7", "wrong path: /graphql/")),
    ("a terminal's escape", _get("/%1b[2J/CP7"), (*HANDSHAKE, OCPP), 404, ("CP7", "wrong path: /\ufffd[2J/CP7")),
    # No identity.
    ("no identity", _get("/ocpp"), (*HANDSHAKE, OTHER), 404, ("CP7", "no identity in the URL")),
    ("nor a slash", _get("/ocpp//"), HANDSHAKE, 404, ("", "no identity in the URL")),
    # A missing upgrade.
    ("no upgrade", _get("/ocpp/CP7"), (), 426, ("CP7", "no WebSocket upgrade")),
    ("no Upgrade header", _get("/ocpp/CP7"), _without("Upgrade"), 426, ("CP7", "no WebSocket upgrade")),
    ("no Connection header", _get("/ocpp/CP7"), _without("Connection"), 426, ("CP7", "no WebSocket upgrade")),
    ("another upgrade", _get("/ocpp/CP7"), ("Upgrade: h2c", UPGRADE[1]), 426, ("CP7", "no WebSocket upgrade")),
    ("nor identity", _get("/ocpp"), (OTHER,), 426, ("CP7", "no WebSocket upgrade")),
    ("SOAP", "POST /ocpp/CP7 HTTP/1.1", ("Content-Length: 0",), 426, ("CP7", "no WebSocket upgrade")),
    ("doubled slashes", _get("//ocpp//CP7/"), (), 426, ("CP7", "no WebSocket upgrade")),
    ("absolute", _get("http://here:8000/ocpp/CP7"), (), 426, ("CP7", "no WebSocket upgrade")),
    # A bad header.
    ("no key", _get("/ocpp/CP7"), _without("Sec-WebSocket-Key"), 400, ("CP7", "bad header: Sec-WebSocket-Key")),
    (
        "a short key",
        _get("/ocpp/CP7"),
        (*_without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: c2hvcnQ="),
        400,
        ("CP7", "bad header: Sec-WebSocket-Key"),
    ),
    (
        "a key that is no base64",
        _get("/ocpp/CP7"),
        (*_without("Sec-WebSocket-Key"), "Sec-WebSocket-Key: !"),
        400,
        ("CP7", "bad header: Sec-WebSocket-Key"),
    ),
    ("two keys", _get("/ocpp/CP7"), (*HANDSHAKE, HANDSHAKE[2]), 400, ("CP7", "bad header: Sec-WebSocket-Key")),
    ("no version", _get("/ocpp/CP7"), HANDSHAKE[:3], 400, ("CP7", "bad header: Sec-WebSocket-Version")),
    (
        "an old version",
        _get("/ocpp/CP7"),
        (*HANDSHAKE[:3], "Sec-WebSocket-Version: 8"),
        400,
        ("CP7", "bad header: Sec-WebSocket-Version"),
    ),
    (
        "a list that cannot be read",
        _get("/ocpp/CP7"),
        (*HANDSHAKE, 'Sec-WebSocket-Protocol: "ocpp"'),
        400,
        ("CP7", "bad header: Sec-WebSocket-Protocol"),
    ),
    (
        "on a wrong path too",
        _get("/ws/CP7"),
        (*HANDSHAKE[:3], OCPP),
        400,
        ("CP7", "bad header: Sec-WebSocket-Version"),
    ),
    ("another method", "PUT /ocpp/CP7 HTTP/1.1", HANDSHAKE, 405, ("CP7", "request cannot be read")),
    ("a control character", _get("/ocpp/CP7"), (*HANDSHAKE, "X: \x01"), 400, ("CP7", "request cannot be read")),
    ("no header", _get("/ocpp/CP7"), (*HANDSHAKE, "nonsense"), 400, ("CP7", "request cannot be read")),
    ("a long header", _get("/ocpp/CP7"), (*HANDSHAKE, "X: " + "y" * 9000), 400, ("CP7", "request cannot be read")),
    ("many headers", _get("/ocpp/CP7"), (*HANDSHAKE, *["X: y"] * 200), 400, ("CP7", "request cannot be read")),
    ("a body", _get("/ocpp/CP7"), (*HANDSHAKE, "Content-Length: 5"), 400, ("CP7", "request cannot be read")),
    ("no ASCII", _get("/ocpp/CP7\u00fc"), HANDSHAKE, 400, ("CP7\u00fc", "request cannot be read")),
    ("a space", _get("/ocpp/CP7 B"), HANDSHAKE, 400, ("CP7 B", "request cannot be read")),
]


async def test_c1_an_installers_mistakes_are_told_and_leave_a_trace(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    for number, (name, line, headers, status, (identity, reason)) in enumerate(MISTAKES):
        # Each of another charger, so that it has a trace of its own.
        own = f"CP{number:02}"
        basic = "Authorization: Basic " + base64.b64encode(f"{own}:secret".encode()).decode()
        shown = [basic if header == OTHER else header for header in headers]
        answered, head = await _send(garage, line.replace("CP7", own), shown)
        assert answered == status, (name, head)
        if status == 426:
            assert b"upgrade: websocket" in head.lower(), name
        await _until_refused(operator, (identity.replace("CP7", own), reason.replace("CP7", own)))
    assert len(await _refused(operator)) == len(MISTAKES)


async def test_c1_pages_and_strangers_leave_no_trace(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    bearer = "Authorization: Bearer abc"
    for line, headers, status in [
        (_get("/"), (), (200, 404)),
        (_get("/board"), (), (200, 404)),
        (_get("/ocppx/CP7"), (), (200, 404)),
        (_get("/wp-login.php"), ("Authorization: Basic Q1A3OnNlY3JldA==",), (200, 404)),
        (_get("/socket"), HANDSHAKE, (404,)),
        (_get("/socket.io/"), (*HANDSHAKE, bearer, "Sec-WebSocket-Protocol: chat"), (404,)),
        (_get("/socket"), HANDSHAKE[:3], (400,)),
        (_get("/board"), ("X: \x01",), (400,)),
        ("\x16\x03\x01", (), (400,)),
        (_get("/graphql"), (*HANDSHAKE, "Sec-WebSocket-Protocol: graphql-transport-ws"), (101,)),
    ]:
        answered, head = await _send(garage, line, headers)
        assert answered in status, (line, head)
    await _send(garage, _get("/ocpp/LAST"), HANDSHAKE)
    await _until_refused(operator, ("LAST", "unknown identity"))
    assert await _refused(operator) == [("LAST", "unknown identity")]


@pytest.mark.parametrize(
    ("target", "offered", "chosen"),
    [
        ("/ocpp/AX48-1", [OCPP], "ocpp1.6"),
        ("/ocpp/AX48-1/", [OCPP], "ocpp1.6"),
        ("/ocpp//AX48-1", [OCPP], "ocpp1.6"),
        ("//ocpp/AX48-1", [OCPP], "ocpp1.6"),
        ("//ocpp//AX48-1//", [OCPP], "ocpp1.6"),
        ("/ocpp/AX48-1?a=b", [OCPP], "ocpp1.6"),
        ("ws://here:8000/ocpp/AX48-1", [OCPP], "ocpp1.6"),
        ("http://here/ocpp//AX48-1/?a=b", [OCPP], "ocpp1.6"),
        ("HTTP://here:8000//ocpp/%41X48-1", [OCPP], "ocpp1.6"),
        ("/ocpp/AX48-1", ["Sec-WebSocket-Protocol:"], None),
        ("/ocpp/AX48-1", ["Sec-WebSocket-Protocol: , "], None),
        ("/ocpp/AX48-1", ["Sec-WebSocket-Protocol:", OCPP], "ocpp1.6"),
        ("/ocpp/AX48-1", [OCPP + ","], "ocpp1.6"),
        ("/ocpp/AX48-1", [], None),
    ],
)
async def test_c1_c2_what_is_merely_sloppy_is_served(
    garage: Garage, target: str, offered: list[str], chosen: str | None
) -> None:
    key = base64.b64encode(f"AX48-1:{garage.keys['AX48-1']}".encode()).decode()
    answered, head = await _send(garage, _get(target), (*HANDSHAKE, f"Authorization: Basic {key}", *offered))
    assert answered == 101, head
    assert (b"ocpp1.6" in head) is (chosen is not None)
    assert await _refused(await garage.sign_in(Role.OPERATOR)) == []


async def test_c1_who_tries_again_and_again_does_not_fill_the_list(garage: Garage) -> None:
    operator = await garage.sign_in(Role.OPERATOR)
    for _ in range(SAME.at_once + 5):
        assert (await _send(garage, _get("/ocpp/CP7"), ()))[0] == 426
    assert (await _send(garage, _get("/ocpp/CP8"), ()))[0] == 426
    await _until_refused(operator, ("CP8", "no WebSocket upgrade"))
    kept = await _refused(operator)
    assert [kept.count((identity, "no WebSocket upgrade")) for identity in ("CP7", "CP8")] == [SAME.at_once, 1]
