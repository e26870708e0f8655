from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import CompositeSchedule, GetCompositeSchedule
from evgraph.ocpp.calls.answers import integer, objects, status, text
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.translate import instant

_LONGEST_STAMP = 50


@asks(GetCompositeSchedule)
def get_composite_schedule(ask: GetCompositeSchedule) -> Command[CompositeSchedule]:
    """OCPP 1.6 section 5.7."""
    payload = only_given(connectorId=ask.connector_id, duration=ask.duration_s, chargingRateUnit=ask.unit)
    return Command("GetCompositeSchedule", payload, _read)


def _read(answer: Mapping[str, Any]) -> CompositeSchedule:
    told = text(answer, "scheduleStart", _LONGEST_STAMP)
    schedules = objects(answer, "chargingSchedule")
    return CompositeSchedule(
        status=status(answer),
        connector_id=integer(answer, "connectorId") if answer.get("connectorId") is not None else None,
        starts_at=instant(told) if told else None,
        schedule=schedules[0] if schedules else None,
    )
