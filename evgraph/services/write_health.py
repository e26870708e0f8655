"""What became of the latest writes, and since when."""

import asyncio

from evgraph.models.failures import DatabaseDamaged, DatabaseFull, DatabaseUnavailable


class WriteHealth:
    """Told by every transaction of the services; instants are of the loop's clock, which never steps."""

    def __init__(self) -> None:
        self.saved_at: float | None = None
        self.failed_at: float | None = None
        self.failure: DatabaseUnavailable | None = None

    def saved(self) -> None:
        self.saved_at = _now()
        self.failure = None

    def failed(self, failure: DatabaseUnavailable) -> None:
        self.failed_at = _now()
        self.failure = failure

    def probed(self) -> None:
        """A small write succeeded: the database is there. A large one may still find no room."""
        if not isinstance(self.failure, (DatabaseFull, DatabaseDamaged)):
            self.failure = None


def _now() -> float:
    return asyncio.get_running_loop().time()
