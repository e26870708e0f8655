from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from evgraph.domain.asks import CompositeSchedule, GetCompositeSchedule
from evgraph.domain.charging_profile import ChargingRateUnit, ChargingSchedule, SchedulePeriod
from evgraph.ocpp.calls.answers import integer, objects, status, text, unreadable
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.fields import number
from evgraph.ocpp.translate import instant

_LONGEST_STAMP = 50


@asks(GetCompositeSchedule)
def get_composite_schedule(ask: GetCompositeSchedule) -> Command[CompositeSchedule]:
    """OCPP 1.6 section 5.7."""
    payload = only_given(
        connectorId=ask.connector_id,
        duration=ask.duration_s,
        chargingRateUnit=ask.unit.value if ask.unit else None,
    )
    return Command("GetCompositeSchedule", payload, _read)


def _read(answer: Mapping[str, Any]) -> CompositeSchedule:
    schedules = objects(answer, "chargingSchedule")
    return CompositeSchedule(
        status=status(answer),
        connector_id=_integer(answer, "connectorId"),
        starts_at=instant(text(answer, "scheduleStart", _LONGEST_STAMP) or ""),
        schedule=_schedule(schedules[0]) if schedules else None,
    )


def _schedule(told: Mapping[str, Any]) -> ChargingSchedule:
    unit = (text(told, "chargingRateUnit", _LONGEST_STAMP) or "").upper()
    if unit not in list(ChargingRateUnit):
        raise unreadable(told.get("chargingRateUnit"))
    return ChargingSchedule(
        unit=ChargingRateUnit(unit),
        periods=tuple(_period(period) for period in objects(told, "chargingSchedulePeriod")),
        duration_s=_integer(told, "duration"),
        starts_at=instant(text(told, "startSchedule", _LONGEST_STAMP) or ""),
        min_rate=number(told.get("minChargingRate")),
    )


def _period(told: Mapping[str, Any]) -> SchedulePeriod:
    return SchedulePeriod(
        start_s=integer(told, "startPeriod"), limit=_rate(told), phases=_integer(told, "numberPhases")
    )


def _rate(told: Mapping[str, Any]) -> Decimal:
    limit = number(told.get("limit"))
    if limit is None:
        raise unreadable(told.get("limit"))
    return limit


def _integer(told: Mapping[str, Any], name: str) -> int | None:
    """Null where it is not told."""
    return integer(told, name) if told.get(name) is not None else None
