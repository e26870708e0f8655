"""A station's story by the minute: when each thing is said, and what its stamp says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.rate import RateKind
from evgraph.ocpp.replay import Selection, replay
from evgraph.ocpp.translate import iso
from evgraph.services.interfaces import ChargerOffline
from evgraph.services.stays import CheckOut

from .station import Station

if TYPE_CHECKING:
    from .conftest import Garage


@dataclass
class Story:
    """`begun`: when minute 0 is."""

    garage: Garage
    station: Station
    begun: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.garage.clock.now()

    def go(self, minute: float) -> None:
        self.garage.clock.present = self.begun + timedelta(minutes=minute)

    def stamp(self, minute: float) -> str:
        return iso(self.begun + timedelta(minutes=minute))

    async def rate(self, kind: RateKind = RateKind.PER_KWH) -> None:
        """A dollar a kWh, or 10 cents a minute."""
        await self.garage.set_rate(kind, "10" if kind is RateKind.PER_MINUTE else "100")

    async def ask(self, plate: str = "JVR 8810") -> ChargingSession:
        return await self.garage.start(await self.garage.check_in(plate), (await self.station.port(1)).id)

    async def read(self, session: ChargingSession | None, minute: float, register: int) -> None:
        """A reading of that minute, said now; without a transactionId where `session` is None."""
        transaction_id = session.id if session is not None else None
        await self.station.meter(transaction_id, register, stamp=self.stamp(minute))

    async def say_stop(self, session: ChargingSession, said: Sequence[dict[str, Any]], *, is_reversed: bool) -> None:
        for one in reversed(said) if is_reversed else said:
            await self.station.stop(**{"transactionId": session.id, **one})

    async def free(self, minute: float) -> None:
        """T7: the port is reported free at that minute, and the session is closed ten minutes later."""
        self.go(minute)
        await self.station.status("Available")
        self.go(minute + 10)
        await self.station.look()

    async def check_out_offline(self, session: ChargingSession, minute: float) -> None:
        """T12: the connection is lost now, and is back at that minute, right after the check-out."""
        await self.station.hang_up()
        self.garage.chargers.answer = ChargerOffline()
        self.go(minute)
        assert session.stay_id is not None
        command = CheckOut(stay_id=session.stay_id, garage_id=None, ticket_number=None, stop_charging=True)
        await self.garage.house.stays.check_out(self.garage.operator, command)
        self.garage.chargers.answer = None
        await self.station.reconnect()

    async def agrees(self) -> None:
        """C10."""
        supplies = self.garage.house.transactions._supplies
        found = await replay(Selection(), supplies=supplies, now=self.garage.clock.now())
        assert not list(found.differences)
