"""What `evolution_of` and `maker_of` make is what dataclasses.replace() and the class itself would make."""

from dataclasses import FrozenInstanceError, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from evgraph.domain.charging_session import AuthorizationStatus, ChargingSession, SessionFlag
from evgraph.domain.energy import Reading
from evgraph.domain.evolving import evolution_of, maker_in_order, maker_of
from evgraph.domain.session_start import unassigned

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SESSION = unassigned(
    garage_id=1,
    charge_point_id=2,
    port_id=3,
    connector_id=1,
    id_tag="CARD",
    authorization=AuthorizationStatus.ACCEPTED,
    meter_start_wh=1000,
    at=NOON,
    reported_start="2026-03-01T12:00:00Z",
    rate_id=9,
    clock_replaced=False,
    now=NOON,
)
evolved = evolution_of(ChargingSession)


@pytest.mark.parametrize(
    "moves",
    [
        {},
        {"energy_wh": 40, "base_register_wh": 1040, "last_meter_at": NOON},
        {"flags": frozenset({SessionFlag.METER_RESET}), "power_w": None},
    ],
)
def test_it_is_what_replace_makes(moves: dict[str, Any]) -> None:
    after = evolved(SESSION, moves)
    assert type(after) is ChargingSession
    assert after == replace(SESSION, **moves)
    assert repr(after) == repr(replace(SESSION, **moves))
    assert hash(after) == hash(replace(SESSION, **moves))


def test_each_field_keeps_its_own_value() -> None:
    marks = {field.name: object() for field in fields(ChargingSession)}
    copied = evolved(evolved(SESSION, marks), {})
    assert {name: getattr(copied, name) for name in marks} == marks


def test_the_value_before_stays_as_it_is_and_both_are_frozen() -> None:
    after = evolved(SESSION, {"energy_wh": 40})
    assert SESSION.energy_wh == 0
    for one in (SESSION, after):
        with pytest.raises(FrozenInstanceError):
            one.energy_wh = 80  # type: ignore[misc]


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError):
        evolved(SESSION, {"energy_kwh": 1})


def test_it_is_what_the_class_makes() -> None:
    made = maker_of(Reading)
    given: dict[str, Any] = {"at": NOON, "register_wh": 40, "clock_replaced": True}
    assert type(made(**given)) is Reading
    assert made(**given) == Reading(**given)
    assert repr(made(at=NOON)) == repr(Reading(at=NOON))
    with pytest.raises(FrozenInstanceError):
        made(at=NOON).register_wh = 50  # type: ignore[misc]


@pytest.mark.parametrize("given", [{}, {"at": NOON, "register_kwh": 1}])
def test_fields_that_are_missing_or_not_there_are_refused(given: dict[str, Any]) -> None:
    made = maker_of(Reading)
    with pytest.raises(TypeError):
        made(**given)


def test_values_in_another_order_than_the_fields() -> None:
    names = sorted((field.name for field in fields(ChargingSession)), reverse=True)
    made = maker_in_order(ChargingSession, names)
    assert made(*(getattr(SESSION, name) for name in names)) == SESSION


@dataclass(frozen=True)
class WithoutSlots:
    one: int
    other: int = 2


@dataclass(frozen=True, slots=True)
class Checked:
    one: int

    def __post_init__(self) -> None:
        if self.one < 0:
            raise ValueError(self.one)


@dataclass(frozen=True, slots=True)
class Longer(Checked):
    two: int


def test_any_dataclass_is_made_in_order() -> None:
    assert maker_in_order(Longer, ["two", "one"])(5, 3) == Longer(3, 5)
    assert maker_in_order(WithoutSlots, ["other", "one"])(5, 3) == WithoutSlots(3, 5)
    made = maker_in_order(Checked, ["one"])
    assert made(1) == Checked(1)
    with pytest.raises(ValueError, match="-1"):
        made(-1)


def test_too_few_values_are_refused() -> None:
    for value_type in (WithoutSlots, Reading):
        made: Any = maker_in_order(value_type, [field.name for field in fields(value_type)])
        with pytest.raises((TypeError, ValueError)):
            made(1)
