"""Answers kept from one run of a plan to the next: of an object whose answer can be known to be the same, it is the one
that was given before. Only who wrote the resolvers can know that; a plan just asks."""

from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, TypeAlias

from evgraph.execution.driving import all_of, rest_of

NOT_KEPT: Final = object()
Ask: TypeAlias = Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]


class Keeper(Protocol):
    """The answers that one plan gave, for one run of it with the same variables and for the same rights."""

    def keeps(self, kind: type) -> bool:
        """Whether answers of objects of this type are kept at all; asked at the start of each of their columns."""

    def recall(self, selection: object, source: Any) -> Any:
        """The answer, or NOT_KEPT."""

    def begin(self) -> None:
        """From now on all that is read is noted, until `keep` or `forgo`. In between nothing else runs."""

    def keep(self, selection: object, source: Any, answer: Any) -> None:
        """What was noted since `begin` is all that the answer was made of."""

    def forgo(self) -> None:
        """The answer could not be made at once, or not at all."""


async def kept_or_asked(keeper: Keeper, selection: object, objects: list[Any], ask: Ask) -> list[Any]:
    """In the order of the objects. Those that are not kept are asked one by one, and kept, as long as nothing has to be
    waited for; the others then are asked together."""
    answers = [keeper.recall(selection, source) for source in objects]
    missing = [place for place, answer in enumerate(answers) if answer is NOT_KEPT]
    for count, place in enumerate(missing):
        source = objects[place]
        asked = ask([source])
        keeper.begin()
        try:
            yielded = asked.send(None)
        except StopIteration as stop:
            (answers[place],) = stop.value
            keeper.keep(selection, source, answers[place])
        except BaseException:
            keeper.forgo()
            raise
        else:
            keeper.forgo()
            rest = missing[count + 1 :]
            others = [ask([objects[other] for other in rest])] if rest else []
            (first, *found) = await all_of([rest_of(asked, yielded), *others])
            answers[place] = first[0]
            for other, answer in zip(rest, found[0] if found else (), strict=True):
                answers[other] = answer
            break
    return answers
