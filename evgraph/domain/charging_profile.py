"""How much a charge point may deliver, and when (OCPP 1.6 sections 3.13, 7.8 and 7.13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any

from evgraph.domain.refusals import ErrorCode, Refusal

WHOLE_CHARGE_POINT = 0
_MAX_INT32 = 2**31 - 1
_MAX_PERIODS = 1000
_DAY_S = 86_400
_TENTH = Decimal("0.1")
# Between two lines of a split-phase outlet; a limit of a few amperes is none of 2 % at any voltage.
_VOLTS = 240


class ChargingProfilePurpose(StrEnum):
    """ChargingProfilePurposeType (OCPP 1.6 section 7.11)."""

    CHARGE_POINT_MAX_PROFILE = "ChargePointMaxProfile"
    TX_DEFAULT_PROFILE = "TxDefaultProfile"
    TX_PROFILE = "TxProfile"


class ChargingProfileKind(StrEnum):
    """ChargingProfileKindType (OCPP 1.6 section 7.10)."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class RecurrencyKind(StrEnum):
    """RecurrencyKindType (OCPP 1.6 section 7.30)."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class ChargingRateUnit(StrEnum):
    """Amperes per phase, or watts over all phases (OCPP 1.6 section 7.12)."""

    A = "A"
    W = "W"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePeriod:
    """`limit` in the schedule's unit, from `start_s` seconds after its start until the next period."""

    start_s: int
    limit: Decimal
    phases: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSchedule:
    unit: ChargingRateUnit
    periods: tuple[SchedulePeriod, ...]
    duration_s: int | None = None
    starts_at: datetime | None = None
    min_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingProfile:
    """Of equal purpose, the one with the highest `stack_level` holds. `transaction_id`: of a TxProfile."""

    id: int
    stack_level: int
    purpose: ChargingProfilePurpose
    kind: ChargingProfileKind
    schedule: ChargingSchedule
    recurrency: RecurrencyKind | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldProfile:
    """A profile that a charge point accepted for a connector; 0 is the charge point with all of them."""

    charge_point_id: int
    connector_id: int
    profile: ChargingProfile
    set_by: str | None
    set_at: datetime


def refuse_impossible(profile: ChargingProfile, connector_id: int) -> None:
    """What no charge point may take (sections 3.13.1, 5.16.4). Raises Refusal INVALID with the field at fault."""
    _refuse_if(connector_id < 0, "A connector is counted from 1; 0 is the whole charge point.", "connectorId")
    match profile.purpose:
        case ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE:
            _refuse_if(
                connector_id != WHOLE_CHARGE_POINT,
                "A ChargePointMaxProfile is for the whole charge point: give connector 0.",
                "connectorId",
            )
        case ChargingProfilePurpose.TX_PROFILE:
            _refuse_if(profile.transaction_id is None, "A TxProfile is for a session that runs: name it.", "sessionId")
            _refuse_if(
                connector_id == WHOLE_CHARGE_POINT, "A TxProfile is for the connector of its session.", "connectorId"
            )
    _refuse_if(
        profile.purpose is not ChargingProfilePurpose.TX_PROFILE and profile.transaction_id is not None,
        "Only a TxProfile is for one session: leave the session out.",
        "sessionId",
    )
    _refuse_if(not 0 <= profile.stack_level <= _MAX_INT32, "A stack level is 0 or more.", "stackLevel")
    _refuse_if(not 0 < profile.id <= _MAX_INT32, "A profile's id is a positive number.", "profileId")
    _refuse_impossible_times(profile)
    _refuse_impossible_schedule(profile.schedule)


