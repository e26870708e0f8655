"""A memory budget for large frames, shared by all connections of the process (rule C6).

A small frame needs no share of it. A large one gets its share before its payload is read: until then its connection is
not read from (back-pressure), and nothing is closed or dropped. Shares are granted in the order in which they were
requested, so that a very large frame is not overtaken forever.
"""

from collections import deque
from collections.abc import Callable

# The longest frame that needs no share, and the longest that anyone but an admitted charge point may send.
SMALL_FRAME = 64 * 1024
BUDGET_BYTES = 64 * 1024 * 1024


class Share:
    """A part of the budget, in bytes: requested, then granted, then released."""

    __slots__ = ("_budget", "_granted", "is_granted", "is_released", "size")

    def __init__(self, budget: "FrameBudget", size: int, granted: Callable[[], None]) -> None:
        self._budget = budget
        self._granted = granted
        self.size = size
        self.is_granted = False
        self.is_released = False

    def force(self) -> None:
        """Takes it now, whatever is free: the frame is in memory already."""
        if not self.is_granted and not self.is_released:
            self._budget.take(self)

    def release(self) -> None:
        """Gives it back, or withdraws the request. Safe to call again."""
        if not self.is_released:
            self.is_released = True
            self._budget.give_back(self)

    def grant(self) -> None:
        """Only the budget calls it."""
        self._granted()


class FrameBudget:
    """`total` in bytes. A share larger than that is granted once it is the only one."""

    def __init__(self, total: int = BUDGET_BYTES) -> None:
        self._total = total
        self._used = 0
        self._waiting: deque[Share] = deque()

    @property
    def used(self) -> int:
        """Bytes that are granted now."""
        return self._used

    @property
    def waiting(self) -> int:
        """How many shares wait to be granted."""
        return len(self._waiting)

    def request(self, size: int, granted: Callable[[], None]) -> Share:
        """A share, granted at once if there is room and nobody waits; else `granted` is called when it is."""
        share = Share(self, size, granted)
        if self._waiting or not self._has_room(size):
            self._waiting.append(share)
        else:
            self.take(share)
        return share

    def take(self, share: Share) -> None:
        """Only its share calls it."""
        if share in self._waiting:
            self._waiting.remove(share)
        share.is_granted = True
        self._used += share.size

    def give_back(self, share: Share) -> None:
        """Only its share calls it."""
        if share.is_granted:
            self._used -= share.size
        elif share in self._waiting:
            self._waiting.remove(share)
        while self._waiting and self._has_room(self._waiting[0].size):
            following = self._waiting.popleft()
            self.take(following)
            following.grant()

    def _has_room(self, size: int) -> bool:
        return self._used == 0 or self._used + size <= self._total
