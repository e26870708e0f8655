"""Every frame, both ways, kept per charge point (C10). The road of the readings writes them at no commit of its own.

A frame waits in memory until the next change of its garage, which writes it in the very transaction that its effect is
in: what was booked can always be derived again from the frames (see `evgraph replay`). Those that no change follows
(heartbeats, our answers) are written about once a second.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import randbelow
from typing import Final

import structlog

from evgraph.bus import EventBus, Feed
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.events import FrameLogged
from evgraph.domain.frames import LoggedFrame
from evgraph.models import FrameRow
from evgraph.models.bulk import Save, insert
from evgraph.models.plain import execute

MOST_WAITING = 20_000
# Twice what the budget for large frames (C6) lets in at a time.
MOST_CHARACTERS = 128 * 1024 * 1024
# From here on they are written at once, and not about once a second.
_MANY_CHARACTERS = 4 * 1024 * 1024
KEPT_DAYS = 30

_LONGEST_MESSAGE_ID = 100
_LONGEST_ACTION = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# An id has 64 bits, a sign among them.
LAST_INSTANT: Final = datetime(2255, 1, 1, tzinfo=UTC)
# PostgreSQL takes no NUL; this stands in for it.
_NUL = "\u2400"

_SAVE_FRAMES = insert(FrameRow, "id", "charge_point_id", "at", "direction", "kind", "message_id", "action", "frame")

log = structlog.get_logger("evgraph.frames")


# In the order of _SAVE_FRAMES, and of LoggedFrame; a class of its own for it would take longer to make than all else.
_Row = tuple[int, int, datetime, str, str, str | None, str | None, str]
_ID: Final = 0
_CHARGE_POINT: Final = 1
_FRAME: Final = 7
# To look up what each is called costs a microsecond, and SQLite asks what a text is that is more than a text.
_DIRECTIONS = {direction: str(direction.value) for direction in FrameDirection}
_KINDS = {kind: str(kind.value) for kind in FrameKind}


class Taken:
    """The frames that one transaction writes. They stay in their queues until it is committed: another transaction of
    the garage may be committed before it, and then writes them too, with what they told; a frame that is there already
    is not written twice."""

    def __init__(self, frames: "FrameLog") -> None:
        self._frames = frames
        # By garage, the id of the newest frame that is written.
        self.written: dict[int, int] = {}

    def take(self, garage_ids: Iterable[int]) -> Save:
        """All that wait in these garages, to be saved in the transaction; once in it."""
        by_garage = self._frames.waiting_in(garage_ids)
        self.written = {garage_id: rows[-1][_ID] for garage_id, rows in by_garage.items()}
        return Save(_SAVE_FRAMES, [row for rows in by_garage.values() for row in rows])

    def give_up(self) -> None:
        """Nothing is saved, and they wait on."""
        self.written = {}

    async def write(self, garage_ids: Iterable[int]) -> None:
        """All that wait in these garages; called last in the transaction, within it."""
        await execute(self.take(garage_ids))


class FrameLog:
    """`kept_days`: 0 keeps none, and shows them to who watches all the same. Beyond what may wait, while there is no
    database to write to, the oldest go.

    Ids are made here, out of the time: they rise in the order of the wire, and what is old is known by its id alone.
    The last ten bits tell one process from another.
    """

    def __init__(self, bus: EventBus, *, kept_days: int = KEPT_DAYS) -> None:
        self._bus = bus
        self._keeps = kept_days > 0
        self._process = randbelow(1024)
        self._last_id = 0
        self._waiting: dict[int, deque[_Row]] = {}
        self._count = 0
        self._characters = 0
        self._dropped = 0
        self._watched: dict[int, int] = {}
        self._wanted = asyncio.Event()

    def wants(self, charge_point_id: int) -> bool:
        """Its frames are kept, or somebody watches them."""
        return self._keeps or charge_point_id in self._watched

    def add(
        self,
        garage_id: int,
        charge_point_id: int,
        at: datetime,
        direction: FrameDirection,
        kind: FrameKind,
        message_id: str | None,
        action: str | None,
        frame: str,
    ) -> None:
        """A frame without secrets. What no database takes is written in a form that it does: NUL as U+2400, half a
        surrogate as its JSON escape."""
        is_watched = charge_point_id in self._watched
        if not (self._keeps or is_watched):
            return
        frame = storable(frame)
        if message_id is not None:
            message_id = storable(message_id)[:_LONGEST_MESSAGE_ID]
        if action is not None:
            action = storable(action)[:_LONGEST_ACTION]
        self._last_id = max(self._last_id + 1024, first_id_at(at) | self._process)
        row: _Row = (
            self._last_id,
            charge_point_id,
            at,
            _DIRECTIONS[direction],
            _KINDS[kind],
            message_id,
            action,
            frame,
        )
        if not self._keeps:
            self._tell(garage_id, (row,))
            return
        waiting = self._waiting.get(garage_id)
        if waiting is None:
            waiting = self._waiting[garage_id] = deque()
        waiting.append(row)
        self._count += 1
        self._characters += len(frame)
        if self._count > MOST_WAITING or self._characters > MOST_CHARACTERS:
            self._drop_oldest()
        if is_watched or self._characters > _MANY_CHARACTERS:
            self._wanted.set()

    @contextmanager
    def taken(self) -> Iterator[Taken]:
        """Around a transaction. Only once it is committed what it wrote leaves the queues, and who watches is told."""
        taken = Taken(self)
        yield taken
        for garage_id, newest_id in taken.written.items():
            self._written(garage_id, newest_id)

    def waiting_in(self, garage_ids: Iterable[int]) -> dict[int, deque[_Row]]:
        """What waits in these garages, by garage."""
        if not self._count:
            return {}
        return {id_: rows for id_ in garage_ids if (rows := self._waiting.get(id_))}

    @contextmanager
    def watch(self, garage_id: int, charge_point_id: int) -> Iterator[Feed]:
        """The garage's events, among them a FrameLogged for each frame of this charge point once it is written."""
        with self._bus.subscribe(garage_id) as feed:
            self._watched[charge_point_id] = self._watched.get(charge_point_id, 0) + 1
            try:
                yield feed
            finally:
                self._watched[charge_point_id] -= 1
                if not self._watched[charge_point_id]:
                    del self._watched[charge_point_id]

    @property
    def count(self) -> int:
        """How many frames are not written yet."""
        return self._count

    def waiting_garages(self) -> list[int]:
        """Where frames wait to be written."""
        return sorted(self._waiting)

    def waiting(self) -> list[LoggedFrame]:
        """The frames that are not written yet, in the order of the wire."""
        return [_value(row) for row in sorted(row for rows in self._waiting.values() for row in rows)]

    async def wanted(self, within_s: float) -> None:
        """Returns when somebody who watches waits for a frame, or after this time."""
        try:
            async with asyncio.timeout(within_s):
                await self._wanted.wait()
        except TimeoutError:
            return
        self._wanted.clear()

    def _written(self, garage_id: int, newest_id: int) -> None:
        """Up to this one they are committed. Ids rise in a queue; some may have left it already, with a transaction
        that was committed in between."""
        if self._dropped:
            log.warning("frames were dropped while they could not be written", frames=self._dropped)
            self._dropped = 0
        waiting = self._waiting.get(garage_id)
        if waiting is None:
            return
        gone: list[_Row] = []
        while waiting and waiting[0][_ID] <= newest_id:
            gone.append(waiting.popleft())
        if not waiting:
            del self._waiting[garage_id]
        self._count -= len(gone)
        self._characters -= sum([len(row[_FRAME]) for row in gone])
        if self._watched:
            self._tell(garage_id, gone)

    def _tell(self, garage_id: int, rows: Iterable[_Row]) -> None:
        for row in rows:
            if row[_CHARGE_POINT] in self._watched:
                frame = _value(row)
                self._bus.publish(FrameLogged(garage_id=garage_id, charge_point_id=frame.charge_point_id, frame=frame))

    def _drop_oldest(self) -> None:
        while self._count > MOST_WAITING or self._characters > MOST_CHARACTERS:
            garage_id, rows = min(self._waiting.items(), key=lambda waiting: waiting[1][0][_ID])
            self._characters -= len(rows.popleft()[_FRAME])
            self._count -= 1
            if not rows:
                del self._waiting[garage_id]
            if not self._dropped:
                log.warning("frames cannot be written: the oldest are dropped", most=MOST_WAITING)
            self._dropped += 1


def _value(row: _Row) -> LoggedFrame:
    id_, charge_point_id, at, direction, kind, message_id, action, frame = row
    return LoggedFrame(
        id=id_,
        charge_point_id=charge_point_id,
        at=at,
        direction=FrameDirection(direction),
        kind=FrameKind(kind),
        message_id=message_id,
        action=action,
        frame=frame,
    )


def first_id_at(at: datetime) -> int:
    """The least id that a frame of this instant can have; up to LAST_INSTANT."""
    return ((min(max(at, _EPOCH), LAST_INSTANT) - _EPOCH) // _MICROSECOND) << 10


def storable(text: str) -> str:
    if text.isascii():
        return text.replace("\x00", _NUL) if "\x00" in text else text
    return text.replace("\x00", _NUL).encode("utf-8", "backslashreplace").decode()


def as_it_came(frame: str) -> str:
    """A stored frame as the reader took it: NUL where it stood."""
    return frame.replace(_NUL, "\x00")