def as_sent(profile: ChargingProfile) -> dict[str, Any]:
    """A ChargingProfile as section 7.8 has it."""
    return _only_given(
        chargingProfileId=profile.id,
        transactionId=profile.transaction_id,
        stackLevel=profile.stack_level,
        chargingProfilePurpose=profile.purpose.value,
        chargingProfileKind=profile.kind.value,
        recurrencyKind=profile.recurrency.value if profile.recurrency else None,
        validFrom=_text(profile.valid_from),
        validTo=_text(profile.valid_to),
        chargingSchedule=_only_given(
            duration=profile.schedule.duration_s,
            startSchedule=_text(profile.schedule.starts_at),
            chargingRateUnit=profile.schedule.unit.value,
            chargingSchedulePeriod=[
                _only_given(startPeriod=period.start_s, limit=_number(period.limit), numberPhases=period.phases)
                for period in profile.schedule.periods
            ],
            minChargingRate=None if profile.schedule.min_rate is None else _number(profile.schedule.min_rate),
        ),
    )


def of_sent(sent: Mapping[str, Any]) -> ChargingProfile:
    """The profile that `as_sent` made this of."""
    schedule = sent["chargingSchedule"]
    recurrency = sent.get("recurrencyKind")
    return ChargingProfile(
        id=sent["chargingProfileId"],
        stack_level=sent["stackLevel"],
        purpose=ChargingProfilePurpose(sent["chargingProfilePurpose"]),
        kind=ChargingProfileKind(sent["chargingProfileKind"]),
        recurrency=RecurrencyKind(recurrency) if recurrency else None,
        valid_from=_instant(sent.get("validFrom")),
        valid_to=_instant(sent.get("validTo")),
        transaction_id=sent.get("transactionId"),
        schedule=ChargingSchedule(
            unit=ChargingRateUnit(schedule["chargingRateUnit"]),
            periods=tuple(
                SchedulePeriod(
                    start_s=period["startPeriod"],
                    limit=Decimal(str(period["limit"])),
                    phases=period.get("numberPhases"),
                )
                for period in schedule["chargingSchedulePeriod"]
            ),
            duration_s=schedule.get("duration"),
            starts_at=_instant(schedule.get("startSchedule")),
            min_rate=Decimal(str(schedule["minChargingRate"])) if "minChargingRate" in schedule else None,
        ),
    )


def replaces(new: ChargingProfile, new_connector: int, held: HeldProfile) -> bool:
    """Section 5.16.4: a profile takes the place of the one with its id, and of the one with its purpose and stack level
    on the same connector."""
    same_place = (held.connector_id, held.profile.purpose, held.profile.stack_level) == (
        new_connector,
        new.purpose,
        new.stack_level,
    )
    return held.profile.id == new.id or same_place


def is_cleared(
    held: HeldProfile,
    *,
    profile_id: int | None,
    connector_id: int | None,
    purpose: ChargingProfilePurpose | None,
    stack_level: int | None,
) -> bool:
    """Section 5.5: all that is given holds of it."""
    return (
        profile_id in (None, held.profile.id)
        and connector_id in (None, held.connector_id)
        and purpose in (None, held.profile.purpose)
        and stack_level in (None, held.profile.stack_level)
    )


def limit_w(
    held: Iterable[HeldProfile], *, connector_id: int, transaction_id: int, started_at: datetime, at: datetime
) -> Decimal | None:
    """What the profiles that a charge point accepted allow a session at that instant, in W; None if they set no limit
    (section 3.13.4). The lowest of the charge point's limit and the session's own; a TxProfile replaces the default.
    Amperes count for the phases that the period names, else for one. `started_at`: of the session."""
    mine = [one for one in held if one.connector_id in (WHOLE_CHARGE_POINT, connector_id)]
    of: dict[ChargingProfilePurpose, Decimal] = {}
    for one in sorted(mine, key=lambda held: (held.profile.stack_level, held.connector_id)):
        if one.profile.transaction_id in (None, transaction_id):
            limit = _limit_of(one.profile, started_at, at)
            if limit is not None:
                of[one.profile.purpose] = limit
    whole = of.get(ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE)
    default = of.get(ChargingProfilePurpose.TX_DEFAULT_PROFILE)
    own = of.get(ChargingProfilePurpose.TX_PROFILE, default)
    return min((limit for limit in (whole, own) if limit is not None), default=None)


