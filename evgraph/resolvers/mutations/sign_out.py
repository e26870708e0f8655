from evgraph.resolvers.context import Info
from evgraph.resolvers.cookies import clear_session
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.payloads import SignOutPayload


@answers_with(SignOutPayload, anyone=True)
async def sign_out(info: Info) -> SignOutPayload:
    operation = info.context
    if operation.token:
        await operation.services.people.sign_out(operation.token)
    operation.viewer = operation.token = None
    clear_session(operation.request, operation.response)
    return SignOutPayload()
