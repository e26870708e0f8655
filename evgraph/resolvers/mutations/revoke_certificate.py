from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.global_ids import required_key
from evgraph.schema.security import ChargePointCertificate
from evgraph.schema.security_inputs import RevokeCertificateInput, RevokeCertificatePayload


@answers_with(RevokeCertificatePayload)
async def revoke_certificate(info: Info, input: RevokeCertificateInput) -> RevokeCertificatePayload:  # noqa: A002
    key = required_key("ChargePointCertificate", input.certificate_id, "input", "certificateId")
    revoked = await info.context.services.certificates.revoke(signed_in(info.context.viewer), key)
    return RevokeCertificatePayload(certificate=ChargePointCertificate(value=revoked))
