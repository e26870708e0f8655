from evgraph.resolvers.context import Info
from evgraph.resolvers.cookies import set_session
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.inputs import SignInInput
from evgraph.schema.payloads import SignInPayload
from evgraph.schema.viewer import Viewer


@answers_with(SignInPayload, anyone=True)
async def sign_in(info: Info, input: SignInInput) -> SignInPayload:  # noqa: A002
    operation = info.context
    remote = operation.request.client.host if operation.request.client else "unknown"
    signed_in = await operation.services.people.sign_in(input.email, input.password, remote=remote)
    # What follows in the same operation is asked by this viewer.
    operation.viewer, operation.token = signed_in.viewer, signed_in.token
    set_session(
        operation.request,
        operation.response,
        signed_in.token,
        expires_at=signed_in.expires_at,
        lifetime=signed_in.lifetime,
    )
    return SignInPayload(
        viewer=Viewer(value=signed_in.viewer), access_token=signed_in.token, expires_at=signed_in.expires_at
    )
