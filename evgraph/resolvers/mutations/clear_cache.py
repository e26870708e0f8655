from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.commands import ClearCacheInput, ClearCachePayload
from evgraph.schema.global_ids import required_key


@answers_with(ClearCachePayload)
async def clear_cache(info: Info, input: ClearCacheInput) -> ClearCachePayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    cleared = await info.context.services.commands.clear_cache(signed_in(info.context.viewer), key)
    return ClearCachePayload(charge_point=ChargePoint(value=cleared))
