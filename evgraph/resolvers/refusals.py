"""The one place that turns a refusal into a payload's `errors`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from evgraph.domain.refusals import Refusal
from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.schema.errors import UserError

P = ParamSpec("P")
T = TypeVar("T")
Mutation = Callable[P, Awaitable[T]]


def answers_with(payload: Callable[..., T], *, anyone: bool = False) -> Callable[[Mutation[P, T]], Mutation[P, T]]:
    """Raises Unauthenticated for nobody, unless `anyone` may call it."""

    def decorate(mutation: Mutation[P, T]) -> Mutation[P, T]:
        @wraps(mutation)
        async def answer(*args: P.args, **kwargs: P.kwargs) -> T:
            # Strawberry gives what it fills by name.
            info: Info = _info(**kwargs)
            if info.context.done is not None:
                return info.context.done.again()  # type: ignore[no-any-return]
            if not anyone:
                signed_in(info.context.viewer)
            try:
                return await mutation(*args, **kwargs)
            except Refusal as refusal:
                return payload(errors=[UserError.of(refusal)])
            finally:
                info.context.renew()

        return answer

    return decorate


def _info(*, info: Any, **_: Any) -> Info:
    return info  # type: ignore[no-any-return]
