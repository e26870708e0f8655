"""Values that are at hand already: loaders give these without asking the database."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from strawberry.dataloader import AbstractCache

from evgraph.domain.billing import LineItem
from evgraph.domain.board import Board, Card, PortView
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.garage import Garage
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.stay import Stay

V = TypeVar("V")


@dataclass(slots=True)
class Known:
    garages: dict[int, Garage | None] = field(default_factory=dict)
    ports: dict[int, Port | None] = field(default_factory=dict)
    rates: dict[int, Rate | None] = field(default_factory=dict)
    requests: dict[int, ChargingRequest | None] = field(default_factory=dict)
    stays: dict[int, Stay | None] = field(default_factory=dict)
    sessions: dict[int, ChargingSession | None] = field(default_factory=dict)
    active_request_of_stay: dict[int, ChargingRequest | None] = field(default_factory=dict)
    line_item_of_session: dict[int, LineItem | None] = field(default_factory=dict)

    def learn_board(self, board: Board) -> None:
        self.learn_rate(board.rate)
        self.learn_ports(board.ports)
        self.learn_cards(board.cards)

    def learn_ports(self, views: Iterable[PortView]) -> None:
        for view in views:
            self.ports[view.port.id] = view.port
            self.learn_rate(view.rate)
            if view.session:
                self.sessions[view.session.id] = view.session

    def learn_cards(self, cards: Iterable[Card]) -> None:
        for card in cards:
            self.requests[card.request.id] = card.request
            self.stays[card.stay.id] = card.stay
            self.active_request_of_stay[card.stay.id] = card.request if card.is_on_board else None
            self.learn_rate(card.rate)
            if card.session:
                self.sessions[card.session.id] = card.session
                self.line_item_of_session[card.session.id] = card.line_items[0] if card.line_items else None

    def forget_requests(self, request_ids: Iterable[int]) -> None:
        """What left the board need not be kept for as long as a display hangs on the wall."""
        for request_id in request_ids:
            request = self.requests.pop(request_id, None)
            if request:
                self.stays.pop(request.stay_id, None)
                self.active_request_of_stay.pop(request.stay_id, None)
                self.sessions.pop(request.session_id or 0, None)
                self.line_item_of_session.pop(request.session_id or 0, None)

    def learn_rate(self, rate: Rate | None) -> None:
        if rate:
            self.rates[rate.id] = rate


class Seeded(AbstractCache[int, V], Generic[V]):
    """A loader's cache that starts with what is known."""

    def __init__(self, known: dict[int, V]) -> None:
        self._known = known
        self._loaded: dict[int, asyncio.Future[V]] = {}

    def get(self, key: int) -> asyncio.Future[V] | None:
        future = self._loaded.get(key)
        if future is None and key in self._known:
            future = self._loaded[key] = asyncio.get_running_loop().create_future()
            future.set_result(self._known[key])
        return future

    def set(self, key: int, value: asyncio.Future[V]) -> None:
        self._loaded[key] = value

    def delete(self, key: int) -> None:
        self._loaded.pop(key, None)
        self._known.pop(key, None)

    def clear(self) -> None:
        self._loaded.clear()
        self._known.clear()
