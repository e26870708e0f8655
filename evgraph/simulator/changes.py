"""Lets a waiting coroutine look again whenever something about a charge point has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Changes:
    def __init__(self) -> None:
        self._next = asyncio.Event()

    def announce(self) -> None:
        """Wake everybody who waits."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait_until(self, holds: Callable[[], bool], patience: float | None) -> None:
        """Return once `holds()` is true; raise TimeoutError after so many real seconds."""
        async with asyncio.timeout(patience):
            while not holds():
                await self._next.wait()
