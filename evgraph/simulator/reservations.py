"""Reserved connectors (OCPP 1.6 sections 5.1, 5.13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from evgraph.simulator.connector import Connector, Reservation, Station
from evgraph.simulator.id_tags import IdTags
from evgraph.simulator.library import call_result, enums
from evgraph.simulator.promises import Answer, Promises
from evgraph.simulator.simulated_time import SimulatedTime, instant
from evgraph.simulator.spawning import Spawn


class Reservations:
    """One a connector; connector 0 cannot be reserved (ReserveConnectorZeroSupported is false)."""

    def __init__(
        self,
        station: Station,
        time: SimulatedTime,
        id_tags: IdTags,
        promises: Promises,
        refresh: Callable[[Connector], None],
        spawn: Spawn,
    ) -> None:
        self._station = station
        self._time = time
        self._id_tags = id_tags
        self._promises = promises
        self._refresh = refresh
        self._spawn = spawn

    def answers(self) -> dict[str, Answer]:
        return {"ReserveNow": self.reserve, "CancelReservation": self.cancel}

    def admits(self, connector: Connector, id_tag: str) -> bool:
        """Nobody else holds the connector: it is free, or theirs, or their group's."""
        reservation = connector.reservation
        if reservation is None or reservation.id_tag.casefold() == id_tag.casefold():
            return True
        parent = self._id_tags.parent_of(id_tag)
        return parent is not None and reservation.parent_id_tag == parent

    def reserve(
        self,
        connector_id: int,
        expiry_date: str,
        id_tag: str,
        reservation_id: int,
        parent_id_tag: str | None = None,
    ) -> Any:
        """A reservation of the same number is replaced."""
        statuses = enums.ReservationStatus
        connector = self._station.connectors.get(connector_id)
        expires_at = instant(expiry_date)
        if connector is None or expires_at <= self._time.now():
            return call_result.ReserveNow(status=statuses.rejected)
        held = connector.reservation
        if connector.error_code is not None or self._station.error_code is not None:
            status = statuses.faulted
        elif not connector.is_operative:
            status = statuses.unavailable
        elif connector.is_busy or connector.car is not None or (held is not None and held.number != reservation_id):
            status = statuses.occupied
        else:
            status = statuses.accepted
            reservation = Reservation(reservation_id, id_tag, expires_at, parent_id_tag)
            self._promises.add(partial(self._hold, connector, reservation))
        return call_result.ReserveNow(status=status)

    def cancel(self, reservation_id: int) -> Any:
        for connector in self._station.connectors.values():
            if connector.reservation is not None and connector.reservation.number == reservation_id:
                self._promises.add(partial(self._release, connector, connector.reservation))
                return call_result.CancelReservation(status=enums.CancelReservationStatus.accepted)
        return call_result.CancelReservation(status=enums.CancelReservationStatus.rejected)

    def _hold(self, connector: Connector, reservation: Reservation) -> None:
        connector.reservation = reservation
        self._refresh(connector)
        self._spawn(self._expire(connector, reservation))

    async def _expire(self, connector: Connector, reservation: Reservation) -> None:
        await asyncio.sleep(max(0.0, (reservation.expires_at - self._time.now()).total_seconds()))
        self._release(connector, reservation)

    def _release(self, connector: Connector, reservation: Reservation) -> None:
        if connector.reservation is reservation:
            connector.reservation = None
            self._refresh(connector)
