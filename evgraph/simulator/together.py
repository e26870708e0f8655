"""Coroutines that live and die together.

Not asyncio.TaskGroup: in Python 3.11 a group that fails while it is left keeps its task marked as
cancelled, so that nobody above can tell a lost connection from being told to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from evgraph.simulator.asking import ConnectionLost


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Run them all until the first one ends; cancel the others; raise what went wrong."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    # A lost connection is a matter of course: anything else that went wrong with it is the news.
    errors.sort(key=lambda error: isinstance(error, ConnectionLost))
    if errors:
        raise errors[0]
