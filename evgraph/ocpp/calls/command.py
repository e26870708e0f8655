"""A CALL of ours, and how its answer is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ocpp.messages import MessageType, get_validator  # type: ignore[import-untyped]

from evgraph.domain.asks import Ask
from evgraph.services.interfaces import ChargerRejected

Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class Command(Generic[Answered]):
    """`read` makes the answer out of the CALLRESULT's payload, or raises ChargerRejected.

    Raises jsonschema's ValidationError for a payload that OCPP 1.6 does not allow: a bug of ours.
    """

    action: str
    payload: dict[str, Any]
    read: Callable[[Mapping[str, Any]], Answered]

    def __post_init__(self) -> None:
        get_validator(MessageType.Call, self.action, "1.6").validate(self.payload)


Asked = TypeVar("Asked", bound=Ask[Any])
WRITERS: dict[type[Ask[Any]], Callable[[Any], Command[Any]]] = {}


def asks(ask: type[Asked]) -> Callable[[Callable[[Asked], Command[Any]]], Callable[[Asked], Command[Any]]]:
    """Registers the function that writes this ask as a Command."""

    def register(writer: Callable[[Asked], Command[Any]]) -> Callable[[Asked], Command[Any]]:
        WRITERS[ask] = writer
        return writer

    return register


def accepted(answer: Mapping[str, Any]) -> None:
    """Raises ChargerRejected unless its status is Accepted, also where it has none that can be read (C5)."""
    status = answer.get("status")
    if status != "Accepted":
        raise ChargerRejected(f"it answered {status!r}"[:100])


def status(answer: Mapping[str, Any]) -> str:
    """The status as it was told. Raises ChargerRejected where there is none that can be read (C5)."""
    told = answer.get("status")
    if not isinstance(told, str):
        raise ChargerRejected(f"it answered {told!r}"[:100])
    return told
