"""How a resolver is called for each object of a column: with its object, the Info, both or neither."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from evgraph.execution.plan import Column, Info

Call: TypeAlias = Callable[[Column, Info, Mapping[str, Any]], Column]


def calling(function: Callable[..., Any], *, takes_source: bool, info_name: str | None) -> Call:
    """`info_name`: the keyword that takes the Info, null where there is none."""
    if not takes_source:

        def rootless(sources: Column, info: Info, keywords: Mapping[str, Any]) -> Column:
            given = keywords if info_name is None else {**keywords, info_name: info}
            return [function(**given) for _ in sources]

        return rootless
    if info_name is None:

        def uninformed(sources: Column, info: Info, keywords: Mapping[str, Any]) -> Column:
            return [function(source, **keywords) for source in sources] if keywords else list(map(function, sources))

        return uninformed

    def informed(sources: Column, info: Info, keywords: Mapping[str, Any]) -> Column:
        given = {**keywords, info_name: info}
        return [function(source, **given) for source in sources]

    return informed
