"""Which connection is a charge point's current one (C3)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from evgraph.ocpp.connection import Connection


@dataclass(slots=True)
class _Presence:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Registry:
    def __init__(self) -> None:
        self._current: dict[str, Connection] = {}
        self._presence: dict[str, _Presence] = {}

    def current(self, identity: str) -> Connection | None:
        return self._current.get(identity)

    def enter(self, connection: Connection) -> None:
        """The newest wins; the one before is closed."""
        before = self._current.get(connection.peer.identity)
        self._current[connection.peer.identity] = connection
        if before is not None:
            before.supersede()

    def leave(self, connection: Connection) -> None:
        """Only the current connection is removed: an old one's clean-up leaves the newer alone."""
        if self._current.get(connection.peer.identity) is connection:
            del self._current[connection.peer.identity]

    @asynccontextmanager
    async def presence(self, identity: str) -> AsyncIterator[None]:
        """Held while the database is told that it came or went: else a slow "went" could land after "came"."""
        presence = self._presence.setdefault(identity, _Presence())
        presence.users += 1
        try:
            async with presence.lock:
                yield
        finally:
            presence.users -= 1
            if not presence.users:
                del self._presence[identity]

    def __len__(self) -> int:
        return len(self._current)
