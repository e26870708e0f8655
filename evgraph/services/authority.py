"""The operator's certificate authority: a key and a root certificate in a folder, and what they sign.

Sizes and algorithms are those of "Improved security for OCPP 1.6-J" (A00.FR.503 to 513): 112 bits of security at the
least, which are RSA of 2048 bits or an elliptic curve of 224, and SHA-256.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

ROOT_FILE, KEY_FILE = "ca.pem", "ca.key"
ROOT_YEARS, SERVER_YEARS, CHARGE_POINT_YEARS = 20, 2, 2
_YEAR = timedelta(days=365)
# The clocks of chargers run slow; a certificate that begins now would not hold yet.
_BEGUN = timedelta(days=1)
_SHORTEST_RSA, _LONGEST_RSA, _SHORTEST_CURVE = 2048, 4096, 256
_WEAK_HASHES = (hashes.MD5, hashes.SHA1)


class KeyKind(StrEnum):
    """RSA is what every OCPP 1.6 charger verifies (OCPP-J 1.6 section 6.2.1 asks for it); 3072 bits hold beyond 2030,
    where 2048 end by NIST SP 800-57. P-256 is for chargers that know elliptic curves."""

    RSA_3072 = "rsa-3072"
    RSA_2048 = "rsa-2048"
    P_256 = "p-256"


class NoAuthority(Exception):
    """There is none in that folder, or one that cannot be read."""


class AuthorityExists(Exception):
    """There is one already: to overwrite it would cut off every charge point that it signed for."""


class BadSigningRequest(Exception):
    """A CSR that is not signed, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCertificate:
    """`serial`: as hex digits in lower case."""

    serial: str
    pem: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A CSR that was found good: all that is taken of it is the key."""

    public: PublicKey


class Authority:
    def __init__(self, key: Key, root: x509.Certificate) -> None:
        self._key = key
        self.root = root

    @classmethod
    def create(cls, folder: Path, *, name: str, organization: str | None, kind: KeyKind, now: datetime) -> "Authority":
        """Raises AuthorityExists, or OSError."""
        if (folder / ROOT_FILE).exists() or (folder / KEY_FILE).exists():
            raise AuthorityExists(f"There is a certificate authority in {folder} already.")
        key = new_key(kind)
        subject = _name(name, organization)
        root = (
            _builder(subject, subject, key.public_key(), now, ROOT_YEARS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
            .sign(key, hashes.SHA256())
        )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(folder / KEY_FILE, key_pem(key), mode=0o600)
        write_new(folder / ROOT_FILE, root.public_bytes(Encoding.PEM), mode=0o644)
        return cls(key, root)

    @classmethod
    def load(cls, folder: Path) -> "Authority":
        """Raises NoAuthority."""
        try:
            key = load_pem_private_key((folder / KEY_FILE).read_bytes(), None)
            root = x509.load_pem_x509_certificate((folder / ROOT_FILE).read_bytes())
        except FileNotFoundError as failure:
            raise NoAuthority(f"There is no certificate authority in {folder}. Make one: evgraph ca init") from failure
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as failure:
            raise NoAuthority(f"The certificate authority in {folder} cannot be read: {failure}") from failure
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) or key.public_key() != root.public_key():
            raise NoAuthority(f"In {folder}, {KEY_FILE} is not the key of {ROOT_FILE}.")
        return cls(key, root)

    @property
    def organization(self) -> str | None:
        named = self.root.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return str(named[0].value) if named else None

    @property
    def root_pem(self) -> str:
        return self.root.public_bytes(Encoding.PEM).decode()

    def check(self, text: str, identity: str) -> SigningRequest:
        """What a charge point asks to be signed. Raises BadSigningRequest."""
        csr = _read_csr(text)
        try:
            public, is_valid, weak = csr.public_key(), csr.is_signature_valid, csr.signature_hash_algorithm
            names, owners = _texts(csr.subject, NameOID.COMMON_NAME), _texts(csr.subject, NameOID.ORGANIZATION_NAME)
        except (ValueError, UnsupportedAlgorithm, InvalidSignature) as failure:
            raise BadSigningRequest(f"it cannot be read: {failure}") from failure
        if not is_valid:
            raise BadSigningRequest("its signature is not of its own key")
        if isinstance(weak, _WEAK_HASHES):
            raise BadSigningRequest(f"it is signed with {weak.name}, which is broken")
        if names != [identity]:
            raise BadSigningRequest(f"its common name is {names!r}, and not the identity")
        if self.organization is not None and owners and owners != [self.organization]:
            raise BadSigningRequest(f"its organization is {owners!r}; set CpoName to {self.organization!r}")
        return SigningRequest(_strong(public))

    def sign(self, request: SigningRequest, identity: str, now: datetime) -> SignedCertificate:
        """A client certificate."""
        subject = _name(identity, self.organization)
        made = (
            _builder(subject, self.root.subject, request.public, now, CHARGE_POINT_YEARS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(self._issuer(), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return SignedCertificate(
            serial=format(made.serial_number, "x"),
            pem=made.public_bytes(Encoding.PEM).decode(),
            not_before=made.not_valid_before_utc,
            not_after=made.not_valid_after_utc,
        )

    def issue_server(self, hosts: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
        """A server's certificate and its key, as PEM. RSA of 2048 bits: what OCPP-J 1.6 section 6.2.1 asks for."""
        key = new_key(KeyKind.RSA_2048)
        made = (
            _builder(_name(hosts[0], self.organization), self.root.subject, key.public_key(), now, SERVER_YEARS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage("digital_signature", "key_encipherment"), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
            .add_extension(self._issuer(), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return made.public_bytes(Encoding.PEM), key_pem(key)

    def _issuer(self) -> x509.AuthorityKeyIdentifier:
        own = self.root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def new_key(kind: KeyKind) -> Key:
    match kind:
        case KeyKind.RSA_3072:
            return rsa.generate_private_key(65537, 3072)
        case KeyKind.RSA_2048:
            return rsa.generate_private_key(65537, 2048)
        case KeyKind.P_256:
            return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_new(file: Path, content: bytes, *, mode: int) -> None:
    """Never over what is there, and never readable by others for a moment. Raises FileExistsError, or OSError."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, now: datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEGUN)
        .not_valid_after(now + years * _YEAR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*allowed: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{use: use in allowed for use in every})


def _name(common: str, organization: str | None) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _read_csr(text: str) -> x509.CertificateSigningRequest:
    """PEM; some firmwares write its line ends as the two characters \\n, and some leave its first and last line out."""
    plain = text.replace("\\r", "").replace("\\n", "\n").strip()
    if "-----BEGIN" not in plain:
        plain = f"-----BEGIN CERTIFICATE REQUEST-----\n{plain}\n-----END CERTIFICATE REQUEST-----"
    try:
        return x509.load_pem_x509_csr(plain.encode())
    except (ValueError, UnsupportedAlgorithm) as failure:
        raise BadSigningRequest("it is no PEM of a certificate signing request") from failure


def _texts(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(kind)]


def _strong(public: object) -> PublicKey:
    match public:
        case rsa.RSAPublicKey(key_size=bits) if not _SHORTEST_RSA <= bits <= _LONGEST_RSA:
            raise BadSigningRequest(f"its RSA key has {bits} bits, and not {_SHORTEST_RSA} to {_LONGEST_RSA}")
        case ec.EllipticCurvePublicKey(key_size=bits) if bits < _SHORTEST_CURVE:
            raise BadSigningRequest(f"its elliptic curve has {bits} bits, and not {_SHORTEST_CURVE} at the least")
        case rsa.RSAPublicKey() | ec.EllipticCurvePublicKey():
            return public
    raise BadSigningRequest("its key is neither RSA nor of an elliptic curve")
