"""Which function handles which action."""

from collections.abc import Awaitable, Callable

from evgraph.ocpp.inbound import Answer, InboundCall

Handler = Callable[[InboundCall], Awaitable[Answer]]

HANDLERS: dict[str, Handler] = {}


def handles(action: str) -> Callable[[Handler], Handler]:
    """Registers the function that answers this action. It never awaits an answer from the charger: the reader of its
    connection is its caller."""

    def register(handler: Handler) -> Handler:
        HANDLERS[action] = handler
        return handler

    return register
