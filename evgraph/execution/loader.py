"""A loader for plans: what is at hand is given at once, what is asked for goes in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Final, Generic, TypeVar

from strawberry.dataloader import DataLoader, get_current_batch

from evgraph.execution.driving import Loading

K = TypeVar("K")
V = TypeVar("V")
MISSING: Final = object()


class Noted:
    """What an answer was made of, while somebody notes it: each value with the loader's name and its key. Null while
    nobody does, or since something was read that cannot be noted."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: list[tuple[str, Any, Any]] | None = None

    def spoil(self) -> None:
        """Something was read that may be another next time: the time, say."""
        self.values = None


class Ready(Generic[V]):
    """A value that need not be waited for."""

    __slots__ = ("_value",)

    def __init__(self, value: V) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, None, V]:
        return self._value
        yield


class Loader(DataLoader[K, V]):
    """Strawberry's, with its batches, for one operation. `known`: values at hand from the start. `name`: by which
    what was given is noted."""

    def __init__(
        self,
        load: Callable[[list[K]], Awaitable[Sequence[V | BaseException]]],
        name: str,
        noted: Noted,
        known: dict[K, V] | None = None,
    ) -> None:
        super().__init__(load, cache=False)
        self._name = name
        self._noted = noted
        self.known: dict[K, V] = {} if known is None else known
        self._loading: dict[K, asyncio.Future[V]] = {}

    def load(self, key: K) -> Awaitable[V]:
        value = self.at_hand(key)
        if value is not MISSING:
            if self._noted.values is not None:
                self._noted.values.append((self._name, key, value))
            return Ready(value)
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = self.loop.create_future()
            get_current_batch(self).add_task(key, loading)
        return _waiting_for(loading)

    def at_hand(self, key: K) -> Any:
        """The value, or MISSING."""
        value: Any = self.known.get(key, MISSING)
        if value is MISSING:
            loading = self._loading.get(key)
            if loading is not None and loading.done() and loading.exception() is None:
                return loading.result()
        return value


def _waiting_for(loading: "asyncio.Future[V]") -> Loading:
    """For one of those who wait: when it is cancelled the others are not (graphql-core cancels the fields beside one
    that failed)."""
    waiting = Loading(loop=loading.get_loop())

    def loaded(_: "asyncio.Future[V]") -> None:
        if waiting.done():
            return
        failure = loading.exception()
        if failure is not None:
            waiting.set_exception(failure)
        else:
            waiting.set_result(loading.result())

    loading.add_done_callback(loaded)
    return waiting
