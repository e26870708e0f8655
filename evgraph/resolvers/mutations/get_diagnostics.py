from evgraph.resolvers.context import Info
from evgraph.resolvers.mutations.given import given
from evgraph.resolvers.permissions import signed_in
from evgraph.resolvers.refusals import answers_with
from evgraph.schema.charge_point_job import ChargePointJob, GetDiagnosticsInput, GetDiagnosticsPayload
from evgraph.schema.global_ids import required_key
from evgraph.services.jobs import Upload


@answers_with(GetDiagnosticsPayload)
async def get_diagnostics(info: Info, input: GetDiagnosticsInput) -> GetDiagnosticsPayload:  # noqa: A002
    key = required_key("ChargePoint", input.charge_point_id, "input", "chargePointId")
    upload = Upload(
        location=input.location,
        since=given(input.since),
        until=given(input.until),
        retries=given(input.retries),
        retry_interval_s=given(input.retry_interval_seconds),
    )
    job = await info.context.services.jobs.get_diagnostics(signed_in(info.context.viewer), key, upload)
    return GetDiagnosticsPayload(job=ChargePointJob(value=job))
