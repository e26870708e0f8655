"""All services, wired once."""

from dataclasses import dataclass
from datetime import timedelta

from evgraph.bus import EventBus
from evgraph.domain.charging_session import START_WINDOW
from evgraph.services.assigning import Assigning
from evgraph.services.boards import Boards
from evgraph.services.books import Books
from evgraph.services.charge_points import ChargePoints
from evgraph.services.charging import Charging
from evgraph.services.connections import Connections
from evgraph.services.frame_writer import FrameWriter
from evgraph.services.frames import KEPT_DAYS, FrameLog
from evgraph.services.interfaces import ChargePointGateway, Clock
from evgraph.services.metering import Metering
from evgraph.services.once import Once
from evgraph.services.people import People
from evgraph.services.ports import Ports
from evgraph.services.rates import Rates
from evgraph.services.registration import Registration
from evgraph.services.requests import Requests
from evgraph.services.retention import Retention
from evgraph.services.stays import Stays
from evgraph.services.transactions import Transactions
from evgraph.services.upkeep import Upkeep


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    clock: Clock
    bus: EventBus
    gateway: ChargePointGateway
    once: Once
    people: People
    registration: Registration
    boards: Boards
    stays: Stays
    requests: Requests
    charging: Charging
    assigning: Assigning
    transactions: Transactions
    metering: Metering
    rates: Rates
    ports: Ports
    charge_points: ChargePoints
    connections: Connections
    frames: FrameLog
    frame_writer: FrameWriter
    upkeep: Upkeep

    async def close(self) -> None:
        """Waits for what is under way; the tasks of `metering`, `frame_writer` and `upkeep` are their owner's."""
        await self.once.close()
        await self.charge_points.close()


def open_house(
    *,
    bus: EventBus,
    clock: Clock,
    gateway: ChargePointGateway,
    start_window: timedelta = START_WINDOW,
    stop_wait_s: float = 15.0,
    upkeep_every_s: float = 1.0,
    frames_kept_days: int = KEPT_DAYS,
) -> Services:
    frames = FrameLog(bus, kept_days=frames_kept_days)
    books = Books(bus, clock, frames)
    once = Once(clock)
    people = People(clock)
    charging = Charging(books, once, gateway, window=start_window)
    transactions = Transactions(books)
    return Services(
        clock=clock,
        bus=bus,
        gateway=gateway,
        once=once,
        people=people,
        registration=Registration(books, people),
        boards=Boards(),
        stays=Stays(books, once, bus, charging, stop_wait_s=stop_wait_s),
        requests=Requests(books, once),
        charging=charging,
        assigning=Assigning(books),
        transactions=transactions,
        metering=Metering(books, bus),
        rates=Rates(books),
        ports=Ports(books),
        charge_points=ChargePoints(books, charging.ask_to_stop),
        connections=Connections(clock),
        frames=frames,
        frame_writer=FrameWriter(books, frames),
        upkeep=Upkeep(
            charging,
            transactions,
            Retention(clock, frames_kept_days=frames_kept_days),
            clock,
            every_s=upkeep_every_s,
        ),
    )
