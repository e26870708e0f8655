"""All who watch the same with the same rights. One task follows the events and writes to everybody; openings are read
beside it, each for all who wait for one.

A member joins, waits for its opening, and is then told what the group is told. Where it is slow it is told nothing
more until its socket has room, and then gets another opening: what that holds is up to what is watched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Final

from graphql import GraphQLError

from evgraph.bus import Feed
from evgraph.resolvers.masking import masked
from evgraph.resolvers.subscriptions.watched import Show, Watched
from evgraph.services.live import Following, Lost, Place, take
from evgraph.sharing.execution import Execution
from evgraph.sharing.member import DRAINED, MOST_WAITING, Member
from evgraph.sharing.messages import Parcel, of_end, of_next
from evgraph.sockets import CLOSED

# So many sockets are written to before others have their turn, and so much may be told while an opening is read.
_MOST_IN_A_ROW: Final = 200
_MOST_MISSED: Final = 1000
# A socket that takes nothing for so long is closed.
_STUCK_S: Final = 60.0
_TRY_AGAIN_LATER: Final = 1013
# After so long, what an opening knew before the group did has been told to the group as well.
_AHEAD_S: Final = 5.0

_Told = tuple[Any, bytes]


class _Cohort:
    """Those who share an opening. What the group is told meanwhile is kept for them in `missed`."""

    def __init__(self, since: Hashable) -> None:
        self.since = since
        self.members: dict[Member, None] = {}
        self.missed: list[_Told] = []
        self.payloads: list[bytes] = []
        self.place: Place = None
        self.show: Show[Any] | None = None
        self.is_stale = False
        self.settled_at = 0.0

    def miss(self, told: Iterable[_Told]) -> None:
        self.missed += told
        if len(self.missed) > _MOST_MISSED:
            self.missed.clear()
            self.is_stale = True


class Group:
    """`before_telling` is awaited before anybody is told anything; `emptied` is called when the last has left."""

    def __init__(
        self,
        watched: Watched[Any],
        execution: Execution,
        *,
        before_telling: Callable[["Group"], Awaitable[None]],
        emptied: Callable[["Group"], None],
    ) -> None:
        self.watched = watched
        self._execution = execution
        self._before_telling = before_telling
        self._on_empty = emptied
        self._subject = watched.subject
        self._place: Place = self._subject.start
        self._following: Following[Any] | None = None
        self._show: Show[Any] | None = None
        self._feed: Feed | None = None
        self._live: dict[bytes, dict[Member, None]] = {}
        self._waiting: dict[Hashable, _Cohort] = {}
        self._opening: _Cohort | None = None
        self._opened: list[_Cohort] = []
        self._ahead: list[_Cohort] = []
        self._slow: dict[Hashable, dict[Member, None]] = {}
        self._reading: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------------------------------- coming and going

    def join(self, member: Member) -> None:
        member.group = self
        self._wait(member, self._subject.since(self._place))

    def move(self, member: Member, group: "Group") -> None:
        """To a group that watches the same; there it is told what it has not been told here."""
        since = self._since(member)
        self.leave(member)
        member.group = group
        group._wait(member, since)

    def leave(self, member: Member) -> None:
        self._move(member, None)
        member.group = None
        if self.is_empty:
            self._on_empty(self)

    def end(self, member: Member, error: Exception) -> None:
        """Tells it the error, and that nothing follows."""
        self.leave(member)
        told = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        member.line.send(of_end(member.id, masked(told)))
        member.ended()

    def members(self) -> Iterator[Member]:
        for home in self._homes():
            yield from home

    @property
    def is_empty(self) -> bool:
        return not any(self._homes())

    def _since(self, member: Member) -> Hashable:
        for since, members in self._slow.items():
            if member.home is members:
                return since
        for cohort in (*self._waiting.values(), *self._opened, self._opening):
            if cohort is not None and member.home is cohort.members:
                return cohort.since
        for cohort in self._ahead:
            if member.home is cohort.members:
                return self._subject.since(self._place_of(cohort))
        return self._subject.since(self._place)

    def _move(self, member: Member, home: dict[Member, None] | None) -> None:
        left = member.home
        member.moves_to(home)
        if left is not None and not left and self._live.get(member.id) is left:
            del self._live[member.id]

    def _homes(self) -> Iterator[dict[Member, None]]:
        yield from self._live.values()
        yield from self._slow.values()
        for cohort in (*self._waiting.values(), *self._opened, *self._ahead):
            yield cohort.members
        if self._opening is not None:
            yield self._opening.members

    # ------------------------------------------------------------------------------------------------ being told

    async def run(self) -> None:
        """Until cancelled; or until it fails, which every member is told."""
        try:
            with self._subject.feed() as feed:
                self._feed = feed
                self._read_openings()
                while True:
                    await feed.changed(self._following.due if self._following is not None else None)
                    await self._before_telling(self)
                    self._settle()
                    await self._follow(feed)
        except Exception as failure:
            for member in list(self.members()):
                self.end(member, failure)
        finally:
            if self._reading is not None:
                self._reading.cancel()
                await asyncio.gather(self._reading, return_exceptions=True)

    async def _follow(self, feed: Feed) -> None:
        following, show = self._following, self._show
        if following is None or show is None:
            # What waits in the feed comes after the opening.
            return
        told: list[_Told] = []
        is_lost = False
        try:
            for news in take(feed, following, _now()):
                told.append((news, await self._execution.payload(show(news))))
        except Lost:
            is_lost = True
        self._place = following.place
        if told:
            await self._tell(told)
        if is_lost:
            self._lost()

    async def _tell(self, told: Sequence[_Told]) -> None:
        for cohort in (self._opening, *self._opened):
            if cohort is not None:
                cohort.miss(told)
        for cohort in self._ahead:
            self._tell_rest(cohort, told)
        payloads = [payload for _, payload in told]
        in_a_row = 0
        for id_, members in list(self._live.items()):
            parcel = of_next(id_, payloads)
            for member in list(members):
                if member.home is members and member.line.send(parcel) > MOST_WAITING:
                    self._put_off(member, self._place)
                in_a_row += 1
                if in_a_row % _MOST_IN_A_ROW == 0:
                    await asyncio.sleep(0)
        # What was written goes out before there is more of it.
        await asyncio.sleep(0)

    def _tell_rest(self, cohort: _Cohort, told: Iterable[_Told]) -> None:
        """To a cohort that may know some of it from its opening."""
        payloads = [payload for news, payload in told if self._subject.is_news(news, cohort.place)]
        if payloads:
            self._write(cohort, payloads, self._place_of(cohort))

    def _place_of(self, cohort: _Cohort) -> Place:
        """Where who was told its opening, and what the group was told since, stands."""
        is_behind = self._following is not None and self._following.has_reached(cohort.place)
        return self._place if is_behind else cohort.place

    def _write(self, cohort: _Cohort, payloads: Sequence[bytes], place: Place) -> None:
        # An opening may be large, and is no sign of a slow socket.
        most = MOST_WAITING + sum(map(len, payloads))
        parcels: dict[bytes, Parcel] = {}
        for member in list(cohort.members):
            parcel = parcels.get(member.id)
            if parcel is None:
                parcel = parcels[member.id] = of_next(member.id, payloads)
            if member.line.send(parcel) > most:
                self._put_off(member, place)

    def _lost(self) -> None:
        """Everybody needs an opening that is read from now on."""
        for cohort in (self._opening, *self._opened):
            if cohort is not None:
                cohort.is_stale = True
        for cohort in self._ahead:
            since = self._subject.since(self._place_of(cohort))
            for member in list(cohort.members):
                self._wait(member, since)
        self._ahead.clear()
        since = self._subject.since(self._place)
        for members in list(self._live.values()):
            for member in list(members):
                self._wait(member, since)
        self._following = self._show = None

    # --------------------------------------------------------------------------------------------------- openings

    def _wait(self, member: Member, since: Hashable) -> None:
        cohort = self._waiting.get(since)
        if cohort is None:
            cohort = self._waiting[since] = _Cohort(since)
        self._move(member, cohort.members)
        self._read_openings()

    def _read_openings(self) -> None:
        """Not before the feed is joined: nothing may fall between the two."""
        if self._feed is not None and self._waiting and self._reading is None:
            self._reading = asyncio.create_task(self._open())

    async def _open(self) -> None:
        try:
            while self._waiting:
                since = next(iter(self._waiting))
                cohort = self._opening = self._waiting.pop(since)
                try:
                    await self._read(cohort, since)
                except Exception as failure:
                    for member in list(cohort.members):
                        self.end(member, failure)
                else:
                    self._opened.append(cohort)
                    if self._feed is not None:
                        self._feed.wake()
                self._opening = None
        finally:
            self._reading = None

    async def _read(self, cohort: _Cohort, since: Hashable) -> None:
        opening = await self._subject.opening(since)
        show = cohort.show = self.watched.showing()
        cohort.payloads = [await self._execution.payload(show(news)) for news in opening.news]
        cohort.place = opening.place

    def _settle(self) -> None:
        """Tells those who wait for it their opening, and what came meanwhile; they are members like the others then."""
        opened, self._opened = self._opened, []
        for cohort in opened:
            if cohort.is_stale:
                for member in list(cohort.members):
                    self._wait(member, cohort.since)
                continue
            if self._following is None:
                self._following, self._show = self._subject.following(cohort.place), cohort.show
                self._place = cohort.place
            if cohort.payloads:
                self._write(cohort, cohort.payloads, cohort.place)
            self._tell_rest(cohort, cohort.missed)
            cohort.missed.clear()
            cohort.payloads.clear()
            cohort.settled_at = _now()
            self._ahead.append(cohort)
        if self._ahead and self._following is not None:
            self._join_the_others(self._following)

    def _join_the_others(self, following: Following[Any]) -> None:
        still = []
        for cohort in self._ahead:
            if not following.has_reached(cohort.place) and _now() < cohort.settled_at + _AHEAD_S:
                still.append(cohort)
                continue
            for member in list(cohort.members):
                member.moves_to(self._live.setdefault(member.id, {}))
        self._ahead = [cohort for cohort in still if cohort.members]

    # ----------------------------------------------------------------------------------------------- slow sockets

    def _put_off(self, member: Member, place: Place) -> None:
        self._move(member, self._slow.setdefault(self._subject.since(place), {}))
        member.stuck_since = _now()
        member.stuck_at = member.line.waiting()

    @property
    def has_slow(self) -> bool:
        return bool(self._slow)

    def look_after_slow(self) -> None:
        """Tells those whose sockets have room again, and closes what is stuck."""
        now = _now()
        for since, members in list(self._slow.items()):
            for member in list(members):
                waiting = member.line.waiting()
                if waiting == CLOSED:
                    continue
                if waiting <= DRAINED:
                    self._wait(member, since)
                elif waiting < member.stuck_at:
                    member.stuck_since, member.stuck_at = now, waiting
                elif now - member.stuck_since > _STUCK_S:
                    member.line.give_up(_TRY_AGAIN_LATER, "What was sent has not been read for a minute.")
            if not members:
                del self._slow[since]


def _now() -> float:
    return asyncio.get_running_loop().time()
