"""How a request to the central system can fail, short of TimeoutError."""

from __future__ import annotations

from typing import Any, Protocol


class CallRefused(Exception):
    """The answer was a CALLERROR, or it could not be read."""


class ConnectionLost(Exception):
    """There is no connection, or it closed before the answer came."""


class Session(Protocol):
    """One connection to the central system."""

    async def ask(self, request: Any) -> Any:
        """Send a CALL and return its answer; raise CallRefused, ConnectionLost or TimeoutError."""
