"""A handshake that was turned away (C1), and how many of them are kept: strangers choose how often they try."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedConnection:
    """`identity` is what it said that it is, known or not, or may be meant for; `remote` where it came from."""

    id: int
    identity: str
    remote: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """So many at once, and from then on so many a minute."""

    at_once: int
    a_minute: int


SAME = Limit(10, 1)
FROM_ONE_ADDRESS = Limit(500, 5)
IN_ALL = Limit(2000, 100)
MOST_REMEMBERED = 2000


class AttemptLimits:
    """Rate limiter for the refused attempts that are kept. A charger that tries every few seconds leaves a trace a
    minute; a flood from one address, or from many, neither fills the table nor drives out what others left there."""

    def __init__(self) -> None:
        self._same = _Buckets(SAME)
        self._from_one = _Buckets(FROM_ONE_ADDRESS)
        self._in_all = _Bucket(IN_ALL)

    def allow(self, attempt: Hashable, remote: str, now: datetime) -> bool:
        """Whether one more is kept. `attempt`: what makes two of them the same; `remote`: the address."""
        return self._same.take(attempt, now) and self._from_one.take(remote, now) and self._in_all.take(now)


def printable(text: str) -> str:
    """What a stranger wrote, fit to be shown in a terminal and kept in a database."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


@dataclass(slots=True)
class _Bucket:
    """Token bucket."""

    limit: Limit
    _left: float = field(init=False)
    _at: datetime | None = None

    def __post_init__(self) -> None:
        self._left = self.limit.at_once

    def take(self, now: datetime) -> bool:
        if self._at is not None:
            # Not negative: our clock may be put back.
            minutes = max(0.0, (now - self._at) / timedelta(minutes=1))
            self._left = min(self.limit.at_once, self._left + minutes * self.limit.a_minute)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _Buckets:
    """One for each key; who was not heard of for longest is forgotten first."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def take(self, key: Hashable, now: datetime) -> bool:
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._limit)
            if len(self._buckets) > MOST_REMEMBERED:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return bucket.take(now)
