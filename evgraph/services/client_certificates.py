"""What a client certificate proves of the charge point that shows it (security profile 3)."""

import asyncio
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from evgraph.domain.charge_point import CertificateState
from evgraph.domain.security import CertificateProof
from evgraph.models import CertificateRow


async def proof(charge_point_id: int, identity: str, der: bytes | None, now: datetime) -> CertificateProof:
    """Its key was proven in the TLS handshake; here it is asked whose it is. Every certificate that was issued here is
    on record, so that one is known by itself, and not by its signature alone.

    One that the charge point never said that it took is taken: it is showing it.
    """
    if der is None:
        return CertificateProof.NONE
    try:
        shown = await asyncio.to_thread(x509.load_der_x509_certificate, der)
        names = [name.value for name in shown.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    except ValueError:
        return CertificateProof.UNREADABLE
    if names != [identity]:
        return CertificateProof.OTHER_NAME
    row = await CertificateRow.get_or_none(serial=serial_text(shown.serial_number), charge_point_id=charge_point_id)
    if row is None or x509.load_pem_x509_certificate(row.pem.encode()).public_bytes(Encoding.DER) != der:
        return CertificateProof.UNKNOWN
    if row.state is CertificateState.REVOKED:
        return CertificateProof.REVOKED
    if not row.not_before <= now <= row.not_after:
        return CertificateProof.OUT_OF_DATE
    if row.state is CertificateState.SENT:
        await CertificateRow.filter(id=row.id, state=CertificateState.SENT).update(state=CertificateState.ACCEPTED)
    return CertificateProof.PROVEN


def serial_text(serial: int) -> str:
    """A certificate's serial number as it is kept: hex digits in lower case."""
    return format(serial, "x")
