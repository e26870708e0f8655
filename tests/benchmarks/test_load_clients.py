"""The load's own WebSocket and HTTP clients, on bytes as sockets hand them over: in any pieces."""

import asyncio

import pytest

from benchmarks.http_client import Http
from benchmarks.websocket import WebSocket
from tests.patience import PATIENCE_S

SMALL, LARGE = b'{"type":"next"}', b"x" * 70_000


class Heard(WebSocket):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[bytes] = []

    def heard(self, text: bytes) -> None:
        self.texts.append(text)


def frame(text: bytes) -> bytes:
    """RFC 6455 section 5.2, from a server: not masked."""
    if len(text) < 126:
        return bytes((0x81, len(text))) + text
    if len(text) < 1 << 16:
        return bytes((0x81, 126)) + len(text).to_bytes(2) + text
    return bytes((0x81, 127)) + len(text).to_bytes(8) + text


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 100_000])
async def test_frames_are_heard_in_whatever_pieces_they_come(size: int) -> None:
    said = [SMALL, b"y" * 300, LARGE, SMALL]
    stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"".join(map(frame, said))
    websocket = Heard()
    for at in range(0, len(stream), size):
        websocket.data_received(stream[at : at + size])
    assert websocket.texts == said
    assert websocket.failure is None


@pytest.mark.parametrize("size", [1, 5, 64, 10_000])
async def test_answers_are_whole_in_whatever_pieces_they_come(size: int) -> None:
    answers: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            asked = await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split()[0]))
            body = asked * 100
            whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            for at in range(0, len(whole), size):
                writer.write(whole[at : at + size])
                await asyncio.sleep(0)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        http = await Http().open(server.sockets[0].getsockname()[1])
        for number in range(3):
            done = asyncio.Event()
            http.post(b"%d" % number, lambda body, done=done: (answers.append(body), done.set()))  # type: ignore[misc]
            await asyncio.wait_for(done.wait(), PATIENCE_S)
        http.close()
    assert answers == [b"0" * 100, b"1" * 100, b"2" * 100]
