"""A TCP proxy between a program and its database, that breaks connections in the ways networks do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

_CHUNK = 65536


class TcpProxy:
    """Between `address` and the real server. It runs in the event loop of who opened it."""

    def __init__(self, port: int, connect: "_Connect") -> None:
        self.port = port
        self._connect = connect
        self._links: set[_Link] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self.accepted = 0

    def cut(self) -> None:
        """Every connection is reset; new ones are let through."""
        for link in list(self._links):
            link.abort()

    def half_open(self) -> None:
        """Every connection stays open, and swallows what is said from now on, for ever; new ones are let through."""
        for link in self._links:
            link.is_dead = True

    def stall(self) -> None:
        """Nothing goes through any connection, new ones neither, until `flow`; what was said then arrives."""
        self._flows.clear()

    def refuse(self) -> None:
        """As `cut`, and new connections are closed at once until `flow`."""
        self._refuses = True
        self.cut()

    def flow(self) -> None:
        self._refuses = False
        self._flows.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._refuses:
            writer.transport.abort()
            return
        link = _Link(writer)
        self._links.add(link)
        try:
            there, back = await self._connect()
            link.writers.append(back)
            await asyncio.wait(
                [
                    asyncio.create_task(self._pump(link, reader, back)),
                    asyncio.create_task(self._pump(link, there, writer)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            link.abort()
            self._links.discard(link)

    async def _pump(self, link: "_Link", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while said := await reader.read(_CHUNK):
                await self._flows.wait()
                if not link.is_dead:
                    writer.write(said)
                    await writer.drain()
        while link.is_dead:  # noqa: ASYNC110 - who is gone says nothing, also not that it is gone
            await asyncio.sleep(0.05)


class _Connect:
    def __init__(self, database_url: str) -> None:
        parts = urlsplit(database_url)
        folder = parse_qs(parts.query).get("host", [""])[0]
        self._socket = f"{folder}/.s.PGSQL.{parts.port or 5432}" if folder.startswith("/") else None
        self._host, self._port = parts.hostname or "localhost", parts.port or 5432

    async def __call__(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._socket is not None:
            return await asyncio.open_unix_connection(self._socket)
        return await asyncio.open_connection(self._host, self._port)


class _Link:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writers = [writer]
        self.is_dead = False

    def abort(self) -> None:
        self.is_dead = False
        for writer in self.writers:
            writer.transport.abort()


@asynccontextmanager
async def proxied(database_url: str) -> AsyncIterator[tuple[TcpProxy, str]]:
    """The proxy, and the address of the same database by way of it."""
    proxy = TcpProxy(0, _Connect(database_url))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    parts = urlsplit(database_url)
    user = f"{unquote(parts.username or 'postgres')}:{unquote(parts.password or '')}"
    try:
        yield proxy, urlunsplit((parts.scheme, f"{user}@127.0.0.1:{proxy.port}", parts.path, "", ""))
    finally:
        proxy.flow()
        server.close()
        proxy.cut()
