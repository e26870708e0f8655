"""What an answer has promised, done once the answer is on its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Action = Callable[[], None]
Answer = Callable[..., Any]


class Promises:
    """A charge point that did at once what it promises would speak before it had answered."""

    def __init__(self) -> None:
        self._promised: list[Action] = []

    def add(self, action: Action) -> None:
        self._promised.append(action)

    def carry_out(self) -> None:
        """Do what the answers sent so far have promised."""
        promised, self._promised = self._promised, []
        for action in promised:
            action()

    def forget(self) -> None:
        """The connection is another: what its predecessor never got to say is not done either."""
        self._promised.clear()
