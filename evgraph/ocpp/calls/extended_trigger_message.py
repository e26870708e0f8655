from evgraph.domain.asks import ExtendedTriggerMessage
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks, only_given


@asks(ExtendedTriggerMessage)
def extended_trigger_message(ask: ExtendedTriggerMessage) -> Command[str]:
    """Security extension, section 5.4."""
    payload = only_given(requestedMessage=ask.message, connectorId=ask.connector_id)
    return Command("ExtendedTriggerMessage", payload, status)
