"""Which connection is a charge point's current one (C3)."""

import asyncio
from collections import defaultdict

from evgraph.ocpp.connection import Connection


class Registry:
    def __init__(self) -> None:
        self._current: dict[str, Connection] = {}
        self._presence: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

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

    def presence(self, identity: str) -> asyncio.Lock:
        """Held while the database is told that it came or went: else a slow "went" could land after "came"."""
        return self._presence[identity]

    def __len__(self) -> int:
        return len(self._current)
