"""Limits that charge points were given, in the words of OCPP 1.6 section 3.13."""

from datetime import datetime
from decimal import Decimal

import strawberry

from evgraph.domain.asks import CompositeSchedule as CompositeScheduleValue
from evgraph.domain.charging_profile import ChargingSchedule, HeldProfile
from evgraph.schema import charging_session
from evgraph.schema.context import Info
from evgraph.schema.enums import ChargingProfileKind, ChargingProfilePurpose, ChargingRateUnit, RecurrencyKind
from evgraph.schema.errors import UserError
from evgraph.schema.node import from_value, resolved
from evgraph.schema.references import ChargePointRef, ChargingSessionRef

UNSET = strawberry.UNSET


@strawberry.type(description="A limit from its start until the next period, or until the schedule ends.")
class ChargingSchedulePeriod:
    start_seconds: int = strawberry.field(description="After the start of the schedule.")
    limit: Decimal = strawberry.field(description="In the unit of the schedule.")
    phases: int | None = strawberry.field(description="Null stands for 3.")


@strawberry.type(description="A profile that a charge point accepted, and holds for all we know.")
class ChargingProfile:
    value: strawberry.Private[HeldProfile]

    connector_id: int = from_value("0: the whole charge point.")
    set_by: str | None = from_value()
    set_at: datetime = from_value()

    @resolved("chargingProfileId: unique for its charge point.")
    def profile_id(self) -> int:
        return self.value.profile.id

    @resolved("Of equal purpose, the profile with the highest level holds.")
    def stack_level(self) -> int:
        return self.value.profile.stack_level

    @strawberry.field
    def purpose(self) -> ChargingProfilePurpose:
        return self.value.profile.purpose

    @strawberry.field
    def kind(self) -> ChargingProfileKind:
        return self.value.profile.kind

    @strawberry.field
    def recurrency(self) -> RecurrencyKind | None:
        return self.value.profile.recurrency

    @strawberry.field
    def valid_from(self) -> datetime | None:
        return self.value.profile.valid_from

    @strawberry.field
    def valid_to(self) -> datetime | None:
        return self.value.profile.valid_to

    @strawberry.field
    def unit(self) -> ChargingRateUnit:
        return self.value.profile.schedule.unit

    @resolved("Null: until the session ends.")
    def duration_seconds(self) -> int | None:
        return self.value.profile.schedule.duration_s

    @resolved("Null: when charging begins.")
    def starts_at(self) -> datetime | None:
        return self.value.profile.schedule.starts_at

    @strawberry.field
    def min_rate(self) -> Decimal | None:
        return self.value.profile.schedule.min_rate

    @strawberry.field
    def periods(self) -> list[ChargingSchedulePeriod]:
        return _periods(self.value.profile.schedule)

    @resolved("Of a TX_PROFILE.")
    async def session(self, info: Info) -> ChargingSessionRef | None:
        key = self.value.profile.transaction_id
        found = await info.context.loaders.sessions.load(key) if key is not None else None
        return charging_session.ChargingSession(value=found) if found else None


@strawberry.type(description="What all profiles of a connector come to, by the charge point's own reckoning.")
class CompositeSchedule:
    connector_id: int
    starts_at: datetime | None
    unit: ChargingRateUnit
    duration_seconds: int | None
    min_rate: Decimal | None
    periods: list[ChargingSchedulePeriod]

    @classmethod
    def of(cls, told: CompositeScheduleValue, schedule: ChargingSchedule, connector_id: int) -> "CompositeSchedule":
        """`connector_id`: that was asked for, where none was told."""
        return cls(
            connector_id=connector_id if told.connector_id is None else told.connector_id,
            starts_at=told.starts_at or schedule.starts_at,
            unit=schedule.unit,
            duration_seconds=schedule.duration_s,
            min_rate=schedule.min_rate,
            periods=_periods(schedule),
        )


@strawberry.input
class ChargingSchedulePeriodInput:
    start_seconds: int = strawberry.field(description="After the start of the schedule; 0 for the first period.")
    limit: Decimal = strawberry.field(description="In the unit of the schedule, with one decimal at most.")
    phases: int | None = UNSET


@strawberry.input
class SetChargingProfileInput:
    charge_point_id: strawberry.ID
    connector_id: int | None = strawberry.field(
        default=UNSET, description="0, and left out: the whole charge point; for a TX_PROFILE that of its session."
    )
    profile_id: int | None = strawberry.field(default=UNSET, description="Left out: the next that is free.")
    session_id: strawberry.ID | None = strawberry.field(default=UNSET, description="For a TX_PROFILE, and it alone.")
    stack_level: int | None = 0
    purpose: ChargingProfilePurpose
    kind: ChargingProfileKind
    recurrency: RecurrencyKind | None = strawberry.field(default=UNSET, description="For RECURRING, and it alone.")
    valid_from: datetime | None = UNSET
    valid_to: datetime | None = UNSET
    unit: ChargingRateUnit
    periods: list[ChargingSchedulePeriodInput]
    duration_seconds: int | None = UNSET
    starts_at: datetime | None = strawberry.field(
        default=UNSET, description="Of the schedule; left out: when it becomes valid, or now. Not for RELATIVE."
    )
    min_rate: Decimal | None = UNSET


@strawberry.type
class SetChargingProfilePayload:
    profile: ChargingProfile | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input(description="What is given must all hold of a profile that is cleared; nothing clears them all.")
class ClearChargingProfileInput:
    charge_point_id: strawberry.ID
    profile_id: int | None = UNSET
    connector_id: int | None = UNSET
    purpose: ChargingProfilePurpose | None = UNSET
    stack_level: int | None = UNSET


@strawberry.type
class ClearChargingProfilePayload:
    charge_point: ChargePointRef | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class GetCompositeScheduleInput:
    charge_point_id: strawberry.ID
    connector_id: int = strawberry.field(description="0: the whole charge point.")
    duration_seconds: int
    unit: ChargingRateUnit | None = UNSET


@strawberry.type
class GetCompositeSchedulePayload:
    schedule: CompositeSchedule | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


def _periods(schedule: ChargingSchedule) -> list[ChargingSchedulePeriod]:
    return [
        ChargingSchedulePeriod(start_seconds=period.start_s, limit=period.limit, phases=period.phases)
        for period in schedule.periods
    ]
