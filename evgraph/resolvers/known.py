"""Values that are at hand already: loaders give these without asking the database."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evgraph.domain.billing import LineItem
from evgraph.domain.board import Board, Card, PortView
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.garage import Garage
from evgraph.domain.port import Port
from evgraph.domain.rate import Rate
from evgraph.domain.stay import Stay


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
