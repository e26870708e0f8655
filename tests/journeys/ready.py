"""Whoever watches a server by /readyz, as a load balancer or an operator does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.patience import PATIENCE_S

_SLOWEST_S = 5.0


class Watch:
    def __init__(self, address: str) -> None:
        self._url = f"http://{address}/readyz"
        self._http = httpx.AsyncClient(timeout=_SLOWEST_S)

    async def now(self) -> tuple[int, dict[str, str]]:
        """The status, and why each check that is not ok is not."""
        response = await self._http.get(self._url)
        said: dict[str, Any] = response.json()
        failed = {name: check["why"] for name, check in said["checks"].items() if not check["ok"]}
        assert said["ready"] is (not failed)
        assert response.status_code == (503 if failed else 200)
        return response.status_code, failed

    async def until(self, status: int) -> dict[str, str]:
        """Returns once it says so: at every question from then on, for a moment."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                said = [await self.now() for _ in range(3)]
                if {one for one, _ in said} == {status}:
                    return said[-1][1]
                await asyncio.sleep(0.1)

    async def close(self) -> None:
        await self._http.aclose()


@asynccontextmanager
async def watching(address: str) -> AsyncIterator[Watch]:
    watch = Watch(address)
    try:
        yield watch
    finally:
        await watch.close()
