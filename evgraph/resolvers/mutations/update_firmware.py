from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point_job import ChargePointJob, UpdateFirmwareInput, UpdateFirmwarePayload
from evgraph.schema.global_ids import required_key
from evgraph.services.jobs import Firmware


@answers_with(UpdateFirmwarePayload)
async def update_firmware(info: Info, input: UpdateFirmwareInput) -> UpdateFirmwarePayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    firmware = Firmware(
        location=input.location,
        retrieve_at=given(input.retrieve_at),
        retries=given(input.retries),
        retry_interval_s=given(input.retry_interval_seconds),
    )
    job = await info.context.services.jobs.update_firmware(signed_in(info.context.viewer), key, firmware)
    return UpdateFirmwarePayload(job=ChargePointJob(value=job))
