"""A loader for plans: what is at hand is given at once, what is wanted goes in batches."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar, cast

from strawberry.dataloader import DataLoader, get_current_batch

from evgraph.execution.driving import Slot, all_of

K = TypeVar("K")
V = TypeVar("V")
MISSING: Final = object()


class Loads:
    """What the loaders of one operation share. `noted`: what an answer was made of, while somebody notes it, each value
    with its loader's name and its key; null while nobody does, or since something was read that cannot be noted.
    `is_planned`: a plan drives those who wait."""

    __slots__ = ("_wanted", "is_planned", "noted")

    def __init__(self) -> None:
        self.noted: list[tuple[str, Any, Any]] | None = None
        self.is_planned = False
        self._wanted: list[Callable[[], Awaitable[None]]] = []

    def spoil(self) -> None:
        """Something was read that may be another next time: the time, say."""
        self.noted = None

    def want(self, load: Callable[[], Awaitable[None]]) -> None:
        self._wanted.append(load)

    def together(self, coroutines: Sequence[Coroutine[Any, Any, Any]]) -> Awaitable[list[Any]]:
        """What each returns, whoever drives them."""
        return all_of(coroutines) if self.is_planned else asyncio.gather(*coroutines)

    async def load(self) -> None:
        """All that is wanted by now."""
        wanted, self._wanted = self._wanted, []
        if not wanted:
            raise RuntimeError("A plan waits for what nobody loads.")
        for load in wanted:
            await load()


class Ready(Generic[V]):
    """A value that need not be waited for."""

    __slots__ = ("_value",)

    def __init__(self, value: V) -> None:
        self._value = value

    def __await__(self) -> Generator[Any, None, V]:
        return self._value
        yield


class Loader(DataLoader[K, V]):
    """Strawberry's, for one operation, and the same for a plan. `known`: values at hand from the start. `name`: by
    which what was given is noted; what a loader without a name gave cannot be."""

    def __init__(
        self,
        load: Callable[[list[K]], Awaitable[Sequence[V | BaseException]]],
        loads: Loads,
        *,
        name: str | None = None,
        known: dict[K, V] | None = None,
    ) -> None:
        super().__init__(load, cache=False)
        self.known: dict[K, V] = {} if known is None else known
        self._name = name
        self._loads = loads
        self._loaded: dict[K, V] = {}
        self._slots: dict[K, Slot] = {}
        self._wanted: list[K] = []
        self._loading: dict[K, asyncio.Future[V]] = {}

    def load(self, key: K) -> Awaitable[V]:
        value = self.at_hand(key)
        if value is not MISSING:
            if self._name is None:
                self._loads.spoil()
            elif self._loads.noted is not None:
                self._loads.noted.append((self._name, key, value))
            return Ready(value)
        if not self._loads.is_planned:
            return self._in_a_task(key)
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = Slot()
            if not self._wanted:
                self._loads.want(self._load_wanted)
            self._wanted.append(key)
        return slot

    def load_many(self, keys: Iterable[K]) -> Awaitable[list[V]]:
        return self._loads.together([self._one(key) for key in keys])

    def at_hand(self, key: K) -> Any:
        """The value, or MISSING."""
        value: Any = self.known.get(key, MISSING)
        return value if value is not MISSING else self._loaded.get(key, MISSING)

    def all_at_hand(self) -> Mapping[K, V]:
        """By key; what is loaded later need not turn up in it."""
        return {**self.known, **self._loaded} if self._loaded else self.known

    def _in_a_task(self, key: K) -> "asyncio.Future[V]":
        """Each who waits has a future of its own: when one is cancelled the others are not (graphql-core cancels the
        fields beside one that failed)."""
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = self.loop.create_future()
            get_current_batch(self).add_task(key, loading)
        waiting: asyncio.Future[V] = self.loop.create_future()

        def loaded(_: "asyncio.Future[V]") -> None:
            failure = loading.exception()
            if failure is None:
                self._loaded[key] = loading.result()
            if waiting.done():
                return
            if failure is None:
                waiting.set_result(loading.result())
            else:
                waiting.set_exception(failure)

        loading.add_done_callback(loaded)
        return waiting

    async def _one(self, key: K) -> V:
        return await self.load(key)

    async def _load_wanted(self) -> None:
        keys, self._wanted = self._wanted, []
        slots = self._slots
        try:
            values = await self.load_fn(keys)
        except Exception as failure:
            for key in keys:
                slots.pop(key).fail(failure)
            return
        for key, value in zip(keys, values, strict=True):
            slot = slots.pop(key)
            if isinstance(value, Exception):
                slot.fail(value)
            else:
                self._loaded[key] = cast("V", value)
                slot.fill(value)
