"""Jobs of charge points: the type, and what asks for one."""

from datetime import datetime

import strawberry

from evgraph.domain.jobs import ChargePointJob as ChargePointJobValue
from evgraph.schema import charge_point
from evgraph.schema.context import Info, existing
from evgraph.schema.enums import JobKind, LogKind
from evgraph.schema.errors import UserError
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.references import ChargePointRef

UNSET = strawberry.UNSET
_LOCATION = "A URL of ftp, ftps, http, https or sftp. What is secret in it is kept nowhere."
_RETRIES = "How often to try again; left out, as the charge point sees fit."
_NOW = "Left out: now."


@strawberry.type(description="Firmware, diagnostics or a log: what a charge point does for a while, and tells of.")
class ChargePointJob(Node):
    value: strawberry.Private[ChargePointJobValue]

    kind: JobKind = from_value()
    status: str = from_value(
        "The charge point's own word, such as Downloading or Uploaded. Before its first: Asked, Accepted, or Unanswered"
        " (it may still begin). Without it: Rejected, NotReached, NothingToUpload, or Superseded by a later job."
    )
    location: str = from_value("Where to or from, without its secrets; empty for what it does unasked.")
    file_name: str | None = from_value("What it calls the file that it uploads.")
    asked_by: str | None = from_value("Null for what it does unasked.")
    asked_at: datetime = from_value()
    updated_at: datetime = from_value()
    ended_at: datetime | None = from_value("Null while it may go on.")

    @resolved()
    async def charge_point(self, info: Info) -> ChargePointRef:
        found = await info.context.loaders.charge_points.load(self.value.charge_point_id)
        return charge_point.ChargePoint(value=existing(found))


@strawberry.input
class UpdateFirmwareInput:
    charge_point_id: strawberry.ID
    location: str = strawberry.field(description=_LOCATION)
    retrieve_at: datetime | None = strawberry.field(default=UNSET, description=_NOW)
    retries: int | None = strawberry.field(default=UNSET, description=_RETRIES)
    retry_interval_seconds: int | None = UNSET


@strawberry.input
class SignedUpdateFirmwareInput:
    charge_point_id: strawberry.ID
    location: str = strawberry.field(description=_LOCATION)
    signing_certificate: str = strawberry.field(description="Whose signature it is: the maker's certificate, as PEM.")
    signature: str = strawberry.field(description="The maker's signature of the file, base64.")
    retrieve_at: datetime | None = strawberry.field(default=UNSET, description=_NOW)
    install_at: datetime | None = strawberry.field(default=UNSET, description="Left out: once it is downloaded.")
    retries: int | None = strawberry.field(default=UNSET, description=_RETRIES)
    retry_interval_seconds: int | None = UNSET


@strawberry.input
class GetDiagnosticsInput:
    charge_point_id: strawberry.ID
    location: str = strawberry.field(description=f"Where to upload it. {_LOCATION}")
    since: datetime | None = strawberry.field(default=UNSET, name="from")
    until: datetime | None = strawberry.field(default=UNSET, name="to")
    retries: int | None = strawberry.field(default=UNSET, description=_RETRIES)
    retry_interval_seconds: int | None = UNSET


@strawberry.input
class GetLogInput:
    charge_point_id: strawberry.ID
    kind: LogKind
    location: str = strawberry.field(description=f"Where to upload it. {_LOCATION}")
    since: datetime | None = strawberry.field(default=UNSET, name="from")
    until: datetime | None = strawberry.field(default=UNSET, name="to")
    retries: int | None = strawberry.field(default=UNSET, description=_RETRIES)
    retry_interval_seconds: int | None = UNSET


@strawberry.type
class UpdateFirmwarePayload:
    job: ChargePointJob | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class SignedUpdateFirmwarePayload:
    job: ChargePointJob | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class GetDiagnosticsPayload:
    job: ChargePointJob | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class GetLogPayload:
    job: ChargePointJob | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)
