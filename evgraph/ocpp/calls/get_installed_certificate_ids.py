from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import CertificateHash, GetInstalledCertificateIds, InstalledCertificates
from evgraph.ocpp.calls.answers import objects, status, text, unreadable
from evgraph.ocpp.calls.command import Command, asks
from evgraph.services.interfaces import ChargerRejected

_LONGEST_HASH = 128
_LONGEST_SERIAL = 40


@asks(GetInstalledCertificateIds)
def get_installed_certificate_ids(ask: GetInstalledCertificateIds) -> Command[InstalledCertificates]:
    """Security extension, section 5.6."""
    return Command("GetInstalledCertificateIds", {"certificateType": ask.kind}, _read)


def _read(answer: Mapping[str, Any]) -> InstalledCertificates:
    told = objects(answer, "certificateHashData")
    found = tuple(certificate for certificate in map(_certificate, told) if certificate is not None)
    if told and not found:
        raise unreadable(answer.get("certificateHashData"))
    return InstalledCertificates(status=status(answer), certificates=found)


def _certificate(entry: Mapping[str, Any]) -> CertificateHash | None:
    """Null for an entry that cannot be read: the others still hold."""
    try:
        algorithm = text(entry, "hashAlgorithm", _LONGEST_SERIAL)
        name = text(entry, "issuerNameHash", _LONGEST_HASH)
        key = text(entry, "issuerKeyHash", _LONGEST_HASH)
        serial = text(entry, "serialNumber", _LONGEST_SERIAL)
    except ChargerRejected:
        return None
    if algorithm is None or name is None or key is None or serial is None:
        return None
    return CertificateHash(algorithm=algorithm, issuer_name_hash=name, issuer_key_hash=key, serial_number=serial)
