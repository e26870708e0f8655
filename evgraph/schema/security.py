"""Certificates and security events of charge points: the types, and what an operator does with them."""

from datetime import datetime

import strawberry

from evgraph.domain.asks import CertificateHash as CertificateHashValue
from evgraph.domain.security import IssuedCertificate
from evgraph.domain.security import SecurityEvent as SecurityEventValue
from evgraph.schema.enums import CertificateState
from evgraph.schema.node import Node, from_value


@strawberry.type(description="A certificate that the operator's CA signed for a charge point (security profile 3).")
class ChargePointCertificate(Node):
    value: strawberry.Private[IssuedCertificate]

    serial: str = from_value("Hex digits.")
    state: CertificateState = from_value()
    pem: str = from_value()
    not_before: datetime = from_value()
    not_after: datetime = from_value()
    signed_at: datetime = from_value()


@strawberry.type(description="What a charge point told of its own safety (SecurityEventNotification).")
class SecurityEvent:
    value: strawberry.Private[SecurityEventValue]

    kind: str = from_value("Such as FirmwareUpdated, SettingSystemTime or TamperDetectionActivated.")
    tech_info: str | None = from_value()
    at: datetime = from_value("By the charge point's clock, where that can be believed.")
    received_at: datetime = from_value()


@strawberry.type(description="What a charge point calls a root certificate that it trusts.")
class InstalledCertificate:
    value: strawberry.Private[CertificateHashValue]

    algorithm: str = from_value("SHA256, SHA384 or SHA512.")
    issuer_name_hash: str = from_value()
    issuer_key_hash: str = from_value()
    serial_number: str = from_value()
