from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from evgraph.domain.charging_profile import (
    ChargingProfile,
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    ChargingSchedule,
    HeldProfile,
    RecurrencyKind,
    SchedulePeriod,
    as_sent,
    is_cleared,
    of_sent,
    refuse_impossible,
    replaces,
)
from evgraph.domain.refusals import ErrorCode, Refusal

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEFAULT = ChargingProfile(
    id=1,
    stack_level=0,
    purpose=ChargingProfilePurpose.TX_DEFAULT_PROFILE,
    kind=ChargingProfileKind.RELATIVE,
    schedule=ChargingSchedule(
        unit=ChargingRateUnit.A,
        periods=(SchedulePeriod(start_s=0, limit=Decimal(16)), SchedulePeriod(start_s=60, limit=Decimal("6.5"))),
    ),
)
OF_SESSION = replace(DEFAULT, purpose=ChargingProfilePurpose.TX_PROFILE, transaction_id=7)
MAX = replace(DEFAULT, purpose=ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE)
DAILY = replace(
    DEFAULT,
    kind=ChargingProfileKind.RECURRING,
    recurrency=RecurrencyKind.DAILY,
    schedule=replace(DEFAULT.schedule, starts_at=NOON, duration_s=86_400),
)


def scheduled(profile: ChargingProfile = DEFAULT, **schedule: object) -> ChargingProfile:
    return replace(profile, schedule=replace(profile.schedule, **schedule))  # type: ignore[arg-type]


def limits(*given: str) -> ChargingProfile:
    return scheduled(periods=tuple(SchedulePeriod(start_s=at, limit=Decimal(limit)) for at, limit in enumerate(given)))


@pytest.mark.parametrize(
    ("profile", "connector"),
    [
        (DEFAULT, 0),
        (DEFAULT, 2),
        (OF_SESSION, 1),
        (MAX, 0),
        (DAILY, 1),
        (limits("0"), 1),
        (limits("32.1", "0.3"), 1),
        (scheduled(duration_s=61), 1),
        (scheduled(min_rate=Decimal("6.1")), 1),
        (replace(scheduled(starts_at=NOON), kind=ChargingProfileKind.ABSOLUTE, valid_from=NOON), 0),
    ],
)
def test_what_a_charge_point_may_take(profile, connector):
    refuse_impossible(profile, connector)


@pytest.mark.parametrize(
    ("profile", "connector", "field", "words"),
    [
        (DEFAULT, -1, "connectorId", "counted from 1"),
        (MAX, 1, "connectorId", "give connector 0"),
        (replace(OF_SESSION, transaction_id=None), 1, "sessionId", "name it"),
        (OF_SESSION, 0, "connectorId", "connector of its session"),
        (replace(DEFAULT, transaction_id=7), 1, "sessionId", "leave the session out"),
        (replace(DEFAULT, stack_level=-1), 1, "stackLevel", "0 or more"),
        (replace(DEFAULT, id=0), 1, "profileId", "positive"),
        (replace(DEFAULT, id=2**31), 1, "profileId", "positive"),
        (replace(DAILY, recurrency=None), 1, "recurrency", "daily or weekly"),
        (replace(DEFAULT, recurrency=RecurrencyKind.DAILY), 1, "recurrency", "Only a RECURRING"),
        (scheduled(starts_at=NOON), 1, "startsAt", "leave its start out"),
        (replace(DEFAULT, kind=ChargingProfileKind.ABSOLUTE), 1, "startsAt", "Say when"),
        (replace(DEFAULT, valid_from=NOON, valid_to=NOON), 1, "validTo", "after it begins"),
        (scheduled(DAILY, duration_s=86_401), 1, "durationSeconds", "no longer than"),
        (scheduled(periods=()), 1, "periods", "1 to 1000"),
        (scheduled(periods=(SchedulePeriod(start_s=1, limit=Decimal(6)),)), 1, "periods", "starts at 0"),
        (scheduled(periods=DEFAULT.schedule.periods[:1] * 2), 1, "periods", "later than the one before"),
        (scheduled(duration_s=60), 1, "durationSeconds", "last period"),
        (limits("-0.1"), 1, "periods", "one decimal"),
        (limits("16.05"), 1, "periods", "one decimal"),
        (limits("NaN"), 1, "periods", "one decimal"),
        (limits("Infinity"), 1, "periods", "one decimal"),
        (scheduled(periods=(SchedulePeriod(start_s=0, limit=Decimal(6), phases=4),)), 1, "periods", "1 to 3"),
        (scheduled(min_rate=Decimal("-1")), 1, "minRate", "one decimal"),
    ],
)
def test_what_no_charge_point_may_take_is_refused_with_its_field(profile, connector, field, words):
    with pytest.raises(Refusal, match=words) as refused:
        refuse_impossible(profile, connector)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID, ("input", field))


@pytest.mark.parametrize(
    "profile",
    [
        DEFAULT,
        OF_SESSION,
        MAX,
        limits("16.1", "21.4", "0.3"),
        scheduled(min_rate=Decimal("6.5")),
        replace(DAILY, valid_from=NOON, valid_to=NOON + timedelta(days=1, milliseconds=5)),
    ],
)
def test_what_was_sent_reads_back_as_it_was(profile):
    assert of_sent(as_sent(profile)) == profile


def test_a_profile_takes_the_place_of_its_id_and_of_its_purpose_and_level():
    held = HeldProfile(charge_point_id=1, connector_id=1, profile=DEFAULT, set_by=None, set_at=NOON)
    other = replace(DEFAULT, id=2)
    assert replaces(DEFAULT, 2, held)
    assert replaces(other, 1, held)
    assert not replaces(other, 2, held)
    assert not replaces(replace(other, stack_level=1), 1, held)
    assert not replaces(replace(MAX, id=2), 1, held)


@pytest.mark.parametrize(
    ("given", "cleared"),
    [
        ({}, True),
        ({"profile_id": 1}, True),
        ({"profile_id": 2}, False),
        ({"connector_id": 1, "stack_level": 0}, True),
        ({"connector_id": 0}, False),
        ({"profile_id": 1, "connector_id": 0}, False),
        ({"purpose": ChargingProfilePurpose.TX_DEFAULT_PROFILE}, True),
        ({"purpose": ChargingProfilePurpose.TX_PROFILE}, False),
        ({"stack_level": 1}, False),
    ],
)
def test_a_profile_is_cleared_when_all_that_is_given_holds_of_it(given, cleared):
    held = HeldProfile(charge_point_id=1, connector_id=1, profile=DEFAULT, set_by=None, set_at=NOON)
    filters = {"profile_id": None, "connector_id": None, "purpose": None, "stack_level": None}
    assert is_cleared(held, **(filters | given)) is cleared
