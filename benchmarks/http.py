"""A GraphQL client over one HTTP connection that stays open, as light as a load client needs it."""

import asyncio
from typing import Self

import orjson

_LARGEST_HEAD = 64 * 1024


class GraphClient:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader = reader
        self._writer = writer
        self._token = token

    @classmethod
    async def open(cls, port: int, token: str) -> Self:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=_LARGEST_HEAD)
        return cls(reader, writer, token)

    async def ask(self, query: str, **variables: object) -> bytes:
        """The answer's bytes. Raises RuntimeError for one that holds errors."""
        body = orjson.dumps({"query": query, "variables": variables})
        head = (
            "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        told = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(told.partition(b"content-length:")[2].partition(b"\r\n")[0])
        answer = await self._reader.readexactly(length)
        if not told.startswith(b"http/1.1 200") or b'"errors":[{' in answer[:2000]:
            raise RuntimeError(f"The server answered {answer[:500].decode()}")
        return answer

    def close(self) -> None:
        self._writer.close()
