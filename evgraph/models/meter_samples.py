"""Meter samples as readings, and back: what the columns cannot say of a reading is in `detail`, as JSON (M1, M4)."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from evgraph.domain.energy import Reading, SampledValue, reading_of
from evgraph.models.bulk import complete, insert
from evgraph.models.charging import MeterSampleRow
from evgraph.models.plain import select_values

_COLUMNS = (
    "charge_point_id",
    "connector_id",
    "session_id",
    "at",
    "received_at",
    "register_wh",
    "power_w",
    "energy_wh",
)
# M4: a reading that is sent again is stored once.
INSERT = insert(MeterSampleRow, *_COLUMNS)
INSERT_DETAILED = insert(MeterSampleRow, *_COLUMNS, "detail")
# M4: a message of the same instant completes it.
COMPLETE = complete(
    MeterSampleRow,
    *_COLUMNS,
    "detail",
    key=("session_id", "at"),
    changed=("register_wh", "power_w", "energy_wh", "detail"),
)
_OF_SESSION = "session_id = ? ORDER BY id"
_REGISTER_BEFORE = "session_id = ? AND at < ? AND register_wh IS NOT NULL ORDER BY at DESC LIMIT 1"
_REGISTER_AFTER = "session_id = ? AND at > ? AND register_wh IS NOT NULL ORDER BY at LIMIT 1"
_OF_NONE = "session_id IS NULL AND at >= ? AND at < ? AND charge_point_id = ? AND connector_id = ? ORDER BY at, id"
_AT = "session_id = ? AND at IN (?)"


@dataclass(frozen=True, slots=True)
class StoredSample:
    """A row of meter_sample that belongs to a session. `energy_wh` is None if the reading moved nothing (M4)."""

    at: datetime
    received_at: datetime
    register_wh: int | None
    power_w: int | None
    energy_wh: int | None
    detail: str | None

    def reading(self) -> Reading:
        """The reading that it was."""
        detail: dict[str, Any] = json.loads(self.detail) if self.detail is not None else {}
        is_replaced = detail.get("clock_replaced", False)
        reported = detail.get("reported_at")
        reported_at = datetime.fromisoformat(reported) if reported else None if is_replaced else self.at
        counts_inlet = detail.get("counts_inlet", False)
        samples = detail.get("samples")
        if samples is not None:
            return reading_of(
                self.at,
                map(_sample_of, samples),
                clock_replaced=is_replaced,
                received_at=self.received_at,
                reported_at=reported_at,
                counts_inlet=counts_inlet,
            )
        return Reading(
            at=self.at,
            register_wh=self.register_wh,
            interval_wh=detail.get("interval_wh"),
            power_w=self.power_w,
            begin_wh=detail.get("begin_wh"),
            clock_replaced=is_replaced,
            received_at=self.received_at,
            reported_at=reported_at,
            step_wh=detail.get("step_wh", 1),
            counts_inlet=counts_inlet,
        )


def detail_of(reading: Reading) -> str | None:
    """What the columns cannot say of it; None in the plain common case."""
    if (
        reading.step_wh == 1
        and not reading.samples
        and reading.reported_at is reading.at
        and reading.interval_wh is None
        and reading.begin_wh is None
    ):
        return None
    return _detail_of(reading)


async def samples_of(session_id: int) -> list[StoredSample]:
    """In the order of their arrival; within the transaction that is open."""
    return await select_values(MeterSampleRow, StoredSample, _OF_SESSION, session_id)


async def samples_of_none(
    charge_point_id: int, connector_id: int, since: datetime, until: datetime
) -> list[StoredSample]:
    """M3: those of the connector that were of no session, from `since` until before `until`, in the order of time;
    within the transaction that is open."""
    return await select_values(MeterSampleRow, StoredSample, _OF_NONE, since, until, charge_point_id, connector_id)


async def forget_samples_of_none(charge_point_id: int, connector_id: int, since: datetime, until: datetime) -> None:
    """They are of a session by now. Within the transaction that is open."""
    of_none = MeterSampleRow.filter(session_id__isnull=True, at__gte=since, at__lt=until)
    await of_none.filter(charge_point_id=charge_point_id, connector_id=connector_id).delete()


async def samples_at(session_id: int, instants: list[datetime]) -> list[StoredSample]:
    """Those of these instants; within the transaction that is open."""
    return await select_values(MeterSampleRow, StoredSample, _AT, session_id, instants)


async def registers_around(session_id: int, at: datetime) -> tuple[int | None, int | None]:
    """The registers in Wh that were read just before and just after that instant; None where there is none. Within the
    transaction that is open."""
    before = await select_values(MeterSampleRow, StoredSample, _REGISTER_BEFORE, session_id, at)
    after = await select_values(MeterSampleRow, StoredSample, _REGISTER_AFTER, session_id, at)
    return before[0].register_wh if before else None, after[0].register_wh if after else None


def _detail_of(reading: Reading) -> str | None:
    detail: dict[str, Any] = {}
    if reading.samples:
        detail["samples"] = [_columns_of(sample) for sample in reading.samples]
    else:
        if reading.interval_wh is not None:
            detail["interval_wh"] = reading.interval_wh
        if reading.begin_wh is not None:
            detail["begin_wh"] = reading.begin_wh
        if reading.step_wh != 1:
            detail["step_wh"] = reading.step_wh
    if reading.counts_inlet:
        detail["counts_inlet"] = True
    if reading.clock_replaced:
        detail["clock_replaced"] = True
    if reading.reported_at is not None and reading.reported_at != reading.at:
        detail["reported_at"] = reading.reported_at.isoformat()
    if not detail:
        return None
    return _step_alone(reading.step_wh) if detail.keys() == {"step_wh"} else json.dumps(detail)


@lru_cache(maxsize=16)
def _step_alone(step_wh: int) -> str:
    return json.dumps({"step_wh": step_wh})


def _columns_of(sample: SampledValue) -> list[str | None]:
    return [str(sample.value), sample.measurand, sample.unit, sample.phase, sample.location, sample.context]


def _sample_of(columns: list[Any]) -> SampledValue:
    value, measurand, unit, phase, location, context = columns
    return SampledValue(
        value=Decimal(value), measurand=measurand, unit=unit, phase=phase, location=location, context=context
    )
