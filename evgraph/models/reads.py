"""What one operation has read of the database: whether it can be known, later on, that nothing of it has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Reads:
    """`versions`: by garage, the count of its changes (GarageRow.locked) that what was read is as of. `is_covered`:
    nothing was read but what a garage's version covers, each garage as of one version."""

    __slots__ = ("is_covered", "versions")

    def __init__(self) -> None:
        self.versions: dict[int, int] = {}
        self.is_covered = True

    def note_version(self, garage_id: int, version: int) -> None:
        if self.versions.setdefault(garage_id, version) != version:
            self.is_covered = False


_reads: ContextVar[Reads | None] = ContextVar("reads", default=None)


@contextmanager
def noting(reads: Reads) -> Iterator[None]:
    """What this task, and those that it starts, read until the end of the block."""
    token = _reads.set(reads)
    try:
        yield
    finally:
        _reads.reset(token)


@contextmanager
def covered() -> Iterator[None]:
    """Around queries whose rows a garage's version covers, which `note_version` tells."""
    token = _reads.set(None)
    try:
        yield
    finally:
        _reads.reset(token)


def note_version(garage_id: int, version: int) -> None:
    """Read, with rows of this garage, in the same look at the database."""
    reads = _reads.get()
    if reads is not None:
        reads.note_version(garage_id, version)


def note_anything() -> None:
    """Every connection says so of every statement."""
    reads = _reads.get()
    if reads is not None:
        reads.is_covered = False
