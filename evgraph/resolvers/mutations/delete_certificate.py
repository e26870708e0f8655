from evgraph.domain.asks import CertificateHash
from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.security_inputs import DeleteCertificateInput, DeleteCertificatePayload


@answers_with(DeleteCertificatePayload)
async def delete_certificate(info: Info, input: DeleteCertificateInput) -> DeleteCertificatePayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    certificate = CertificateHash(
        algorithm=input.certificate.algorithm,
        issuer_name_hash=input.certificate.issuer_name_hash,
        issuer_key_hash=input.certificate.issuer_key_hash,
        serial_number=input.certificate.serial_number,
    )
    charge_point = await info.context.services.certificates.delete(viewer, key, certificate)
    return DeleteCertificatePayload(charge_point=ChargePoint(value=charge_point))
