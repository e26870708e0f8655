"""What was answered of a port or a request is answered again, while every value that it was made of is the same.

Values that are read again are the very same objects as long as their rows say the same (`models.remembered`), so that
a look at each of them is enough. Of a board of sixty requests, the one that changed is made anew.
"""

from collections.abc import Mapping
from typing import Any, Final

from evgraph.execution import MISSING, NOT_KEPT
from evgraph.schema.charging_request import ChargingRequest
from evgraph.schema.context import Loaders
from evgraph.schema.port import Port

# The types that a board lists; what is beneath them is kept as a part of them.
_KINDS: Final = frozenset({ChargingRequest, Port})
_Made = tuple[tuple[str, Any, Any], ...]


class KeptAnswers:
    """Those of one plan, with the same variables, for viewers of the same rights: of its last run only, so that they
    are never more than an answer holds."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], tuple[Any, _Made, Any]] = {}

    def of_run(self, loaders: Loaders) -> "RunsAnswers":
        """For a run that uses these loaders."""
        before, self._kept = self._kept, {}
        return RunsAnswers(loaders, before, self._kept)


class RunsAnswers:
    """`execution.Keeper` for one run."""

    def __init__(
        self,
        loaders: Loaders,
        before: dict[tuple[int, int], tuple[Any, _Made, Any]],
        kept: dict[tuple[int, int], tuple[Any, _Made, Any]],
    ) -> None:
        self._loaders = loaders
        self._loads = loaders.loads
        self._before = before
        self._kept = kept
        self._is_noting = False
        # What each loader knows, by its name.
        self._at_hand: dict[str, Mapping[Any, Any]] = {}

    def keeps(self, kind: type) -> bool:
        return kind in _KINDS and not self._is_noting

    def recall(self, selection: object, source: Any) -> Any:
        value = source.value
        key = (id(selection), id(value))
        kept = self._kept.get(key) or self._before.get(key)
        if kept is None or kept[0] is not value:
            return NOT_KEPT
        at_hand = self._at_hand
        for name, of, was in kept[1]:
            values = at_hand.get(name)
            if values is None:
                values = at_hand[name] = getattr(self._loaders, name).all_at_hand()
            if values.get(of, MISSING) is not was and getattr(self._loaders, name).at_hand(of) is not was:
                return NOT_KEPT
        self._kept[key] = kept
        return kept[2]

    def begin(self) -> None:
        self._loads.noted = []
        self._is_noting = True

    def keep(self, selection: object, source: Any, answer: Any) -> None:
        noted, self._loads.noted = self._loads.noted, None
        self._is_noting = False
        if noted is not None:
            self._kept[id(selection), id(source.value)] = (source.value, tuple(noted), answer)

    def forgo(self) -> None:
        self._loads.noted = None
        self._is_noting = False
