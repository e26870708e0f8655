"""Servers from npm, each a few lines in benchmarks/peers/; `make bench` installs them."""

import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.contenders import Machine
from benchmarks.process import Server, running

_FOLDER = Path(__file__).parent / "peers"
_MODULES = _FOLDER / "node_modules"
_SHOWN = ("@apollo/server", "graphql-yoga", "mercurius", "fastify", "graphql", "graphql-ws", "ws", "postgraphile")


def are_installed() -> bool:
    return shutil.which("node") is not None and _MODULES.is_dir()


def node_version() -> str:
    return subprocess.run(("node", "--version"), capture_output=True, text=True, check=True).stdout.strip()


def versions() -> str:
    found = (json.loads((_MODULES / name / "package.json").read_text())["version"] for name in _SHOWN)
    return ", ".join(f"{name} {version}" for name, version in zip(_SHOWN, found, strict=True))


@asynccontextmanager
async def peer(machine: Machine, script: str, environment: Mapping[str, str]) -> AsyncIterator[Server]:
    production = {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    async with running(
        str(_FOLDER / f"{script}.mjs"),
        program=("node",),
        core=machine.cores.server,
        log=machine.log,
        environment={**production, **environment},
        is_fed=True,
    ) as server:
        yield server
