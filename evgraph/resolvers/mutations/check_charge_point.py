from evgraph.domain.checkup import worst
from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.checkup import CheckChargePointInput, CheckChargePointPayload, CheckupReport, Finding
from evgraph.schema.context import existing
from evgraph.schema.global_ids import required_key


@answers_with(CheckChargePointPayload)
async def check_charge_point(info: Info, input: CheckChargePointInput) -> CheckChargePointPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    found = await info.context.services.checkup.check(signed_in(info.context.viewer), key)
    info.context.renew()
    return CheckChargePointPayload(
        charge_point=ChargePoint(value=existing(await info.context.loaders.charge_points.load(key))),
        report=CheckupReport(
            verdict=worst(found),
            findings=[Finding(topic=one.topic, verdict=one.verdict, text=one.text, advice=one.advice) for one in found],
        ),
    )
