"""A session's energy counted anew from its stored samples, and the samples that a StopTransaction brings."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from evgraph.domain import session_clock, session_metering, stopping
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.energy import Reading, has_inlet, instants, merged_reading, with_inlet
from evgraph.domain.session_clock import corrected_stamp, put_right
from evgraph.domain.supply import Supply
from evgraph.models import MeterSampleRow, PortRow
from evgraph.models.bulk import Save
from evgraph.models.meter_samples import COMPLETE, detail_of, samples_at, samples_of
from evgraph.models.plain import execute
from evgraph.services.books import Change

# So many parameters a statement.
_AT_ONCE = 500
_RECEIVED_AT = itemgetter(4)


async def recounted(
    session: ChargingSession,
    supply: Supply | None,
    *,
    until: datetime | None = None,
    also: Iterable[Reading] = (),
    heard_at: datetime | None = None,
) -> ChargingSession:
    """M1, X2: the running session as its samples up to and including `until`, and `also`, leave it when counted anew
    from its start. `also`: readings that are not stored yet, such as those of a StopTransaction; `heard_at`: when that
    arrived (B7). Nothing is saved. Within the transaction that is open."""
    stored = [sample.reading() for sample in await samples_of(session.id)]
    told = put_right([*stored, *await usable(session.charge_point_id, also)], heard_at)
    return session_metering.recounted(session, told, supply=supply, until=until)


async def settled(
    session: ChargingSession,
    supply: Supply | None,
    *,
    until: datetime | None = None,
    heard_at: datetime | None = None,
) -> ChargingSession:
    """X2: the running session that is about to end by our word, counted anew where its energy may depend on what came
    first. `heard_at`: when the message arrived that ends it, if one does (B7). Nothing is saved. Within the transaction
    that is open."""
    newest = session.last_meter_at
    is_told_later = until is not None and newest is not None and newest > until
    if not is_told_later and not stopping.depends_on_order(session, has_unmoved=await has_unmoved(session.id)):
        return session
    return await recounted(session, supply, until=until, heard_at=heard_at)


async def has_unmoved(session_id: int) -> bool:
    """M4: a reading of the session came after a newer one, and moved nothing. Asked while the session runs: what its
    stop brings moves nothing either. Within the transaction that is open."""
    return await MeterSampleRow.filter(session_id=session_id, energy_wh__isnull=True).exists()


async def before_instant(session: ChargingSession, at: datetime, supply: Supply | None) -> ChargingSession:
    """M4: the running session as it was before that instant."""
    earlier = [sample.reading() for sample in await samples_of(session.id) if sample.at != at]
    return session_metering.recounted(session, [one for one in put_right(earlier) if one.at < at], supply=supply)


async def as_first_told(session: ChargingSession, readings: Sequence[Reading]) -> Sequence[Reading]:
    """M4, B7: the readings; where the charger's clock is wrong, those that are stored already are of the time that they
    were stored with. Within the transaction that is open."""
    stamps = {one.reported_at for one in readings if one.reported_at is not None}
    if session.clock_error_us is None or not stamps:
        return readings
    corrected = {corrected_stamp(session, stamp) for stamp in stamps}
    instants_of = sorted(stamps | {at for at in corrected if at is not None})
    told: list[Reading] = []
    for first in range(0, len(instants_of), _AT_ONCE):
        told += [one.reading() for one in await samples_at(session.id, instants_of[first : first + _AT_ONCE])]
    return session_clock.as_first_told(readings, told)


async def store(
    change: Change | None, session: ChargingSession, readings: Iterable[Reading], received_at: datetime | None = None
) -> None:
    """M4: stores readings as samples of the session, each instant once; one that is stored already is completed. Those
    of transactionData move no energy by themselves: see `recounted`. Without `received_at` they arrived now, by the
    change's clock. Within the transaction that is open."""
    given = instants([*await usable(session.charge_point_id, readings)])
    for first in range(0, len(given), _AT_ONCE):
        some = given[first : first + _AT_ONCE]
        held = {sample.at: sample for sample in await samples_at(session.id, [one.at for one in some])}
        rows: list[tuple[Any, ...]] = []
        for one in some:
            sample = held.get(one.at)
            before = sample.reading() if sample is not None else None
            whole = merged_reading(before, one) if before is not None else one
            if sample is not None and whole == before:
                continue
            rows.append(
                (
                    session.charge_point_id,
                    session.connector_id,
                    session.id,
                    one.at,
                    _received_at(change, one, received_at),
                    whole.register_wh,
                    whole.power_w,
                    sample.energy_wh if sample is not None else None,
                    detail_of(whole),
                )
            )
        # Their ids tell in which order they arrived (`samples_of`).
        rows.sort(key=_RECEIVED_AT)
        await execute(Save(COMPLETE, rows))


async def usable(charge_point_id: int, readings: Iterable[Reading]) -> Sequence[Reading]:
    """M1: the readings; at a charge point with one connector its inlet's meter counts. Within the transaction that is
    open, if any."""
    readings = tuple(readings)
    if not any(map(has_inlet, readings)) or not await has_one_connector(charge_point_id):
        return readings
    return [with_inlet(one) if has_inlet(one) else one for one in readings]


async def has_one_connector(charge_point_id: int) -> bool:
    """By its registration and its StatusNotifications (B4)."""
    return await PortRow.filter(charge_point_id=charge_point_id, is_reported=True).count() <= 1


def _received_at(change: Change | None, reading: Reading, received_at: datetime | None) -> datetime:
    return received_at or reading.received_at or (change.now if change is not None else reading.at)
