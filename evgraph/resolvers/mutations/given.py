"""From input fields to commands."""

from typing import TypeVar

import strawberry

from evgraph.domain.stay import Vehicle
from evgraph.schema.inputs import VehicleInput

T = TypeVar("T")


def given(value: T | None) -> T | None:
    """Null for a field that was left out."""
    return None if value is strawberry.UNSET else value


def vehicle_of(given_vehicle: VehicleInput) -> Vehicle:
    return Vehicle(
        license_plate=given_vehicle.license_plate,
        plate_state=given(given_vehicle.plate_state),
        make=given(given_vehicle.make),
        color=given(given_vehicle.color),
    )
