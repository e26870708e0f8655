from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import required_key
from evgraph.schema.security import InstalledCertificate
from evgraph.schema.security_inputs import GetInstalledCertificateIdsInput, GetInstalledCertificateIdsPayload


@answers_with(GetInstalledCertificateIdsPayload)
async def get_installed_certificate_ids(
    info: Info,
    input: GetInstalledCertificateIdsInput,  # noqa: A002
) -> GetInstalledCertificateIdsPayload:
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    found = await info.context.services.certificates.installed(viewer, key, input.use)
    return GetInstalledCertificateIdsPayload(certificates=[InstalledCertificate(value=value) for value in found])