def _limit_of(profile: ChargingProfile, started_at: datetime, at: datetime) -> Decimal | None:
    """Of this profile alone, in W; None while it is not in effect."""
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    schedule = profile.schedule
    begun_at = started_at if profile.kind is ChargingProfileKind.RELATIVE else schedule.starts_at
    if begun_at is None or at < begun_at:
        return None
    elapsed_s = (at - begun_at) // timedelta(seconds=1)
    if profile.recurrency is not None:
        elapsed_s %= _DAY_S if profile.recurrency is RecurrencyKind.DAILY else 7 * _DAY_S
    if schedule.duration_s is not None and elapsed_s >= schedule.duration_s:
        return None
    period = [one for one in schedule.periods if one.start_s <= elapsed_s][-1]
    return period.limit * (_VOLTS * (period.phases or 1) if schedule.unit is ChargingRateUnit.A else 1)


def _refuse_impossible_times(profile: ChargingProfile) -> None:
    is_recurring = profile.kind is ChargingProfileKind.RECURRING
    starts_at, duration = profile.schedule.starts_at, profile.schedule.duration_s
    _refuse_if(is_recurring and profile.recurrency is None, "A recurring profile recurs daily or weekly.", "recurrency")
    _refuse_if(
        not is_recurring and profile.recurrency is not None, "Only a RECURRING profile has a recurrency.", "recurrency"
    )
    _refuse_if(
        profile.kind is ChargingProfileKind.RELATIVE and starts_at is not None,
        "A RELATIVE schedule starts with charging: leave its start out.",
        "startsAt",
    )
    _refuse_if(
        profile.kind is not ChargingProfileKind.RELATIVE and starts_at is None,
        "Say when the schedule starts, or make the profile RELATIVE.",
        "startsAt",
    )
    _refuse_if(
        profile.valid_from is not None and profile.valid_to is not None and profile.valid_to <= profile.valid_from,
        "A profile's validity ends after it begins.",
        "validTo",
    )
    longest = {RecurrencyKind.DAILY: _DAY_S, RecurrencyKind.WEEKLY: 7 * _DAY_S}
    _refuse_if(
        profile.recurrency is not None and duration is not None and duration > longest[profile.recurrency],
        "A recurring schedule is no longer than the time in which it recurs.",
        "durationSeconds",
    )


def _refuse_impossible_schedule(schedule: ChargingSchedule) -> None:
    starts = [period.start_s for period in schedule.periods]
    _refuse_if(not 1 <= len(starts) <= _MAX_PERIODS, f"A schedule has 1 to {_MAX_PERIODS} periods.", "periods")
    _refuse_if(starts[0] != 0, "The first period starts at 0 seconds.", "periods")
    _refuse_if(
        any(later <= earlier for earlier, later in pairwise(starts)) or starts[-1] > _MAX_INT32,
        "Each period starts later than the one before.",
        "periods",
    )
    duration = schedule.duration_s
    _refuse_if(
        duration is not None and not starts[-1] < duration <= _MAX_INT32,
        "A schedule lasts longer than until its last period starts.",
        "durationSeconds",
    )
    for period in schedule.periods:
        _refuse_if(not _is_limit(period.limit), "A limit is 0 or more, with one decimal at most.", "periods")
        _refuse_if(period.phases not in (None, 1, 2, 3), "A period has 1 to 3 phases.", "periods")
    _refuse_if(
        schedule.min_rate is not None and not _is_limit(schedule.min_rate),
        "The least rate is 0 or more, with one decimal at most.",
        "minRate",
    )


def _is_limit(rate: Decimal) -> bool:
    return rate.is_finite() and 0 <= rate <= _MAX_INT32 and rate % _TENTH == 0


def _refuse_if(is_wrong: bool, message: str, field: str) -> None:
    if is_wrong:
        raise Refusal(ErrorCode.INVALID, message, ("input", field))


def _only_given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _number(rate: Decimal) -> int | float:
    """As JSON has it; a float of one decimal reads back as it was."""
    return int(rate) if rate == rate.to_integral_value() else float(rate)


def _text(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
