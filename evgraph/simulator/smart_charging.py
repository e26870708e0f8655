"""Charging profiles, and the power that they leave to a connector (OCPP 1.6 chapter 3.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from evgraph.simulator.car import PORT_POWER_W
from evgraph.simulator.configuration import Configuration
from evgraph.simulator.connector import Connector, Station
from evgraph.simulator.library import call_result, enums
from evgraph.simulator.promises import Answer, Promises
from evgraph.simulator.simulated_time import SimulatedTime, instant, stamp
from evgraph.simulator.transaction import Transaction

VOLTAGE = 240
PURPOSES = enums.ChargingProfilePurposeType
RECURS_AFTER = {"Daily": timedelta(days=1), "Weekly": timedelta(days=7)}


@dataclass(frozen=True)
class Period:
    """From so many seconds after the schedule's start, at most so many watts."""

    starts_after_s: int
    limit_w: float


@dataclass(frozen=True)
class Profile:
    """A ChargingProfile on a connector, or with 0 on the charge point. An AX48 has one phase, so the numbers of
    phases mean nothing to it."""

    number: int
    connector_id: int
    stack_level: int
    purpose: str
    kind: str
    periods: tuple[Period, ...]
    starts_at: datetime | None = None
    duration_s: int | None = None
    recurrency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: int | None = None

    @classmethod
    def of(cls, connector_id: int, given: dict[str, Any]) -> Profile:
        schedule = given["charging_schedule"]
        watts = 1 if schedule["charging_rate_unit"] == enums.ChargingRateUnitType.watts else VOLTAGE
        return cls(
            number=given["charging_profile_id"],
            connector_id=connector_id,
            stack_level=given["stack_level"],
            purpose=given["charging_profile_purpose"],
            kind=given["charging_profile_kind"],
            periods=tuple(
                Period(period["start_period"], float(period["limit"]) * watts)
                for period in schedule["charging_schedule_period"]
            ),
            starts_at=_instant(schedule.get("start_schedule")),
            duration_s=schedule.get("duration"),
            recurrency=given.get("recurrency_kind"),
            valid_from=_instant(given.get("valid_from")),
            valid_to=_instant(given.get("valid_to")),
            transaction_id=given.get("transaction_id"),
        )

    def limit_w(self, at: datetime, began_at: datetime | None) -> float | None:
        """At that moment, for a transaction that began then; None where it says nothing."""
        if (self.valid_from and at < self.valid_from) or (self.valid_to and at >= self.valid_to):
            return None
        origin = self._origin(at, began_at)
        if origin is None or at < origin:
            return None
        seconds = (at - origin).total_seconds()
        if self.duration_s is not None and seconds >= self.duration_s:
            return None
        past = [period for period in self.periods if period.starts_after_s <= seconds]
        return past[-1].limit_w if past else None

    def changes(self, begin: datetime, end: datetime, began_at: datetime | None) -> Iterator[datetime]:
        """The moments in between at which its limit may change."""
        moments = [moment for moment in (self.valid_from, self.valid_to) if moment is not None]
        again = RECURS_AFTER.get(self.recurrency or "")
        origins = [self._origin(begin, began_at)]
        while again and origins[-1] is not None and origins[-1] < end:
            origins.append(origins[-1] + again)
        for origin in origins:
            if origin is None:
                continue
            moments += [origin, *(origin + timedelta(seconds=period.starts_after_s) for period in self.periods)]
            if self.duration_s is not None:
                moments.append(origin + timedelta(seconds=self.duration_s))
        return (moment for moment in moments if begin < moment < end)

    def _origin(self, at: datetime, began_at: datetime | None) -> datetime | None:
        if self.kind == enums.ChargingProfileKindType.relative or self.starts_at is None:
            return began_at
        again = RECURS_AFTER.get(self.recurrency or "")
        if self.kind == enums.ChargingProfileKindType.recurring and again and at > self.starts_at:
            return self.starts_at + (at - self.starts_at) // again * again
        return self.starts_at


