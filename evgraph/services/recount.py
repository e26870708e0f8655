from dataclasses import replace

from evgraph.domain.charging_session import SessionFlag, SessionStatus
from evgraph.domain.energy import Reading
from evgraph.domain.session_metering import readings_taken
from evgraph.models import MeterSampleRow


async def recounted(session, supply, *, until=None, also=()):
    q = MeterSampleRow.filter(session_id=session.id)
    rows = await (q if until is None else q.filter(at__lte=until))
    base = replace(
        session,
        status=SessionStatus.CHARGING,
        ended_at=None,
        stop_reason=None,
        carried_wh=0,
        energy_wh=0,
        base_register_wh=session.meter_start_wh,
        last_meter_at=None,
        register_at=session.started_at,
        leapt_at=None,
        leapt_to_wh=None,
        flags=session.flags
        - {SessionFlag.METER_RESET, SessionFlag.METER_LEAP, SessionFlag.ESTIMATED, SessionFlag.SUPERSEDED},
    )
    rs = [Reading(at=r.at, register_wh=r.register_wh, power_w=r.power_w) for r in rows]
    return readings_taken(base, [*rs, *also], supply=supply)


async def store(session, readings, received_at):
    for one in readings:
        if not await MeterSampleRow.exists(session_id=session.id, at=one.at):
            await MeterSampleRow.create(
                session_id=session.id,
                charge_point_id=session.charge_point_id,
                connector_id=session.connector_id,
                at=one.at,
                received_at=received_at,
                register_wh=one.register_wh,
                power_w=one.power_w,
            )
