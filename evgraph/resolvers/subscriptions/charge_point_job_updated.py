from collections.abc import AsyncGenerator
from datetime import datetime

import strawberry

from evgraph.bus import Lagged
from evgraph.domain.events import ChargePointJobChanged
from evgraph.domain.jobs import ChargePointJob as ChargePointJobValue
from evgraph.domain.people import Right
from evgraph.models import ChargePointJobRow
from evgraph.models.database import reader
from evgraph.resolvers.context import Info, Operation
from evgraph.resolvers.permissions import may_see, signed_in
from evgraph.resolvers.subscriptions.watch import Watch
from evgraph.schema.charge_point_job import ChargePointJob
from evgraph.schema.errors import bad_user_input
from evgraph.schema.global_ids import key_of


async def charge_point_job_updated(
    info: Info,
    charge_point_id: strawberry.ID | None = strawberry.UNSET,
    garage_id: strawberry.ID | None = strawberry.UNSET,
) -> AsyncGenerator[ChargePointJob, None]:
    operation = info.context
    signed_in(operation.viewer)
    garage_key = key_of("Garage", garage_id) if garage_id else None
    if not charge_point_id:
        if not garage_id:
            raise bad_user_input("Provide chargePointId or garageId.")
        watch = Watch.over_garage(operation, Right.OPERATE, garage_key)
        return _updates(operation, watch, garage_key or 0, None)
    key = key_of("ChargePoint", charge_point_id or "")
    charge_point = await operation.loaders.charge_points.load(key) if key is not None else None
    if charge_point is None or not may_see(operation.viewer, Right.OPERATE, charge_point.garage_id):
        raise bad_user_input("There is no such charge point.")
    if garage_id and garage_key != charge_point.garage_id:
        raise bad_user_input("This charge point is not in this garage.")
    watch = Watch(operation, Right.OPERATE, charge_point.garage_id)
    return _updates(operation, watch, charge_point.garage_id, charge_point.id)


async def _updates(
    operation: Operation, watch: Watch, garage_id: int, charge_point_id: int | None
) -> AsyncGenerator[ChargePointJob, None]:
    """The jobs that are open now, then each change; a reader that lagged is told what changed since."""
    told: dict[int, ChargePointJobValue] = {}
    with operation.services.bus.subscribe(garage_id) as feed:
        latest = operation.now()
        for job in await _jobs(garage_id, charge_point_id, since=None):
            told[job.id] = job
            yield _fresh(operation, job)
        async for event in feed:
            if isinstance(event, Lagged):
                changed = await _jobs(garage_id, charge_point_id, since=latest)
            elif isinstance(event, ChargePointJobChanged) and charge_point_id in (None, event.job.charge_point_id):
                changed = [event.job]
            else:
                continue
            await watch.check()
            for job in changed:
                # What was read when we began, or after a lag, is told once.
                if told.get(job.id) == job or (job.id in told and job.updated_at < told[job.id].updated_at):
                    continue
                told[job.id] = job
                latest = max(latest, job.updated_at)
                yield _fresh(operation, job)
                if job.ended_at is not None:
                    del told[job.id]


async def _jobs(garage_id: int, charge_point_id: int | None, *, since: datetime | None) -> list[ChargePointJobValue]:
    """The open ones; or with `since` all that changed from then on."""
    rows = ChargePointJobRow.filter(charge_point__garage_id=garage_id).using_db(reader()).order_by("id")
    rows = rows.filter(ended_at__isnull=True) if since is None else rows.filter(updated_at__gte=since)
    if charge_point_id is not None:
        rows = rows.filter(charge_point_id=charge_point_id)
    return [row.value(garage_id) for row in await rows]


def _fresh(operation: Operation, job: ChargePointJobValue) -> ChargePointJob:
    operation.renew()
    return ChargePointJob(value=job)
