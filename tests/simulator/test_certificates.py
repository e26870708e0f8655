"""Certificates: asked for, checked, installed, listed, deleted; and shown by wss."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import serve

from evgraph.simulator import BackOff, SimulatedChargePoint
from evgraph.simulator.certificates import hash_data
from tests.patience import PATIENCE_S

ROOT = "CentralSystemRootCertificate"


class Authority:
    """Signs, as an operator's CA does."""

    def __init__(self, name: str = "Midtown Parking", key=None) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.sign(self.name, self.key.public_key(), is_ca=True)

    def sign(self, subject, public_key, *, days: int = 1, is_ca: bool = False, host: str = "127.0.0.1"):
        now = datetime.now(UTC)
        alternative = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address(host))])
        return (
            x509.CertificateBuilder(self.name, subject, public_key, x509.random_serial_number())
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(alternative, critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def answer(self, request: str, **more) -> str:
        """The chain for a SignCertificate."""
        csr = x509.load_pem_x509_csr(request.encode())
        assert csr.is_signature_valid
        return pem(self.sign(csr.subject, csr.public_key(), **more))


def pem(certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


async def asked(central_system) -> str:
    """The CSR that a charge point sends when it is triggered to."""
    before = len(central_system.payloads("SignCertificate"))
    answer = await central_system.send("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    assert answer == {"status": "Accepted"}
    return (await central_system.came("SignCertificate", times=before + 1))["csr"]


@pytest.fixture
def signs(central_system):
    central_system.answers["SignCertificate"] = lambda _: {"status": "Accepted"}


@pytest.mark.usefixtures("signs")
async def test_a_certificate_is_asked_for_in_its_own_name(charge_point, central_system):
    await central_system.send("ChangeConfiguration", key="CpoName", value="Midtown Parking")
    csr = x509.load_pem_x509_csr((await asked(central_system)).encode())
    assert csr.subject.rfc4514_string() == "O=Midtown Parking,CN=AX48-1"
    assert csr.is_signature_valid


@pytest.mark.usefixtures("signs")
async def test_only_a_certificate_that_was_asked_for_is_taken(charge_point, central_system):
    authority, stranger = Authority(), Authority("Somebody else")
    signed = "CertificateSigned"
    chain = pem(authority.certificate)
    assert await central_system.send(signed, certificateChain=chain) == {"status": "Rejected"}
    csr = await asked(central_system)
    await central_system.send("InstallCertificate", certificateType=ROOT, certificate=pem(authority.certificate))
    for wrong in (
        "no certificate",
        pem(authority.certificate),
        authority.answer(csr, days=-1),
        stranger.answer(csr),
        stranger.answer(csr) + pem(authority.certificate),
    ):
        assert await central_system.send(signed, certificateChain=wrong) == {"status": "Rejected"}
    await central_system.came("SecurityEventNotification", times=6)
    assert {it["type"] for it in central_system.payloads("SecurityEventNotification")} == {
        "InvalidChargePointCertificate"
    }
    chain = authority.answer(csr) + pem(authority.certificate)
    assert await central_system.send(signed, certificateChain=chain) == {"status": "Accepted"}
    assert await central_system.send(signed, certificateChain=chain) == {"status": "Rejected"}


@pytest.mark.parametrize("kind", [ROOT, "ManufacturerRootCertificate"])
async def test_roots_are_installed_listed_and_deleted(charge_point, central_system, kind):
    authority = Authority(key=rsa.generate_private_key(65537, 2048))
    ids = {"certificateType": kind}
    assert await central_system.send("GetInstalledCertificateIds", **ids) == {"status": "NotFound"}
    install = {"certificate": pem(authority.certificate), **ids}
    assert await central_system.send("InstallCertificate", **install) == {"status": "Accepted"}
    assert await central_system.send("InstallCertificate", **install) == {"status": "Accepted"}
    answer = await central_system.send("GetInstalledCertificateIds", **ids)
    [told] = answer["certificateHashData"]
    assert told == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": _sha256(authority.name.public_bytes()),
        "issuerKeyHash": x509_key_hash(authority),
        "serialNumber": f"{authority.certificate.serial_number:x}",
    }
    other = told | {"serialNumber": "1"}
    assert await central_system.send("DeleteCertificate", certificateHashData=other) == {"status": "NotFound"}
    assert await central_system.send("DeleteCertificate", certificateHashData=told) == {"status": "Accepted"}
    assert await central_system.send("GetInstalledCertificateIds", **ids) == {"status": "NotFound"}


async def test_what_is_no_certificate_is_not_installed(charge_point, central_system):
    install = {"certificateType": ROOT, "certificate": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"}
    assert await central_system.send("InstallCertificate", **install) == {"status": "Failed"}
    old = Authority()
    expired = old.sign(old.name, old.key.public_key(), days=-1)
    answer = await central_system.send("InstallCertificate", certificateType=ROOT, certificate=pem(expired))
    assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(("algorithm", "digits"), [("SHA256", 64), ("SHA384", 96), ("SHA512", 128)])
def test_hashes_come_in_three_lengths(algorithm, digits):
    told = hash_data(Authority().certificate, algorithm)
    assert len(told["issuer_name_hash"]) == len(told["issuer_key_hash"]) == digits


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def x509_key_hash(authority: Authority) -> str:
    """By RFC 6960: over the bit string of the public key."""
    numbers = authority.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return _sha256(numbers)


async def until(holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - a moment of no event
            await asyncio.sleep(0.01)


async def test_security_profile_3_shows_its_certificate(tmp_path):
    authority = Authority()
    files = {}
    for name in ("server", "charger"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name}-1")])
        files[name] = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        files[name][0].write_text(pem(authority.sign(subject, key.public_key())))
        files[name][1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    ca = tmp_path / "ca.pem"
    ca.write_text(pem(authority.certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    context.load_cert_chain(*files["server"])
    context.verify_mode = ssl.CERT_REQUIRED
    shown = []

    async def converse(socket) -> None:
        certificate = socket.transport.get_extra_info("ssl_object").getpeercert()
        shown.append(dict(field[0] for field in certificate["subject"])["commonName"])
        async for _ in socket:
            await socket.send('[3,"1",{}]')

    async with serve(converse, "127.0.0.1", 0, subprotocols=["ocpp1.6"], ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        certificate, private_key = files["charger"]
        url, back_off = f"wss://127.0.0.1:{port}/ocpp", BackOff(first=0.02, longest=0.1)
        async with SimulatedChargePoint(
            url, "charger-1", back_off=back_off, ca=ca, certificate=certificate, private_key=private_key
        ) as charge_point:
            await until(lambda: charge_point.is_connected)
        async with SimulatedChargePoint(url, "charger-1", back_off=back_off) as stranger:
            await until(lambda: stranger.problem is not None)
            assert "certificate" in stranger.problem.lower()
    assert shown == ["charger-1"]
