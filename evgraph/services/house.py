"""All services, wired once."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from evgraph.bus import EventBus
from evgraph.domain.charging_session import START_WINDOW
from evgraph.services.assigning import Assigning
from evgraph.services.availability import Availability
from evgraph.services.boards import Boards
from evgraph.services.books import Books
from evgraph.services.cards import Cards
from evgraph.services.certificates import CA_FOLDER, Certificates
from evgraph.services.charge_points import ChargePoints
from evgraph.services.charging import CALL_TIMEOUT_S, Charging
from evgraph.services.charging_profiles import ChargingProfiles
from evgraph.services.checkup import READING_WAIT_S, Checkup
from evgraph.services.commands import Commands
from evgraph.services.configuration import HEARTBEAT_INTERVAL_S, Configurations
from evgraph.services.connections import Connections
from evgraph.services.frame_writer import FrameWriter
from evgraph.services.frames import KEPT_DAYS, FrameLog
from evgraph.services.interfaces import ChargePointGateway, Clock
from evgraph.services.jobs import Jobs
from evgraph.services.key_rotation import KeyRotation
from evgraph.services.local_lists import LocalLists
from evgraph.services.metering import Metering
from evgraph.services.onboarding import Onboarding
from evgraph.services.once import Once
from evgraph.services.oversized_frames import OversizedFrames
from evgraph.services.people import People
from evgraph.services.ports import Ports
from evgraph.services.quarantine import Quarantine
from evgraph.services.rates import Rates
from evgraph.services.readiness import Readiness
from evgraph.services.registration import Registration
from evgraph.services.requests import Requests
from evgraph.services.reservations import Reservations
from evgraph.services.retention import Retention
from evgraph.services.security_events import SecurityEvents
from evgraph.services.stays import Stays
from evgraph.services.supervision import Supervisor
from evgraph.services.supplies import Supplies
from evgraph.services.thinning import KEPT_WHOLE_DAYS, Thinning
from evgraph.services.transactions import FREE_FOR, Transactions
from evgraph.services.upkeep import Upkeep
from evgraph.services.write_health import WriteHealth


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
    commands: Commands
    availability: Availability
    reservations: Reservations
    charging_profiles: ChargingProfiles
    cards: Cards
    local_lists: LocalLists
    quarantine: Quarantine
    configurations: Configurations
    onboarding: Onboarding
    oversized_frames: OversizedFrames
    key_rotation: KeyRotation
    checkup: Checkup
    connections: Connections
    jobs: Jobs
    certificates: Certificates
    security_events: SecurityEvents
    frames: FrameLog
    frame_writer: FrameWriter
    upkeep: Upkeep
    supervisor: Supervisor
    readiness: Readiness

    def start(self) -> None:
        """The tasks that live as long as the house; `supervisor.stop` ends them."""
        self.supervisor.start("frames", self.frame_writer.run)
        self.supervisor.start("metering", self.metering.run)
        self.supervisor.start("upkeep", self.upkeep.run)
        self.supervisor.start("readiness", self.readiness.run)

    async def close(self) -> None:
        """Waits for what is under way; the supervisor's tasks go on, for it may need them."""
        await self.once.close()
        await self.charge_points.close()
        await self.connections.close()
        await self.availability.close()
        await self.local_lists.close()
        await self.certificates.close()


def open_house(
    *,
    bus: EventBus,
    clock: Clock,
    gateway: ChargePointGateway,
    start_window: timedelta = START_WINDOW,
    free_for: timedelta = FREE_FOR,
    call_timeout_s: float = CALL_TIMEOUT_S,
    stop_wait_s: float = 15.0,
    upkeep_every_s: float = 1.0,
    heartbeat_interval_s: int = HEARTBEAT_INTERVAL_S,
    reading_wait_s: float = READING_WAIT_S,
    frames_kept_days: int = KEPT_DAYS,
    samples_kept_whole_days: int = KEPT_WHOLE_DAYS,
    simulated_speed: int = 1,
    ca_folder: Path = CA_FOLDER,
) -> Services:
    frames = FrameLog(bus, kept_days=frames_kept_days)
    writes = WriteHealth()
    books = Books(bus, clock, frames, writes)
    once = Once(clock)
    people = People(clock)
    supplies = Supplies(simulated_speed)
    charging = Charging(books, once, gateway, supplies, window=start_window, call_timeout_s=call_timeout_s)
    availability = Availability(books, once, gateway)
    reservations = Reservations(books, once, gateway)
    local_lists = LocalLists(clock, gateway)
    transactions = Transactions(books, supplies, gateway, free_for=free_for)
    charge_points = ChargePoints(books, supplies, charging.ask_to_stop)
    configurations = Configurations(
        books, once, gateway, heartbeat_interval=heartbeat_interval_s, start_window=start_window
    )
    key_rotation = KeyRotation(books, once, gateway, configurations)
    metering = Metering(books, bus, supplies)
    frame_writer = FrameWriter(books, frames)
    supervisor = Supervisor()
    upkeep = Upkeep(
        charging,
        transactions,
        charge_points,
        Retention(clock, frames_kept_days=frames_kept_days),
        Thinning(clock, kept_whole_days=samples_kept_whole_days),
        local_lists,
        clock,
        availability=availability,
        reservations=reservations,
        every_s=upkeep_every_s,
    )
    return Services(
        clock=clock,
        bus=bus,
        gateway=gateway,
        once=once,
        people=people,
        registration=Registration(books, people, gateway),
        boards=Boards(),
        stays=Stays(books, once, bus, charging, stop_wait_s=stop_wait_s),
        requests=Requests(books, once),
        charging=charging,
        assigning=Assigning(books),
        transactions=transactions,
        metering=metering,
        rates=Rates(books),
        ports=Ports(books),
        charge_points=charge_points,
        commands=Commands(gateway, key_rotation),
        availability=availability,
        reservations=reservations,
        charging_profiles=ChargingProfiles(books, once, gateway),
        cards=Cards(books, local_lists.cards_changed),
        local_lists=local_lists,
        quarantine=Quarantine(books, gateway, transactions),
        configurations=configurations,
        onboarding=Onboarding(configurations, local_lists),
        oversized_frames=OversizedFrames(books),
        key_rotation=key_rotation,
        checkup=Checkup(clock, once, gateway, configurations, frames, reading_wait=reading_wait_s),
        connections=Connections(clock),
        jobs=Jobs(books, once, gateway),
        certificates=Certificates(books, gateway, ca_folder),
        security_events=SecurityEvents(books),
        frames=frames,
        frame_writer=frame_writer,
        upkeep=upkeep,
        supervisor=supervisor,
        readiness=Readiness(writes, metering, frame_writer, upkeep, supervisor),
    )
