from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.security_inputs import InstallCertificateInput, InstallCertificatePayload


@answers_with(InstallCertificatePayload)
async def install_certificate(info: Info, input: InstallCertificateInput) -> InstallCertificatePayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    charge_point = await info.context.services.certificates.install(viewer, key, input.use, given(input.certificate))
    return InstallCertificatePayload(charge_point=ChargePoint(value=charge_point))
