"""The edge that is not ours, by hand: charge points that answer what a test tells them to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evgraph.domain.asks import Ask, Reset
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.transactions import TransactionStop
from evgraph.ocpp.gateway import Gateway
from evgraph.ocpp.registry import Registry
from evgraph.services.interfaces import ChargerRejected


@dataclass
class AnsweringChargers:
    """Answers each kind of ask as told: a value, an exception, or a function of the ask; keeps what it was asked."""

    answers: dict[type[Ask[Any]], Any] = field(default_factory=lambda: {Reset: "Accepted"})
    asks: list[tuple[str, Ask[Any]]] = field(default_factory=list)
    raw: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    raw_answer: Any = field(default_factory=dict)
    accepted: list[tuple[str, Acceptance]] = field(default_factory=list)
    disconnected: list[str] = field(default_factory=list)

    async def ask(self, identity: str, ask: Ask[Any]) -> Any:
        self.asks.append((identity, ask))
        if type(ask) not in self.answers:
            raise ChargerRejected(f"no answer to {type(ask).__name__} was given to the test")
        return _told(self.answers[type(ask)], ask)

    async def call(self, identity: str, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        self.raw.append((identity, action, payload))
        answer: Mapping[str, Any] = _told(self.raw_answer, payload)
        return answer

    def accept(self, identity: str, acceptance: Acceptance) -> None:
        self.accepted.append((identity, acceptance))

    def disconnect(self, identity: str, why: str) -> None:
        self.disconnected.append(identity)

    def read_stop(self, frame: str, received_at: datetime) -> TransactionStop | None:
        """The frame is not faked, nor is its reader."""
        return Gateway(Registry()).read_stop(frame, received_at)

    def all(self, kind: type[Ask[Any]]) -> list[Any]:
        return [ask for _, ask in self.asks if type(ask) is kind]


def _told(answer: Any, asked: Any) -> Any:
    if isinstance(answer, Callable):  # type: ignore[arg-type]
        answer = answer(asked)
    if isinstance(answer, Exception):
        raise answer
    return answer
