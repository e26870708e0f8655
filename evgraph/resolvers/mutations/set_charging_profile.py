from evgraph.domain.charging_profile import ChargingSchedule, SchedulePeriod
from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charging_profile import ChargingProfile, SetChargingProfileInput, SetChargingProfilePayload
from evgraph.schema.global_ids import optional_key, required_key
from evgraph.services.charging_profiles import GiveProfile


@answers_with(SetChargingProfilePayload)
async def set_charging_profile(info: Info, input: SetChargingProfileInput) -> SetChargingProfilePayload:  # noqa: A002
    command = GiveProfile(
        charge_point_id=required_key("ChargePoint", input.charge_point_id, "input", "chargePointId"),
        connector_id=given(input.connector_id),
        profile_id=given(input.profile_id),
        session_id=optional_key("ChargingSession", given(input.session_id), "input", "sessionId"),
        stack_level=input.stack_level or 0,
        purpose=input.purpose,
        kind=input.kind,
        recurrency=given(input.recurrency),
        valid_from=given(input.valid_from),
        valid_to=given(input.valid_to),
        schedule=ChargingSchedule(
            unit=input.unit,
            periods=tuple(
                SchedulePeriod(start_s=period.start_seconds, limit=period.limit, phases=given(period.phases))
                for period in input.periods
            ),
            duration_s=given(input.duration_seconds),
            starts_at=given(input.starts_at),
            min_rate=given(input.min_rate),
        ),
    )
    held = await info.context.services.charging_profiles.give(signed_in(info.context.viewer), command)
    return SetChargingProfilePayload(profile=ChargingProfile(value=held))
