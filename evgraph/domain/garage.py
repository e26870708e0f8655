"""A location of an operator: what everything else belongs to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Garage:
    """`free_starts` lets chargers start without a ticket (S6)."""

    id: int
    organization_id: int
    location_id: str
    name: str
    time_zone: str
    currency: str
    locale: str
    free_starts: bool
