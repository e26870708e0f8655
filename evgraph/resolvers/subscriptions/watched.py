"""A subscription in two halves: what is watched, and how its news are shown. One viewer alone goes through both by
themselves; viewers with the same document, variables and rights may go through them together."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from evgraph.domain.people import Right
from evgraph.resolvers.context import Operation
from evgraph.resolvers.known import Known
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.services.live import Subject, alone

N = TypeVar("N")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the subscription's field is, and what it is resolved with; null where it asks for nothing more."""

    payload: Any
    known: Known | None = None


Show: TypeAlias = Callable[[N], Shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched(Generic[N]):
    """`showing` begins anew with each opening: news must be shown in the order that they came in, each resolved before
    the next is shown. The viewer has `right` in the garage, which is asked again; nothing else here knows of them."""

    right: Right
    garage_id: int
    subject: Subject[N]
    showing: Callable[[], Show[N]]


async def watch_alone(operation: Operation, watched: Watched[N]) -> AsyncGenerator[Any, None]:
    watch = Watch(operation, watched.right, watched.garage_id)
    show = watched.showing()
    async with aclosing(alone(watched.subject)) as all_news:  # type: ignore[type-var]
        async for news in all_news:
            await watch.check()
            shown = show(news)
            if shown.known is not None:
                operation.renew(shown.known)
            yield shown.payload