class SmartCharging:
    """The profiles survive a power loss; a TxProfile ends with its transaction."""

    def __init__(
        self,
        station: Station,
        configuration: Configuration,
        time: SimulatedTime,
        promises: Promises,
        apply: Callable[[], None],
    ) -> None:
        self._station = station
        self._configuration = configuration
        self._time = time
        self._promises = promises
        self._apply = apply
        self._profiles: list[Profile] = []

    def answers(self) -> dict[str, Answer]:
        return {
            "SetChargingProfile": self.set,
            "ClearChargingProfile": self.clear,
            "GetCompositeSchedule": self.composite,
        }

    def limit_w(self, connector: Connector) -> float:
        """What the profiles leave to a connector just now."""
        if not self._profiles:
            return PORT_POWER_W
        return self._limit_at(connector.connector_id, self._time.now(), connector.transaction)

    def begin(self, connector: Connector, profile: dict[str, Any]) -> None:
        """The TxProfile that came with a RemoteStartTransaction."""
        self._put(Profile.of(connector.connector_id, profile))

    def ended(self, connector: Connector) -> None:
        self._profiles = [
            profile
            for profile in self._profiles
            if profile.purpose != PURPOSES.tx_profile or profile.connector_id != connector.connector_id
        ]

    def set(self, connector_id: int, cs_charging_profiles: dict[str, Any]) -> Any:
        """Section 5.16. One of the same number, or of the same purpose, level and connector, is replaced."""
        statuses = enums.ChargingProfileStatus
        profile = Profile.of(connector_id, cs_charging_profiles)
        if not self._fits(profile):
            return call_result.SetChargingProfile(status=statuses.rejected)
        self._promises.add(partial(self._take, profile))
        return call_result.SetChargingProfile(status=statuses.accepted)

    def clear(
        self,
        id: int | None = None,  # noqa: A002 - so it is called on the wire
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> Any:
        """Section 5.5: what is given must all hold of a profile that is cleared; a number is enough by itself."""

        def is_meant(profile: Profile) -> bool:
            if id is not None:
                return profile.number == id
            return (
                connector_id in (None, profile.connector_id)
                and charging_profile_purpose in (None, profile.purpose)
                and stack_level in (None, profile.stack_level)
            )

        kept = [profile for profile in self._profiles if not is_meant(profile)]
        if len(kept) == len(self._profiles):
            return call_result.ClearChargingProfile(status=enums.ClearChargingProfileStatus.unknown)
        self._profiles = kept
        self._promises.add(self._apply)
        return call_result.ClearChargingProfile(status=enums.ClearChargingProfileStatus.accepted)

    def composite(self, connector_id: int, duration: int, charging_rate_unit: str | None = None) -> Any:
        """Section 5.7: the lowest of the limits, from now on, for so many seconds."""
        statuses = enums.GetCompositeScheduleStatus
        connector = self._station.connectors.get(connector_id)
        if (connector is None and connector_id) or duration <= 0:
            return call_result.GetCompositeSchedule(status=statuses.rejected)
        begin = self._time.now().replace(microsecond=0)
        unit = charging_rate_unit or str(enums.ChargingRateUnitType.watts)
        per_unit = 1 if unit == enums.ChargingRateUnitType.watts else VOLTAGE
        transaction = connector.transaction if connector is not None else None
        periods: list[dict[str, Any]] = []
        for moment in self._moments(begin, duration, transaction):
            limit = round(self._limit_at(connector_id, moment, transaction) / per_unit, 1)
            if not periods or periods[-1]["limit"] != limit:
                periods.append({"start_period": int((moment - begin).total_seconds()), "limit": limit})
        return call_result.GetCompositeSchedule(
            status=statuses.accepted,
            connector_id=connector_id,
            schedule_start=stamp(begin),
            charging_schedule={
                "duration": duration,
                "start_schedule": stamp(begin),
                "charging_rate_unit": unit,
                "charging_schedule_period": periods,
            },
        )

    def _moments(self, begin: datetime, duration: int, transaction: Transaction | None) -> list[datetime]:
        end = begin + timedelta(seconds=duration)
        moments = {begin}
        for profile in self._profiles:
            moments.update(profile.changes(begin, end, _began(transaction, begin)))
        return sorted(moments)

    def _fits(self, profile: Profile) -> bool:
        connector = self._station.connectors.get(profile.connector_id)
        if profile.stack_level > self._configuration.number("ChargeProfileMaxStackLevel") or not profile.periods:
            return False
        if len(profile.periods) > self._configuration.number("ChargingScheduleMaxPeriods"):
            return False
        if profile.periods[0].starts_after_s != 0:
            return False
        match profile.purpose:
            case PURPOSES.charge_point_max_profile:
                return profile.connector_id == 0
            case PURPOSES.tx_profile:
                transaction = connector.transaction if connector is not None else None
                return transaction is not None and profile.transaction_id in (None, transaction.transaction_id)
        return profile.connector_id == 0 or connector is not None

    def _take(self, profile: Profile) -> None:
        self._put(profile)
        self._apply()

    def _put(self, profile: Profile) -> None:
        place = (profile.purpose, profile.stack_level, profile.connector_id)
        self._profiles = [
            other
            for other in self._profiles
            if other.number != profile.number and (other.purpose, other.stack_level, other.connector_id) != place
        ]
        self._profiles.append(profile)

    def _limit_at(self, connector_id: int, at: datetime, transaction: Transaction | None) -> float:
        """The lowest of the charge point's limit, and the transaction's own or else the default one."""
        began_at = _began(transaction, at)
        limits = [PORT_POWER_W, self._highest(PURPOSES.charge_point_max_profile, [0], at, began_at)]
        own = self._highest(PURPOSES.tx_profile, [connector_id], at, began_at) if transaction is not None else None
        if own is None:
            own = self._highest(PURPOSES.tx_default_profile, [connector_id, 0], at, began_at)
        limits.append(own)
        return min(limit for limit in limits if limit is not None)

    def _highest(
        self, purpose: str, connector_ids: Iterable[int], at: datetime, began_at: datetime | None
    ) -> float | None:
        """Of the highest stack level that says something; a connector's own profile before the charge point's."""
        for connector_id in connector_ids:
            stack = [each for each in self._profiles if (each.purpose, each.connector_id) == (purpose, connector_id)]
            for profile in sorted(stack, key=lambda each: each.stack_level, reverse=True):
                limit = profile.limit_w(at, began_at)
                if limit is not None:
                    return limit
        return None


def _began(transaction: Transaction | None, otherwise: datetime) -> datetime:
    return otherwise if transaction is None else transaction.started_at


def _instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)
