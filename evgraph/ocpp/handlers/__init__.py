"""One file a message, each in three steps: translate, call one service, answer."""

from evgraph.ocpp.handlers import (
    authorize,
    boot_notification,
    data_transfer,
    heartbeat,
    meter_values,
    start_transaction,
    status_notification,
    stop_transaction,
)

__all__ = [
    "authorize",
    "boot_notification",
    "data_transfer",
    "heartbeat",
    "meter_values",
    "start_transaction",
    "status_notification",
    "stop_transaction",
]
