"""The one place that imports the `ocpp` package, which ships no types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import ocpp.messages  # type: ignore[import-untyped]
from ocpp.exceptions import OCPPError, UnknownCallErrorCodeError  # type: ignore[import-untyped]
from ocpp.routing import after as _after  # type: ignore[import-untyped]
from ocpp.routing import on as _on
from ocpp.v16 import ChargePoint as LibraryChargePoint  # type: ignore[import-untyped]
from ocpp.v16 import call, call_result, datatypes, enums

__all__ = [
    "LibraryChargePoint",
    "OCPPError",
    "UnknownCallErrorCodeError",
    "after",
    "call",
    "call_result",
    "datatypes",
    "enums",
    "on",
]

# Validate in place: a hop through a thread costs more than the validation, and lets a later message
# overtake an earlier one.
ocpp.messages.ASYNC_VALIDATION = False

Handler = TypeVar("Handler", bound=Callable[..., Any])


def on(action: str) -> Callable[[Handler], Handler]:
    """Answer the CALL of this action with what the method returns."""
    return cast("Callable[[Handler], Handler]", _on(action))


def after(action: str) -> Callable[[Handler], Handler]:
    """Run the method once the answer to this action is on its way."""
    return cast("Callable[[Handler], Handler]", _after(action))
