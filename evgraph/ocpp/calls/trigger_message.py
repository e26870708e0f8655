from evgraph.domain.asks import TriggerMessage
from evgraph.ocpp.calls.answers import accepted, status
from evgraph.ocpp.calls.command import Command, asks, only_given


@asks(TriggerMessage)
def trigger_message(ask: TriggerMessage) -> Command[str]:
    """OCPP 1.6 section 5.17."""
    return Command("TriggerMessage", only_given(requestedMessage=ask.message, connectorId=ask.connector_id), status)


def trigger_status_notification(*, connector_id: int | None) -> Command[None]:
    """B5, OCPP 1.6 section 5.17; without a connector for all of them."""
    payload = only_given(requestedMessage="StatusNotification", connectorId=connector_id)
    return Command("TriggerMessage", payload, accepted)
