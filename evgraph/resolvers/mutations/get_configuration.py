from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.configuration import ConfigurationKey
from evgraph.schema.context import existing
from evgraph.schema.global_ids import required_key
from evgraph.schema.setting_up import GetConfigurationInput, GetConfigurationPayload


@answers_with(GetConfigurationPayload)
async def get_configuration(info: Info, input: GetConfigurationInput) -> GetConfigurationPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    viewer = signed_in(info.context.viewer)
    told = await info.context.services.configurations.get(viewer, key, given(input.keys) or ())
    info.context.renew()
    return GetConfigurationPayload(
        charge_point=ChargePoint(value=existing(await info.context.loaders.charge_points.load(key))),
        configuration=[ConfigurationKey(setting=setting) for setting in told],
    )
