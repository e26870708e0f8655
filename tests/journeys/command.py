"""A command of `evgraph` in a process of its own, beside the server."""

import asyncio
import os
import sys


async def evgraph(*arguments: str, url: str, fails: bool = False) -> str:
    """What it printed. It must succeed, or with `fails` end with another code than zero and without a traceback."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "evgraph",
        *arguments,
        env=os.environ | {"EVGRAPH_DATABASE_URL": url, "NO_COLOR": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await running.communicate())[0].decode()
    assert (running.returncode != 0) == fails, printed
    assert "Traceback" not in printed
    return printed
