"""What our own clock wrote while it ran ahead: an instant in our future is a bound to nothing (B6, B7, M4, T1)."""

from datetime import datetime, timedelta

# So far our own clock may be put back before what it wrote counts as being in our future.
CLOCK_GRACE = timedelta(minutes=1)


def is_ahead(at: datetime, now: datetime | None) -> bool:
    """An instant that we wrote lies in our future: our clock ran ahead then, and has been put right since. `now`: by
    our clock, such as when a message arrived; None where that is not known, and nothing can be said."""
    return now is not None and at > now + CLOCK_GRACE


def has_elapsed(since: datetime, span: timedelta, now: datetime) -> bool:
    """That much time has passed since an instant that we wrote; nobody knows how much since one in our future, and
    nothing waits for it."""
    return now - since >= span or is_ahead(since, now)
