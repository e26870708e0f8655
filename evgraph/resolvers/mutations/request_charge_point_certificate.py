from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.global_ids import required_key
from evgraph.schema.security_inputs import RequestChargePointCertificateInput, RequestChargePointCertificatePayload


@answers_with(RequestChargePointCertificatePayload)
async def request_charge_point_certificate(
    info: Info,
    input: RequestChargePointCertificateInput,  # noqa: A002
) -> RequestChargePointCertificatePayload:
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    charge_point = await info.context.services.certificates.request_new(viewer, key)
    return RequestChargePointCertificatePayload(charge_point=ChargePoint(value=charge_point))
