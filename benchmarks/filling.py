"""Databases are filled in a process of their own: Tortoise is opened once in each, for one database."""

import asyncio
import json
import sys
from typing import Any

# A history of a million sessions takes minutes.
_LONGEST_S = 1800.0


async def printed_by(module: str, *arguments: str | int) -> Any:
    """What `python -m MODULE ARGUMENTS` prints as JSON. Raises RuntimeError when it fails."""
    filling = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *map(str, arguments)), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_LONGEST_S):
            printed, _ = await filling.communicate()
    finally:
        if filling.returncode is None:
            filling.kill()
    if filling.returncode:
        raise RuntimeError(f"{module} failed to fill its database.")
    return json.loads(printed)
