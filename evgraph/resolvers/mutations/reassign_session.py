from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.assigning import ReassignSessionInput, ReassignSessionPayload
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.global_ids import required_key


@answers_with(ReassignSessionPayload)
async def reassign_session(info: Info, input: ReassignSessionInput) -> ReassignSessionPayload:  # noqa: A002
    session = await info.context.services.assigning.reassign(
        signed_in(info.context.viewer),
        required_key("ChargingSession", input.session_id, "input", "sessionId"),
        required_key("Stay", input.stay_id, "input", "stayId"),
        swap=bool(input.swap),
    )
    return ReassignSessionPayload(session=ChargingSession(value=session))
