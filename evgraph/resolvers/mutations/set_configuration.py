from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.configuration import ConfigurationKey
from evgraph.schema.context import existing
from evgraph.schema.global_ids import required_key
from evgraph.schema.setting_up import SetConfigurationInput, SetConfigurationPayload


@answers_with(SetConfigurationPayload)
async def set_configuration(info: Info, input: SetConfigurationInput) -> SetConfigurationPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    changed = await info.context.services.configurations.set(
        signed_in(info.context.viewer), key, input.key, input.value, is_kept=input.is_kept
    )
    info.context.renew()
    return SetConfigurationPayload(
        charge_point=ChargePoint(value=existing(await info.context.loaders.charge_points.load(key))),
        status=changed.status,
        configuration_key=ConfigurationKey(setting=changed.setting),
    )
