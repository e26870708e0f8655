"""Energy: first what runs and how much each has taken, then every reading, at a pace that people can read."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

from evgraph.bus import EventBus, Feed
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.events import EnergyMetered, Event, SessionChanged
from evgraph.models import SessionRow
from evgraph.models.database import reader
from evgraph.services import reading
from evgraph.services.live import Opening

# A session is told of ten times a second at most.
_PAUSE_S: Final = 0.1

Told = Mapping[int, ChargingSession]


class LiveEnergy:
    """Of a garage, or of one session of it. A watcher's place is the sessions as they were told last, by id."""

    start = None

    def __init__(self, bus: EventBus, garage_id: int, session_id: int | None) -> None:
        self._bus = bus
        self._garage_id = garage_id
        self._session_id = session_id

    def feed(self) -> AbstractContextManager[Feed]:
        return self._bus.subscribe(self._garage_id)

    async def opening(self, since: object) -> Opening[EnergyMetered]:
        db = reader()
        rows = SessionRow.filter(garage_id=self._garage_id, status=SessionStatus.CHARGING).using_db(db).order_by("id")
        if self._session_id is not None:
            rows = rows.filter(id=self._session_id)
        sessions = [row.value() for row in await rows]
        rates = await reading.rates(db, (session.rate_id for session in sessions))
        news = [
            EnergyMetered(
                garage_id=self._garage_id,
                session=session,
                rate=rates.get(session.rate_id or 0),
                at=_metered_at(session),
            )
            for session in sessions
        ]
        return Opening(news, {session.id: session for session in sessions})

    def following(self, place: Told) -> "Paced":
        return Paced(place, self._session_id)

    def since(self, place: object) -> None:
        return None

    def is_news(self, news: EnergyMetered, place: Told) -> bool:
        return _is_newer(news, place.get(news.session.id))


class Paced:
    """Each session's newest reading. Of those that come too fast, the last is told when its pause is over."""

    def __init__(self, told: Told, session_id: int | None) -> None:
        self._told = dict(told)
        self._session_id = session_id
        self._not_before: dict[int, float] = {}
        self._held: dict[int, EnergyMetered] = {}

    @property
    def place(self) -> Told:
        return self._told

    @property
    def due(self) -> float | None:
        return min((self._not_before[id_] for id_ in self._held), default=None)

    def take(self, event: Event, now: float) -> Iterable[EnergyMetered]:
        if isinstance(event, EnergyMetered):
            if self._session_id in (None, event.session.id) and _is_newer(event, self._told.get(event.session.id)):
                yield from self._paced(event, now)
        elif isinstance(event, SessionChanged) and not event.session.is_active:
            yield from self._end(event.session.id)

    def ripe(self, now: float) -> Iterable[EnergyMetered]:
        for id_ in [id_ for id_ in self._held if self._not_before[id_] <= now]:
            self._not_before[id_] = now + _PAUSE_S
            yield self._held.pop(id_)

    def has_reached(self, place: Told) -> bool:
        return all(
            id_ in self._told and id_ not in self._held and _metered_at(self._told[id_]) >= _metered_at(session)
            for id_, session in place.items()
        )

    def _paced(self, event: EnergyMetered, now: float) -> Iterable[EnergyMetered]:
        id_ = event.session.id
        self._told[id_] = event.session
        if now < self._not_before.get(id_, now):
            self._held[id_] = event
        else:
            self._not_before[id_] = now + _PAUSE_S
            # Its pause was over before anybody asked for what is held, and this is newer.
            self._held.pop(id_, None)
            yield event

    def _end(self, session_id: int) -> Iterable[EnergyMetered]:
        """What ended is forgotten, and what was held of it told first."""
        self._told.pop(session_id, None)
        self._not_before.pop(session_id, None)
        held = self._held.pop(session_id, None)
        if held is not None:
            yield held


def _metered_at(session: ChargingSession) -> datetime:
    return session.last_meter_at or session.started_at or session.asked_at


def _is_newer(event: EnergyMetered, told: ChargingSession | None) -> bool:
    """One that was in the database already when we looked is no news."""
    return told is None or (event.session != told and event.at >= _metered_at(told))
