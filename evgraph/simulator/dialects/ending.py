"""How a firmware tells that a transaction is over."""

from __future__ import annotations

from evgraph.simulator.configuration import Key
from evgraph.simulator.dialects.dialect import Dialect
from evgraph.simulator.library import enums


class StopFirst(Dialect):
    name = "stop-first"
    summary = "At the unplug StopTransaction goes first; Available follows once it is answered."
    stop_goes_first = True


class StatusFirst(Dialect):
    name = "status-first"
    summary = "At the unplug Available goes first; StopTransaction follows three seconds later."
    stop_delay = 3.0


class Suspended(Dialect):
    """StopTransactionOnEVSideDisconnect is false and read-only (section 9.1.23, errata 3.79)."""

    name = "suspended"
    summary = 'An unplug suspends: SuspendedEV with info "EV side disconnected", no stop until a RemoteStop.'

    def set_keys(self, keys: dict[str, Key]) -> None:
        keys["StopTransactionOnEVSideDisconnect"] = Key("false")


class NoStop(Dialect):
    name = "no-stop"
    summary = "At the unplug it reports Available, and never sends the StopTransaction."

    def tells_stop(self, reason: str) -> bool:
        return reason != str(enums.Reason.ev_disconnected)
