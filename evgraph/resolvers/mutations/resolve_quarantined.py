from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import optional_key, required_key
from evgraph.schema.quarantined_message import (
    QuarantinedMessage,
    ResolveQuarantinedInput,
    ResolveQuarantinedPayload,
)


@answers_with(ResolveQuarantinedPayload)
async def resolve_quarantined(info: Info, input: ResolveQuarantinedInput) -> ResolveQuarantinedPayload:  # noqa: A002
    message = await info.context.services.quarantine.resolve(
        signed_in(info.context.viewer),
        required_key("QuarantinedMessage", input.id, "input", "id"),
        input.resolution,
        session_id=optional_key("ChargingSession", given(input.session_id), "input", "sessionId"),
    )
    return ResolveQuarantinedPayload(quarantined_message=QuarantinedMessage(value=message))
