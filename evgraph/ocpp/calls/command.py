"""A CALL of ours, and how its answer is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from evgraph.domain.asks import Ask
from evgraph.ocpp.calls import schemas

Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class Command(Generic[Answered]):
    """`read` makes the answer out of the CALLRESULT's payload, or raises ChargerRejected.

    Raises BadCall for a payload that OCPP 1.6 does not allow.
    """

    action: str
    payload: dict[str, Any]
    read: Callable[[Mapping[str, Any]], Answered]

    def __post_init__(self) -> None:
        schemas.check(self.action, self.payload)


Asked = TypeVar("Asked", bound=Ask[Any])
WRITERS: dict[type[Ask[Any]], Callable[[Any], Command[Any]]] = {}


def asks(ask: type[Asked]) -> Callable[[Callable[[Asked], Command[Any]]], Callable[[Asked], Command[Any]]]:
    """Registers the function that writes this ask as a Command."""

    def register(writer: Callable[[Asked], Command[Any]]) -> Callable[[Asked], Command[Any]]:
        WRITERS[ask] = writer
        return writer

    return register


def only_given(**fields: Any) -> dict[str, Any]:
    """The fields that have a value: OCPP 1.6 knows no null."""
    return {name: value for name, value in fields.items() if value is not None}
