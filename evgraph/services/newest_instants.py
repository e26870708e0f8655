"""A bounded memory of sessions' newest instants, from which one that another message completes is counted again (M4).

Most chargers send each instant in one message, and nothing is kept for them: a session gets a place here when a second
message of one instant arrives, or a stamp that was replaced. What is not here is recounted from the stored samples.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.energy import Reading

# Some 2 kB each.
MOST_SESSIONS = 5_000


@dataclass(frozen=True, slots=True)
class NewestInstant:
    """`before`: the session before it, None if it has to be recounted. `reading`: all that was reported for it."""

    before: ChargingSession | None
    reading: Reading


class NewestInstants:
    """By session; the ones that were used longest ago are dropped."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._instants: OrderedDict[int, NewestInstant] = OrderedDict()

    def __contains__(self, session_id: int) -> bool:
        return session_id in self._instants

    def get(self, session: ChargingSession) -> NewestInstant | None:
        """None if it is not known, or no longer its newest."""
        found = self._instants.get(session.id)
        return found if found is not None and found.reading.at == session.last_meter_at else None

    def keep(self, session_id: int, instant: NewestInstant) -> None:
        self._instants[session_id] = instant
        self._instants.move_to_end(session_id)
        while len(self._instants) > self._most:
            self._instants.popitem(last=False)

    def follow(self, instants: Mapping[int, NewestInstant]) -> None:
        """A batch was saved; of the sessions that are here, these are the newest instants now."""
        for session_id, instant in instants.items():
            if session_id in self._instants:
                self.keep(session_id, instant)
