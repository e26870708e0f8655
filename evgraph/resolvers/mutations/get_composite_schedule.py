from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charging_profile import CompositeSchedule, GetCompositeScheduleInput, GetCompositeSchedulePayload
from evgraph.schema.global_ids import required_key


@answers_with(GetCompositeSchedulePayload)
async def get_composite_schedule(
    info: Info,
    input: GetCompositeScheduleInput,  # noqa: A002
) -> GetCompositeSchedulePayload:
    told = await info.context.services.charging_profiles.composite(
        signed_in(info.context.viewer),
        required_key("ChargePoint", input.charge_point_id, "input", "chargePointId"),
        connector_id=input.connector_id,
        duration_s=input.duration_seconds,
        unit=given(input.unit),
    )
    schedule = CompositeSchedule.of(told, told.schedule, input.connector_id) if told.schedule else None
    return GetCompositeSchedulePayload(schedule=schedule)
