"""One file a message, each in three steps: translate, call one service, answer."""

from evgraph.ocpp.handlers import (
    authorize,
    boot_notification,
    data_transfer,
    diagnostics_status_notification,
    firmware_status_notification,
    heartbeat,
    log_status_notification,
    meter_values,
    security_event_notification,
    sign_certificate,
    signed_firmware_status_notification,
    start_transaction,
    status_notification,
    stop_transaction,
)

__all__ = [
    "authorize",
    "boot_notification",
    "data_transfer",
    "diagnostics_status_notification",
    "firmware_status_notification",
    "heartbeat",
    "log_status_notification",
    "meter_values",
    "security_event_notification",
    "sign_certificate",
    "signed_firmware_status_notification",
    "start_transaction",
    "status_notification",
    "stop_transaction",
]
