from datetime import datetime
from typing import Annotated

import strawberry

from evgraph.domain.charge_point import ChargePoint as ChargePointValue
from evgraph.domain.people import Right
from evgraph.schema import charge_point_job, charging_profile, garage, port, reservation
from evgraph.schema.configuration import ConfigurationKey
from evgraph.schema.connection import Connection, before_id, newest_first, page_size
from evgraph.schema.connection_record import ConnectionRecord, RefusedConnection, connections, refused_connections
from evgraph.schema.context import Info, JobFilter, Page, SecurityEventFilter, existing
from evgraph.schema.enums import Acceptance, FrameDirection, FrameKind, PortStatus
from evgraph.schema.frame import Frame, frames
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.operating_context import FrameFilter, RefusedFilter
from evgraph.schema.references import ChargePointJobRef, ChargingProfileRef, GarageRef, PortRef, ReservationRef
from evgraph.schema.security import ChargePointCertificate, SecurityEvent


@strawberry.type
class ChargePoint(Node):
    value: strawberry.Private[ChargePointValue]

    identity: str = from_value("OCPP charge point identity: the last segment of the URL that it connects to.")
    vendor: str | None = from_value()
    model: str | None = from_value()
    serial_number: str | None = from_value()
    firmware_version: str | None = from_value()
    is_online: bool = from_value()
    last_boot_at: datetime | None = from_value()
    acceptance: Acceptance = from_value("What its boots are answered; nothing else of it is served before ACCEPTED.")

    reported_status: PortStatus | None = from_value(
        "Its last status for itself as a whole (connector 0). Null until it reports one."
    )
    error_code: str | None = from_value("OCPP errorCode of that status, null while there is NoError.")
    vendor_error_code: str | None = from_value("The manufacturer's own code, as that status carried it.")
    info: str | None = from_value("Free text of that status.")
    status_received_at: datetime | None = from_value("When that status arrived.")
    closes_ports: bool = from_value(
        "That status is FAULTED or UNAVAILABLE: no port of it is open until it reports another one, or one of its "
        "connectors reports that it works."
    )

    @strawberry.field
    async def garage(self, info: Info) -> GarageRef:
        return garage.Garage(value=existing(await info.context.loaders.garages.load(self.value.garage_id)))

    @strawberry.field
    def last_seen_at(self, info: Info) -> datetime | None:
        return info.context.last_seen(self.value.identity) or self.value.last_seen_at

    @resolved("After a boot its configuration is brought to the wishes.")
    def is_kept_configured(self, info: Info) -> bool:
        info.context.require(Right.OPERATE, self.value.garage_id)
        return self.value.configures

    @resolved("The least that it must connect with: 0 its key where it has one, 1 a key, 2 with TLS, 3 a certificate.")
    def security_profile(self, info: Info) -> int:
        info.context.require(Right.OPERATE, self.value.garage_id)
        return self.value.security_profile

    @resolved("By key: what it held when it was read last (getConfiguration reads it anew), and what is wished.")
    async def configuration(self, info: Info) -> list[ConfigurationKey]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        settings = await info.context.loaders.configuration_of_charge_point.load(self.value.id)
        return [ConfigurationKey(setting=setting) for setting in settings]

    @resolved("Firmware, diagnostics and logs that it was asked for, newest first.")
    async def jobs(
        self, info: Info, first: int | None = 20, after: str | None = strawberry.UNSET
    ) -> Connection[ChargePointJobRef]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        where = JobFilter(self.value.id)
        page = Page(where, page_size(first, 20), before_id(after, "jobs"))
        loaders = info.context.loaders
        return newest_first(
            await loaders.job_pages.load(page),
            lambda value: charge_point_job.ChargePointJob(value=value),
            listed="jobs",
            after=after,
            count=lambda: loaders.job_counts.load(where),
        )

    @resolved("Those that the operator's CA signed for it, newest first.")
    async def certificates(self, info: Info) -> list[ChargePointCertificate]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        found = await info.context.loaders.certificates_of_charge_point.load(self.value.id)
        return [ChargePointCertificate(value=value) for value in found]

    @resolved("What it told of its own safety, newest first.")
    async def security_events(
        self, info: Info, first: int | None = 20, after: str | None = strawberry.UNSET
    ) -> Connection[SecurityEvent]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        where = SecurityEventFilter(self.value.id)
        page = Page(where, page_size(first, 20), before_id(after, "securityEvents"))
        loaders = info.context.loaders
        return newest_first(
            await loaders.security_event_pages.load(page),
            lambda value: SecurityEvent(value=value),
            listed="securityEvents",
            after=after,
            count=lambda: loaders.security_event_counts.load(where),
        )

    @resolved("What it said and was told, newest first: kept for 30 days, unless the server is set up otherwise.")
    async def frames(
        self,
        info: Info,
        action: str | None = strawberry.UNSET,
        direction: FrameDirection | None = strawberry.UNSET,
        kind: FrameKind | None = strawberry.UNSET,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = strawberry.UNSET,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = strawberry.UNSET,
        first: int | None = 50,
        after: str | None = strawberry.UNSET,
    ) -> Connection[Frame]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        where = FrameFilter(
            self.value.id, action or None, direction or None, kind or None, since or None, until or None
        )
        return await frames(info, where, first, after, default=50)

    @resolved("Newest first; the first is the open one, if there is one.")
    async def connections(
        self, info: Info, first: int | None = 20, after: str | None = strawberry.UNSET
    ) -> Connection[ConnectionRecord]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        return await connections(info, self.value.id, first, after)

    @resolved("Handshakes in its name that were turned away, newest first.")
    async def refused_connections(
        self, info: Info, first: int | None = 20, after: str | None = strawberry.UNSET
    ) -> Connection[RefusedConnection]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        return await refused_connections(
            info.context.loaders.operating,
            RefusedFilter(self.value.identity, (self.value.garage_id,)),
            first,
            after,
        )

    @strawberry.field
    async def ports(self, info: Info) -> list[PortRef]:
        ports = await info.context.loaders.ports_of_charge_point.load(self.value.id)
        return [port.Port(value=value) for value in ports]

    @resolved("Newest first: those that are held, and those of the last thirty days.")
    async def reservations(self, info: Info) -> list[ReservationRef]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        found = await info.context.loaders.reservations_of_charge_point.load(self.value.id)
        return [reservation.Reservation(value=value) for value in found]

    @resolved("What it accepted and was not cleared, by connector.")
    async def charging_profiles(self, info: Info) -> list[ChargingProfileRef]:
        info.context.require(Right.OPERATE, self.value.garage_id)
        held = await info.context.loaders.profiles_of_charge_point.load(self.value.id)
        return [charging_profile.ChargingProfile(value=value) for value in held]
