"""All who come at once are let in, a few in each round of the event loop."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from evgraph.ocpp import door
from evgraph.ocpp.door import AT_ONCE, Door, DoorServer, Pace, _target
from tests.patience import PATIENCE_S

MANY = 200


@asynccontextmanager
async def serving(served: list[int]) -> AsyncIterator[int]:
    """A server that notes the round of the loop in which it serves a request."""
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    async def page(_: Request) -> PlainTextResponse:
        served.append(rounds)
        return PlainTextResponse("ok")

    config = uvicorn.Config(Starlette(routes=[Route("/", page)]), log_config=None, lifespan="off")
    listening = socket.create_server(("127.0.0.1", 0), backlog=MANY)
    server = DoorServer(config)
    counting = asyncio.create_task(count())
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await running
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)


async def _get(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_all_who_come_at_once_are_served_and_others_have_their_turn_in_between() -> None:
    served: list[int] = []
    async with serving(served) as port:
        answers = await asyncio.gather(*(_get(port) for _ in range(MANY)))
    assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * MANY
    assert max(served.count(round_) for round_ in set(served)) <= 2 * AT_ONCE


async def test_one_that_goes_before_its_turn_stops_nobody() -> None:
    async with serving([]) as port:
        gone = [socket.create_connection(("127.0.0.1", port)) for _ in range(3 * AT_ONCE)]
        for one in gone:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            one.sendall(b"GET / HTTP/1.1\r\n")
            one.close()
        assert (await _get(port)).startswith(b"HTTP/1.1 200 OK")


async def test_turns_are_taken_in_the_order_of_coming() -> None:
    pace = Pace()
    assert [pace.take() for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
    turns: list[int] = []
    for number in range(2 * AT_ONCE):
        pace.wait(lambda number=number: turns.append(number))
    await asyncio.sleep(0)
    assert turns == list(range(AT_ONCE))
    assert not pace.take()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert turns == list(range(2 * AT_ONCE))
    assert pace.take()


class FullProcess(socket.socket):
    """Has no file left for the first who comes."""

    refusals = 0

    def accept(self) -> Any:
        if self.refusals == 0:
            self.refusals += 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_without_a_file_for_one_more_it_rests_and_takes_them_later(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(door, "_REST_S", 0.05)
    listening = FullProcess()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    come: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    class Visitor(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            come.set_result(None)
            transport.close()

    opened = Door(listening, Visitor, tls=None)
    with socket.create_connection(listening.getsockname()):
        await asyncio.wait_for(come, PATIENCE_S)
    opened.close()
    await opened.wait_closed()
    assert listening.refusals == 1
    assert "Too many open files" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("received", "target"),
    [
        (b"GET /ocpp/CP7 HTTP/1.1\r\nHost: here\r\n", b"/ocpp/CP7"),
        (b"GET /ocpp/CP7 HTTP/1.1\nHost: here\n", b"/ocpp/CP7"),
        (b"GET /ocpp/CP7 B HTTP/1.1\r\n", b"/ocpp/CP7 B"),
        (b"GET /ocpp/CP7\r\n", b"/ocpp/CP7"),
        (b"GET /ocpp/CP7" + b" HTTP/" * 1000 + b"1.1\r\n", b"/ocpp/CP7" + b" HTTP/" * 999),
        # Nothing that long is looked through, and no half of a line.
        (b"GET /ocpp/CP7" + b" HTTP/" * 10_000 + b"\r\n", b""),
        (b"GET /ocpp/CP7", b""),
        (b"\x16\x03\x01 hello\r\n", b""),
        (b"get / HTTP/1.1\r\n", b""),
        (b"\r\n", b""),
        (b"", b""),
    ],
)
def test_c1_a_request_line_is_read_in_one_pass_whatever_was_sent(received: bytes, target: bytes) -> None:
    assert _target(received) == target
