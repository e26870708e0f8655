from evgraph.ocpp import operating_messages, translate
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("SecurityEventNotification")
async def security_event_notification(call: InboundCall) -> Answer:
    """Security extension, section 5.9."""
    told = operating_messages.security_event(call.fields)
    if told.kind is not None:
        at = translate.stamp(told.timestamp, call.received_at).at
        await call.services.security_events.reported(call.peer.id, kind=told.kind, tech_info=told.tech_info, at=at)
    return {}
