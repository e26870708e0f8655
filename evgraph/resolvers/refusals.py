"""The one place that turns a refusal into a payload's `errors`."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from evgraph.domain.refusals import Refusal
from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.schema.errors import UserError

P = ParamSpec("P")
T = TypeVar("T")
Mutation = Callable[Concatenate[Info, P], Awaitable[T]]


def answers_with(payload: Callable[..., T], *, anyone: bool = False) -> Callable[[Mutation[P, T]], Mutation[P, T]]:
    """Raises Unauthenticated for nobody, unless `anyone` may call it."""

    def decorate(mutation: Mutation[P, T]) -> Mutation[P, T]:
        @wraps(mutation)
        async def answer(info: Info, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if not anyone:
                signed_in(info.context.viewer)
            try:
                return await mutation(info, *args, **kwargs)
            except Refusal as refusal:
                return payload(errors=[UserError.of(refusal)])
            finally:
                info.context.renew()

        return answer

    return decorate
