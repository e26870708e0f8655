from collections.abc import Iterable

import strawberry

from evgraph.domain.board import Board as BoardValue
from evgraph.domain.board import Card, PortView
from evgraph.schema import charging_request, port
from evgraph.schema.node import from_value, resolved
from evgraph.schema.rate import Rate, rate_or_none
from evgraph.schema.references import ChargingRequestRef, PortRef


@strawberry.type(description="The EV queue of one garage, as of `revision`.")
class Board:
    value: strawberry.Private[BoardValue]

    revision: int = from_value(
        "Grows by one with every change to this garage's board; two boards with the same revision are the same board."
    )

    @strawberry.field
    def rate(self) -> Rate | None:
        return rate_or_none(self.value.rate)

    @strawberry.field
    def ports(self) -> list[PortRef]:
        return ports_of(self.value.ports)

    @resolved(
        "Waiting for a port, soonest estimated checkout first, then oldest request; a request that is "
        "STARTING stays here until its charger says that energy may flow."
    )
    def needs_charging(self) -> list[ChargingRequestRef]:
        return requests_of(self.value.needs_charging)

    @resolved("On a port now, longest running first.")
    def charging(self) -> list[ChargingRequestRef]:
        return requests_of(self.value.charging)

    @resolved("Finished charging, still on the lot, latest first.")
    def charged(self) -> list[ChargingRequestRef]:
        return requests_of(self.value.charged)


@strawberry.type(
    description="What changed on a board. The first message after subscribing holds the whole board (isSnapshot); "
    "each later one holds only what changed since the revision before it, to be merged by id. A client that sees "
    "`revision` skip has missed something and subscribes again."
)
class BoardUpdate:
    revision: int
    is_snapshot: bool
    rate: Rate | None = strawberry.field(description="Null when the rate did not change.")
    ports: list[PortRef]
    requests: list[ChargingRequestRef] = strawberry.field(
        description="Requests that are new or changed and are on the board."
    )
    removed_request_ids: list[strawberry.ID] = strawberry.field(
        description="Requests that left the board: cancelled, or checked out."
    )


def ports_of(views: Iterable[PortView]) -> list[PortRef]:
    return [port.Port(value=view.port) for view in views]


def requests_of(cards: Iterable[Card]) -> list[ChargingRequestRef]:
    return [charging_request.ChargingRequest(value=card.request) for card in cards]
