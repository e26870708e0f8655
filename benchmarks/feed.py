"""A server that is fed: each line on its standard input is something that happened."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def each_line(happened: Callable[[str], Awaitable[None]]) -> AsyncIterator[None]:
    reader = asyncio.StreamReader()
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )

    async def read() -> None:
        async for line in reader:
            await happened(line.decode())

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        reading.cancel()
        pipe.close()
