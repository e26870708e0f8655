"""Which subscriptions are told together, and whether their viewers still may be."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from strawberry import Schema

from evgraph.answering import Plans
from evgraph.domain.people import Viewer
from evgraph.resolvers.context import Operation
from evgraph.resolvers.limits import Documents
from evgraph.resolvers.loaders import make_loaders
from evgraph.resolvers.permissions import require
from evgraph.resolvers.subscriptions.watch import ASKED_AGAIN_AFTER
from evgraph.resolvers.subscriptions.watched import Watched
from evgraph.services.house import Services
from evgraph.services.permissions import Forbidden, Unauthenticated
from evgraph.sharing.documents import Sharable, SharableDocuments, Variables
from evgraph.sharing.execution import Execution
from evgraph.sharing.group import Group
from evgraph.sharing.lines import Line
from evgraph.sharing.member import Member
from evgraph.sharing.messages import json_of
from evgraph.sharing.rights import Rights, rights_of

_LOOK_EVERY_S: Final = 0.1
_MOST_TOKENS: Final = 50
# Ahead of the time, so that telling need not wait for it.
_ASKED_EARLY_AFTER: Final = ASKED_AGAIN_AFTER - timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class _Key:
    """All that decides what a subscription is told."""

    text: str
    operation_name: str | None
    variables: bytes
    rights: Rights


@dataclass(slots=True)
class _Running:
    """`asked_since`: no member's rights were asked longer ago."""

    key: _Key
    sharable: Sharable
    variables: Variables
    group: Group
    task: asyncio.Task[None]
    asked_since: datetime


class Sharing:
    def __init__(self, schema: Schema, services: Services, documents: Documents, plans: Plans) -> None:
        self._schema = schema
        self._services = services
        self._documents = SharableDocuments(schema, documents)
        self._plans = plans
        self._groups: dict[_Key, _Running] = {}
        self._running: dict[Group, _Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None

    async def join(
        self,
        context: Operation,
        text: Any,
        variables: Any,
        operation_name: Any,
        *,
        id_: Any,
        line: Line,
        ended: Callable[[], None],
    ) -> Member | None:
        """Null for what is not shared: the plain way tells why, where there is a mistake in it."""
        if not (isinstance(text, str) and isinstance(operation_name, str | None)):
            return None
        if not isinstance(variables, dict | None):
            return None
        sharable = self._documents.read(text, operation_name)
        if sharable is None or context.token is None:
            return None
        asked_at = self._services.clock.now()
        try:
            running = await self._running_for(context, sharable, variables, operation_name, asked_at)
        except Exception:
            # It happens again on the plain way, where it is told.
            return None
        if running is None:
            return None
        running.asked_since = min(running.asked_since, asked_at)
        member = Member(json_of(id_), line, context.token, asked_at, ended)
        running.group.join(member)
        return member

    @property
    def member_count(self) -> int:
        return sum(sum(1 for _ in group.members()) for group in self._running)

    @property
    def group_count(self) -> int:
        return len(self._running)

    async def close(self) -> None:
        """Everybody has left; waits until nothing runs any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -------------------------------------------------------------------------------------------------- groups

    async def _running_for(
        self, context: Operation, sharable: Sharable, variables: Variables, operation_name: str | None, now: datetime
    ) -> _Running | None:
        token = context.token
        viewer = await self._services.people.viewer_of(token) if token is not None else None
        if viewer is None:
            return None
        key = _Key(sharable.text, operation_name, _canonical(variables), rights_of(viewer))
        running = self._groups.get(key)
        if running is not None:
            return running
        # Whether these rights are enough is asked once: all who have the same may watch the same.
        begun = replace(context, viewer=viewer, loaders=make_loaders(self._services))
        watched = await sharable.watched(begun, variables)
        if watched is None:
            return None
        return self._groups.get(key) or self._open(key, sharable, variables, watched, now)

    def _open(
        self, key: _Key, sharable: Sharable, variables: Variables, watched: Watched[Any], asked_since: datetime
    ) -> _Running:
        execution = Execution(self._schema, self._plans, self._services, sharable, variables, key.rights)
        group = Group(watched, execution, before_telling=self._before_telling, emptied=self._emptied)
        task = self._begin(group.run())
        running = self._groups[key] = self._running[group] = _Running(
            key, sharable, variables, group, task, asked_since
        )
        if self._looking is None:
            self._looking = self._begin(self._look())
        return running

    def _emptied(self, group: Group) -> None:
        running = self._running.pop(group)
        del self._groups[running.key]
        running.task.cancel()

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _look(self) -> None:
        """While anybody listens: after sockets that were slow, and rights that are to be asked again."""
        try:
            while self._running:
                await asyncio.sleep(_LOOK_EVERY_S)
                for running in list(self._running.values()):
                    if running.group.has_slow:
                        running.group.look_after_slow()
                    await self._ask(running, _ASKED_EARLY_AFTER, _MOST_TOKENS)
        finally:
            self._looking = None

    # -------------------------------------------------------------------------------------------------- rights

    async def _before_telling(self, group: Group) -> None:
        running = self._running.get(group)
        if running is not None:
            await self._ask(running, ASKED_AGAIN_AFTER)

    async def _ask(self, running: _Running, after: timedelta, most: int | None = None) -> None:
        """The rights of those who were not asked for so long; of so many tokens at the most."""
        now = self._services.clock.now()
        if now - running.asked_since < after:
            return
        group = running.group
        viewers: dict[str, Viewer | Exception | None] = {}
        for member in [member for member in group.members() if now - member.asked_at >= after]:
            if member.token not in viewers:
                if len(viewers) == most:
                    continue
                try:
                    viewers[member.token] = await self._services.people.viewer_of(member.token)
                except Exception as failure:
                    viewers[member.token] = failure
            if member.group is group:
                self._asked(running, member, viewers[member.token], now)
        running.asked_since = min((member.asked_at for member in group.members()), default=now)

    def _asked(self, running: _Running, member: Member, viewer: Viewer | Exception | None, now: datetime) -> None:
        group, watched = running.group, running.group.watched
        if isinstance(viewer, Exception):
            group.end(member, viewer)
            return
        try:
            require(viewer, watched.right, watched.garage_id)
        except (Unauthenticated, Forbidden) as refusal:
            group.end(member, refusal)
            return
        member.asked_at = now
        if viewer is not None and rights_of(viewer) != running.key.rights:
            key = replace(running.key, rights=rights_of(viewer))
            other = self._groups.get(key) or self._open(key, running.sharable, running.variables, watched, now)
            other.asked_since = min(other.asked_since, now)
            group.move(member, other.group)


def _canonical(variables: Variables) -> bytes:
    return orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS)
