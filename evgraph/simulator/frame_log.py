"""The frames that went through a charge point's socket, the newest few of them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Direction = Literal["in", "out"]
CALL = 2


@dataclass(frozen=True)
class Frame:
    at: datetime
    direction: Direction
    text: str

    @property
    def message(self) -> Any:
        """The frame as JSON, or None when it is not."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class FrameLog:
    """Bounded: the oldest frames go first."""

    def __init__(self, longest: int = 2000) -> None:
        self._frames: deque[Frame] = deque(maxlen=longest)

    def __iter__(self) -> Iterator[Frame]:
        return iter(tuple(self._frames))

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Frame) -> None:
        self._frames.append(frame)

    def calls(self, action: str, direction: Direction = "out") -> list[dict[str, Any]]:
        """The payloads of every CALL of this action, oldest first."""
        return [
            message[3]
            for message in (frame.message for frame in self if frame.direction == direction)
            if isinstance(message, list) and len(message) == 4 and message[0] == CALL and message[2] == action
        ]
