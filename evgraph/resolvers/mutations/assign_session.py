from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.assigning import AssignSessionInput, AssignSessionPayload
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.global_ids import required_key


@answers_with(AssignSessionPayload)
async def assign_session(info: Info, input: AssignSessionInput) -> AssignSessionPayload:  # noqa: A002
    session = await info.context.services.assigning.assign(
        signed_in(info.context.viewer),
        required_key("ChargingSession", input.session_id, "input", "sessionId"),
        required_key("Stay", input.stay_id, "input", "stayId"),
    )
    return AssignSessionPayload(session=ChargingSession(value=session))
