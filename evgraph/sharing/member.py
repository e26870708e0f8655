"""One subscription of one socket, as its group sees it."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from evgraph.sharing.lines import Line

# What may wait for a socket before its subscriptions are told no more, and at most when they are told again.
MOST_WAITING = 256 * 1024
DRAINED = 32 * 1024


class _Group(Protocol):
    def leave(self, member: "Member") -> None: ...


class Member:
    """`id` in JSON. `home` is where its group keeps it; `ended` is called when the group has told it its end."""

    __slots__ = ("asked_at", "ended", "group", "home", "id", "line", "stuck_at", "stuck_since", "token")

    def __init__(self, id_: bytes, line: Line, token: str, asked_at: datetime, ended: Callable[[], None]) -> None:
        self.id = id_
        self.line = line
        self.token = token
        self.asked_at = asked_at
        self.ended = ended
        self.group: _Group | None = None
        self.home: dict[Member, None] | None = None
        # When it was told no more, or took something last, and how much waited then.
        self.stuck_since = 0.0
        self.stuck_at = 0

    def moves_to(self, home: "dict[Member, None] | None") -> None:
        if self.home is not None:
            self.home.pop(self, None)
        if home is not None:
            home[self] = None
        self.home = home

    def leave(self) -> None:
        if self.group is not None:
            self.group.leave(self)
