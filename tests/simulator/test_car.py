"""The car model, as tables."""

from __future__ import annotations

import pytest

from evgraph.simulator import MODELS, Car, CarModel
from evgraph.simulator.car import PORT_POWER_W

HOUR = 3600.0


@pytest.mark.parametrize(
    ("state_of_charge", "max_power_w", "offered_w", "power_w"),
    [
        (0.0, 11_500, 11_500, 11_500),
        (0.5, 11_500, 11_500, 11_500),
        (0.8, 11_500, 11_500, 11_500),
        (0.9, 11_500, 11_500, 6_325),  # half way down to a tenth
        (1.0, 11_500, 11_500, 0),
        (0.5, 22_000, 11_500, 11_500),  # the port is the limit
        (0.5, 6_600, 11_500, 6_600),  # the car is
        (0.5, 11_500, 0, 0),
    ],
)
def test_power_follows_the_battery(state_of_charge, max_power_w, offered_w, power_w):
    car = Car(state_of_charge=state_of_charge, max_power_w=max_power_w)
    assert car.power_w(offered_w) == pytest.approx(power_w)


@pytest.mark.parametrize(
    ("state_of_charge", "seconds", "taken_wh"),
    [
        (0.0, HOUR, 10_000),
        (0.5, HOUR, 10_000),
        (0.5, 0, 0),
        (0.5, -1, 0),
        (0.7, 2 * HOUR, 18_052.7),  # 10,000 Wh, and then 22,222 Wh x (1 - e^-0.45) on the taper
        (0.5, 100 * HOUR, 50_000),  # no more than there is room for
        (1.0, HOUR, 0),
    ],
)
def test_energy_taken_in_a_time(state_of_charge, seconds, taken_wh):
    car = Car(battery_wh=100_000, max_power_w=10_000, state_of_charge=state_of_charge)
    assert car.draw(seconds) == pytest.approx(taken_wh, rel=1e-4)
    assert car.taken_wh == pytest.approx(taken_wh, rel=1e-4)


@pytest.mark.parametrize("steps", [2, 7, 1000])
def test_many_short_draws_take_what_a_long_one_takes(steps):
    once = Car(battery_wh=60_000, state_of_charge=0.75)
    often = Car(battery_wh=60_000, state_of_charge=0.75)
    once.draw(HOUR)
    for _ in range(steps):
        often.draw(HOUR / steps)
    assert often.taken_wh == pytest.approx(once.taken_wh)
    assert often.state_of_charge == pytest.approx(once.state_of_charge)


def test_a_car_becomes_exactly_full():
    car = Car(battery_wh=50_000, state_of_charge=0.9)
    assert car.draw(20 * HOUR) == pytest.approx(5_000)
    assert car.is_full
    assert car.power_w() == 0


def test_a_car_that_trickles_goes_on_taking():
    car = Car(battery_wh=50_000, state_of_charge=1.0, trickle_w=150)
    assert car.power_w() == 150
    assert car.draw(2 * HOUR) == pytest.approx(300)
    assert car.state_of_charge == 1


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.make)
def test_every_model_charges_within_what_a_port_gives(model: CarModel):
    car = Car.of(model, state_of_charge=0.1)
    assert 0 < car.power_w() <= PORT_POWER_W
    assert car.draw(HOUR) == pytest.approx(car.max_power_w)


@pytest.mark.parametrize(
    "wrong", [{"battery_wh": 0}, {"max_power_w": -1}, {"state_of_charge": 1.2}, {"state_of_charge": -0.1}]
)
def test_an_impossible_car_is_refused(wrong):
    with pytest.raises(ValueError, match=r"\."):
        Car(**wrong)
