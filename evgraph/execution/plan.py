"""What a plan is made of, and how it runs: each field once, over the column of all objects that it is asked of."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from evgraph.execution.driving import all_of, driven
from evgraph.execution.keeping import Keeper, kept_or_asked
from evgraph.execution.loader import Loads

Column: TypeAlias = list[Any]


class Unplanned(Exception):
    """Something that a plan does not know, or must not answer: graphql-core does."""


class Context(Protocol):
    """Of an operation, as its resolvers know it; `loads` is what all of its loaders share."""

    @property
    def loads(self) -> Loads: ...


class Info:
    """What a planned field's resolver learns of its operation; anything else is an AttributeError, and graphql-core's
    to answer."""

    __slots__ = ("context",)

    def __init__(self, context: Any) -> None:
        self.context = context


class Run:
    """One execution of a plan. `arguments` by place: those that this run's variables make of fields that have any."""

    __slots__ = ("arguments", "info", "keeper")

    def __init__(self, context: Any, arguments: Sequence[Mapping[str, Any]], keeper: Keeper | None) -> None:
        self.info = Info(context)
        self.arguments = arguments
        self.keeper = keeper


# What a field is of each object, and how a type's values stand in an answer: both over a whole column.
Step: TypeAlias = Callable[[Run, Column], Coroutine[Any, Any, Column]]


class Selection:
    """What is asked of the objects of one type, `kind` in Python. `is_kind`: whether one is of that type, null where it
    cannot be of another."""

    __slots__ = ("_fields", "_is_kind", "_kind", "_names")

    def __init__(self, kind: type, fields: Sequence[tuple[str, Step]], is_kind: Callable[[Any], bool] | None) -> None:
        self._kind = kind
        self._names = [name for name, _ in fields]
        self._fields = [step for _, step in fields]
        self._is_kind = is_kind

    async def run(self, run: Run, objects: Column) -> Column:
        """A dict for each object, its fields in the order of the document."""
        keeper = run.keeper
        if keeper is not None and keeper.keeps(self._kind):
            return await kept_or_asked(keeper, self, objects, lambda these: self._ask(run, these))
        return await self._ask(run, objects)

    async def _ask(self, run: Run, objects: Column) -> Column:
        if self._is_kind is not None and not all(map(self._is_kind, objects)):
            raise Unplanned("an object of another type")
        names = self._names
        if not names:
            # All of it was skipped.
            return [{} for _ in objects]
        columns = await all_of([field(run, objects) for field in self._fields])
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


Arguments: TypeAlias = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """What a mutation does, of its context and its arguments. `field`: its name in the schema."""

    field: str
    do: Callable[[Any, Arguments], Awaitable[Any]]


class Plan:
    """One operation of a document. Immutable: it may run any number of times, also at once.

    A mutation's `change` is no part of a run: it is done first, once, and what it gave is the run's root.
    """

    __slots__ = ("_root", "arguments", "change", "is_query")

    def __init__(
        self,
        root: Selection,
        arguments: Callable[[Mapping[str, Any] | None], Arguments],
        *,
        is_query: bool,
        change: Change | None,
    ) -> None:
        # What a run's variables make of the arguments of fields; the same variables need be asked once. Raises
        # Unplanned where they do not fit.
        self.arguments = arguments
        self.is_query = is_query
        self.change = change
        self._root = root

    async def run(self, context: Context, root: Any, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """The answer's data. Raises Unplanned, or what a resolver raised."""
        return await self.run_with(self.arguments(variables), context, root)

    async def run_with(
        self, arguments: Arguments, context: Context, root: Any, keeper: Keeper | None = None
    ) -> dict[str, Any]:
        """The same, by what `arguments` gave."""
        loads = context.loads
        asked = self._root.run(Run(context, arguments, keeper), [root])
        loads.is_planned = True
        try:
            (answer,) = await driven(asked, loads.load)
        finally:
            loads.is_planned = False
        data: dict[str, Any] = answer
        return data
