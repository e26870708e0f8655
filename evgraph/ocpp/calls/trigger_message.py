from evgraph.ocpp.calls.command import Command, accepted


def trigger_status_notification(*, connector_id: int | None) -> Command[None]:
    """B5, OCPP 1.6 section 5.17; without a connector for all of them."""
    payload: dict[str, object] = {"requestedMessage": "StatusNotification"}
    if connector_id is not None:
        payload["connectorId"] = connector_id
    return Command("TriggerMessage", payload, accepted)
