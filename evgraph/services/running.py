"""The running sessions as they were last saved, remembered from one batch of readings to the next.

A garage is remembered at a version. Who saves from memory looks at the version within the transaction, so that what
another process, or another change in this one, saved meanwhile is never overwritten (models/at_once.py).
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.supply import Supply
from evgraph.models.at_once import Version, following

# Some 2 kB each.
MOST_CHARGE_POINTS = 20_000

Sessions = dict[int, ChargingSession]


@dataclass(slots=True)
class RunningInGarage:
    """`sessions`: by charge point, then by id; one that is not there was not asked for. `supplies`: by port."""

    version: Version
    sessions: dict[int, Sessions] = field(default_factory=dict)
    supplies: dict[int, Supply] = field(default_factory=dict)

    def saved(self, sessions: Iterable[ChargingSession]) -> None:
        """One batch more, which moved these."""
        self.version = following(self.version)
        for session in sessions:
            self.sessions[session.charge_point_id][session.id] = session


class Running:
    """By garage. The garages that were not asked for longest are forgotten when there are too many charge points."""

    def __init__(self, most: int = MOST_CHARGE_POINTS) -> None:
        self._most = most
        self._garages: OrderedDict[int, RunningInGarage] = OrderedDict()
        self._count = 0

    def get(self, garage_id: int) -> RunningInGarage | None:
        found = self._garages.get(garage_id)
        if found is not None:
            self._garages.move_to_end(garage_id)
        return found

    def forget(self, garage_ids: Iterable[int]) -> None:
        for garage_id in garage_ids:
            found = self._garages.pop(garage_id, None)
            self._count -= len(found.sessions) if found is not None else 0

    def learn(
        self,
        garage_id: int,
        version: Version,
        charge_point_ids: Iterable[int],
        sessions: Iterable[ChargingSession],
        supplies: Mapping[int, Supply],
    ) -> None:
        """All that runs at these charge points, as a batch has just saved it. What is known of the garage's others
        stays where nothing but this batch came in between."""
        garage = self._garages.get(garage_id)
        if garage is None or following(garage.version) != version:
            self.forget([garage_id])
            garage = self._garages[garage_id] = RunningInGarage(version)
        garage.version = version
        self._count -= len(garage.sessions)
        garage.sessions |= {charge_point_id: {} for charge_point_id in charge_point_ids}
        self._count += len(garage.sessions)
        for session in sessions:
            if session.status is SessionStatus.CHARGING:
                garage.sessions[session.charge_point_id][session.id] = session
        garage.supplies |= supplies
        while self._count > self._most and len(self._garages) > 1:
            self.forget([next(iter(self._garages))])
