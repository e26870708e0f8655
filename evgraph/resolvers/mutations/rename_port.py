from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import required_key
from evgraph.schema.inputs import RenamePortInput
from evgraph.schema.payloads import RenamePortPayload
from evgraph.schema.port import Port


@answers_with(RenamePortPayload)
async def rename_port(info: Info, input: RenamePortInput) -> RenamePortPayload:  # noqa: A002
    key = required_key("Port", input.port_id, "input", "portId")
    port = await info.context.services.ports.rename(signed_in(info.context.viewer), key, given(input.name))
    return RenamePortPayload(port=Port(value=port))
