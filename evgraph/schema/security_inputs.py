"""What the mutations of certificates and security profiles take and answer."""

import strawberry

from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.enums import CertificateUse, HashAlgorithm, MessageTrigger
from evgraph.schema.errors import UserError
from evgraph.schema.security import ChargePointCertificate, InstalledCertificate

UNSET = strawberry.UNSET


@strawberry.input
class InstallCertificateInput:
    charge_point_id: strawberry.ID
    use: CertificateUse
    certificate: str | None = strawberry.field(
        default=UNSET, description="PEM. Left out: the root of the operator's own CA (evgraph ca)."
    )


@strawberry.type
class InstallCertificatePayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class InstalledCertificateInput:
    algorithm: HashAlgorithm
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


@strawberry.input
class DeleteCertificateInput:
    charge_point_id: strawberry.ID
    certificate: InstalledCertificateInput = strawberry.field(description="As getInstalledCertificateIds told it.")


@strawberry.type
class DeleteCertificatePayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class GetInstalledCertificateIdsInput:
    charge_point_id: strawberry.ID
    use: CertificateUse


@strawberry.type
class GetInstalledCertificateIdsPayload:
    certificates: list[InstalledCertificate] | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class ExtendedTriggerMessageInput:
    charge_point_id: strawberry.ID
    message: MessageTrigger
    connector_id: int | None = UNSET


@strawberry.type
class ExtendedTriggerMessagePayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class RequestChargePointCertificateInput:
    charge_point_id: strawberry.ID


@strawberry.type
class RequestChargePointCertificatePayload:
    charge_point: ChargePoint | None = strawberry.field(
        default=None, description="It will make a key and ask for its certificate: see its `certificates` in a while."
    )
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class RevokeCertificateInput:
    certificate_id: strawberry.ID


@strawberry.type
class RevokeCertificatePayload:
    certificate: ChargePointCertificate | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input
class SetChargePointSecurityProfileInput:
    charge_point_id: strawberry.ID
    profile: int = strawberry.field(description="0 to 3; it may only rise.")
    force: bool | None = strawberry.field(
        default=False, description="Lower it, or demand what the charge point cannot show yet, all the same."
    )


@strawberry.type
class SetChargePointSecurityProfilePayload:
    charge_point: ChargePoint | None = None
    errors: list[UserError] = strawberry.field(default_factory=list)
