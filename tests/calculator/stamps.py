"""When something was: what a charger's clock says, and what is put in its place where it lies (B7)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
GRACE = timedelta(minutes=1)


@dataclass(frozen=True)
class Moment:
    """`is_own`: it is the charger's own stamp, and not put in its place."""

    at: datetime
    is_own: bool


def parse(stamp: object) -> datetime | None:
    """An ISO 8601 instant; without an offset it is taken as UTC. None for what cannot be read."""
    if not isinstance(stamp, str):
        return None
    # Python reads at most six decimals of a second.
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", stamp.strip())
    try:
        found = datetime.fromisoformat(trimmed)
    except ValueError:
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def believed(stamp: object, received_at: datetime) -> Moment:
    """A stamp by itself: not before 2020, not more than five minutes ahead of its receipt; one that is ahead by less
    counts as its receipt."""
    read = parse(stamp)
    if read is None or read < EARLIEST or read > received_at + AHEAD:
        return Moment(received_at, is_own=False)
    return Moment(min(read, received_at), is_own=True)


@dataclass(frozen=True)
class Clock:
    """The clock of one session: when the session started, and the error that its start showed, if it showed one."""

    started: Moment
    error: timedelta | None

    def moment(self, stamp: object, received_at: datetime, *, is_still_wrong: bool = False) -> Moment:
        """A later stamp of the session: corrected, or as it stands, whichever lies between start and receipt, else the
        receipt. Of both, the plain one if it is of just now and later: the clock was set right, unless that
        `is_still_wrong`."""
        read = parse(stamp)
        if read is None:
            return Moment(max(received_at, self.started.at), is_own=False)
        if self.error is not None:
            corrected = read + self.error
            is_right_now = max(corrected, received_at - AHEAD) <= read <= received_at
            if self.started.at <= corrected <= received_at and (is_still_wrong or not is_right_now):
                return Moment(corrected, is_own=True)
        plain = believed(stamp, received_at)
        if plain.is_own and plain.at >= self.started.at:
            return plain
        return Moment(max(received_at, self.started.at), is_own=False)

    def is_still_wrong(self, stamp: object, received_at: datetime) -> bool:
        """By this stamp, of a message and not of what it tells, the clock was not set right since the start."""
        read = parse(stamp)
        if self.error is None or read is None:
            return False
        is_put_right = self.moment(stamp, received_at) == Moment(read + self.error, is_own=True)
        return is_put_right or read > received_at


def clock_of_start(
    stamp: object, received_at: datetime, *, requested_at: datetime | None, was_connected: bool
) -> Clock:
    """The start of a session, and its clock error where the stamp is replaced: by the receipt, or for a session that
    we requested while the charge point was away, by the request."""
    read, plain = parse(stamp), believed(stamp, received_at)
    instead = received_at if requested_at is None or was_connected else requested_at
    too_early = requested_at is not None and plain.at < requested_at - GRACE
    if plain.is_own and not too_early:
        # A little ahead of its receipt: its clock is fast by that much.
        return Clock(plain, plain.at - read if read is not None and read > plain.at else None)
    return Clock(Moment(instead, is_own=False), instead - read if read is not None else None)
