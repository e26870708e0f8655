"""The certificates of a charge point: its own, and those that it trusts (security extension, A02 and M03 to M05)."""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from evgraph.simulator.configuration import Configuration
from evgraph.simulator.library import call, call_result, enums
from evgraph.simulator.messenger import Messenger
from evgraph.simulator.promises import Answer, Promises
from evgraph.simulator.simulated_time import SimulatedTime

LOGGER = logging.getLogger("evgraph.simulator")

Use = Callable[[bytes, bytes], None]
"""Takes a chain and its private key, both PEM, for the connections to come."""


class Certificates:
    """Survive a power loss."""

    def __init__(
        self,
        identity: str,
        configuration: Configuration,
        time: SimulatedTime,
        messenger: Messenger,
        promises: Promises,
        use: Use,
    ) -> None:
        self._identity = identity
        self._configuration = configuration
        self._time = time
        self._messenger = messenger
        self._promises = promises
        self._use = use
        self._awaited: ec.EllipticCurvePrivateKey | None = None
        self._installed: dict[str, list[x509.Certificate]] = {}

    def answers(self) -> dict[str, Answer]:
        return {
            "CertificateSigned": self.signed,
            "InstallCertificate": self.install,
            "GetInstalledCertificateIds": self.ids,
            "DeleteCertificate": self.delete,
        }

    def ask_for_a_signature(self) -> None:
        """SignCertificate, for a key pair that is made for it."""
        self._awaited = ec.generate_private_key(ec.SECP256R1())
        name = [x509.NameAttribute(NameOID.COMMON_NAME, self._identity)]
        if operator := self._configuration.text("CpoName"):
            name.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, operator))
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(name))
        signed = request.sign(self._awaited, hashes.SHA256())
        self._messenger.tell(call.SignCertificate(csr=signed.public_bytes(serialization.Encoding.PEM).decode()))

    def signed(self, certificate_chain: str) -> Any:
        """Accepted only for the key that a signature was asked for, in force, and from somebody it trusts."""
        statuses = enums.CertificateSignedStatus
        problem = self._problem(certificate_chain)
        if problem is not None or self._awaited is None:
            LOGGER.info("%s: CertificateSigned is refused: %s", self._identity, problem)
            self._promises.add(partial(self._messenger.security_event, "InvalidChargePointCertificate", problem))
            return call_result.CertificateSigned(status=statuses.rejected)
        key = self._awaited.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._awaited = None
        self._promises.add(partial(self._use, certificate_chain.encode(), key))
        return call_result.CertificateSigned(status=statuses.accepted)

    def _problem(self, chain: str) -> str | None:
        if self._awaited is None:
            return "No signature was asked for."
        try:
            certificates = x509.load_pem_x509_certificates(chain.encode())
        except ValueError as unreadable:
            return f"It cannot be read: {unreadable}"
        own = certificates[0]
        if _public_key(own) != self._awaited.public_key().public_bytes(*_DER):
            return "It is for another key."
        if not own.not_valid_before_utc <= self._time.now() <= own.not_valid_after_utc:
            return "It is not in force."
        roots = self._installed.get(enums.CertificateUse.central_system_root_certificate, [])
        if not all(_is_issued_by(lower, upper) for lower, upper in itertools.pairwise(certificates)):
            return "Its chain is broken."
        if roots and not any(_is_issued_by(certificates[-1], root) or certificates[-1] == root for root in roots):
            return "It comes from nobody that is trusted here."
        return None

    def install(self, certificate_type: str, certificate: str) -> Any:
        statuses = enums.CertificateStatus
        try:
            read = x509.load_pem_x509_certificate(certificate.encode())
        except ValueError:
            return call_result.InstallCertificate(status=statuses.failed)
        store = self._installed.setdefault(certificate_type, [])
        held = sum(len(each) for each in self._installed.values())
        if read.not_valid_after_utc < self._time.now():
            return call_result.InstallCertificate(status=statuses.rejected)
        if read not in store:
            if held >= self._configuration.number("CertificateStoreMaxLength"):
                return call_result.InstallCertificate(status=statuses.rejected)
            store.append(read)
        return call_result.InstallCertificate(status=statuses.accepted)

    def ids(self, certificate_type: str) -> Any:
        statuses = enums.GetInstalledCertificateStatus
        found = [hash_data(certificate) for certificate in self._installed.get(certificate_type, [])]
        return call_result.GetInstalledCertificateIds(
            status=statuses.accepted if found else statuses.not_found, certificate_hash_data=found or None
        )

    def delete(self, certificate_hash_data: dict[str, Any]) -> Any:
        statuses = enums.DeleteCertificateStatus
        algorithm = certificate_hash_data["hash_algorithm"]
        for store in self._installed.values():
            for certificate in store:
                if hash_data(certificate, algorithm) == certificate_hash_data:
                    store.remove(certificate)
                    return call_result.DeleteCertificate(status=statuses.accepted)
        return call_result.DeleteCertificate(status=statuses.not_found)


_DER = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def hash_data(certificate: x509.Certificate, algorithm: str = "SHA256") -> dict[str, str]:
    """CertificateHashData of a self-signed certificate: its own key is its issuer's."""
    # As in RFC 6960: the name as DER, the key's bit string without its tag and length.
    digest = getattr(hashlib, algorithm.lower())
    return {
        "hash_algorithm": algorithm,
        "issuer_name_hash": digest(certificate.issuer.public_bytes()).hexdigest(),
        "issuer_key_hash": digest(_bit_string(certificate)).hexdigest(),
        "serial_number": f"{certificate.serial_number:x}",
    }


def _bit_string(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _public_key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(*_DER)


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
