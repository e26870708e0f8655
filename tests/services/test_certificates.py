"""The operator's CA, what it signs for charge points, and what it does not."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evgraph.bus import EventBus
from evgraph.domain.asks import (
    CertificateHash,
    CertificateSigned,
    DeleteCertificate,
    ExtendedTriggerMessage,
    GetInstalledCertificateIds,
    InstallCertificate,
    InstalledCertificates,
)
from evgraph.domain.charge_point import CertificateState
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.security import CertificateProof, CertificateUse
from evgraph.models import CertificateRow, ChargePointRow, SecurityEventRow
from evgraph.services import client_certificates
from evgraph.services.authority import Authority, AuthorityExists, BadSigningRequest, KeyKind, NoAuthority
from evgraph.services.certificates import Certificates
from evgraph.services.house import open_house
from evgraph.services.interfaces import ChargerOffline
from evgraph.services.retention import Retention
from tests.patience import PATIENCE_S
from tests.services.conftest import Garage, TurnedClock

IDENTITY = "AX48-1"


@pytest.fixture
def authority(tmp_path: Path, clock: TurnedClock) -> Authority:
    return Authority.create(
        tmp_path / "ca", name="Root", organization="Midtown Parking", kind=KeyKind.P_256, now=clock.now()
    )


@pytest.fixture
async def certificates(garage: Garage, tmp_path: Path) -> Certificates:
    """Those of a house whose CA lies there, if it was made."""
    house = open_house(bus=EventBus(), clock=garage.clock, gateway=garage.chargers, ca_folder=tmp_path / "ca")
    return house.certificates


def csr(
    name: str | None = IDENTITY, *, key: object = None, organization: str | None = None, hash_: object = hashes.SHA256()
) -> str:
    """PEM; null for no common name."""
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name is not None else []
    if organization is not None:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    private = key or ec.generate_private_key(ec.SECP256R1())
    return builder.sign(private, hash_).public_bytes(Encoding.PEM).decode()  # type: ignore[arg-type]


def test_a_ca_is_made_once_and_its_key_is_its_owners(tmp_path: Path, authority: Authority, clock: TurnedClock) -> None:
    folder = tmp_path / "ca"
    assert stat.S_IMODE((folder / "ca.key").stat().st_mode) == 0o600
    assert Authority.load(folder).root_pem == authority.root_pem == (folder / "ca.pem").read_text()
    with pytest.raises(AuthorityExists):
        Authority.create(folder, name="Other", organization=None, kind=KeyKind.P_256, now=clock.now())
    with pytest.raises(NoAuthority, match="evgraph ca init"):
        Authority.load(tmp_path)
    (folder / "ca.key").write_text("rubbish")
    with pytest.raises(NoAuthority, match="cannot be read"):
        Authority.load(folder)


def test_what_is_signed_opens_this_door_and_no_other(authority: Authority, clock: TurnedClock) -> None:
    signed = authority.sign(authority.check(csr(organization="Midtown Parking"), IDENTITY), IDENTITY, clock.now())
    made = x509.load_pem_x509_certificate(signed.pem.encode())
    made.verify_directly_issued_by(authority.root)
    assert made.subject.rfc4514_string() == "O=Midtown Parking,CN=AX48-1"
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert signed.not_before < clock.now() < signed.not_after < clock.now() + timedelta(days=731)
    server, _ = authority.issue_server(["charge.example.com", "10.0.0.7"], clock.now())
    names = x509.load_pem_x509_certificate(server).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["charge.example.com"]
    assert [str(address) for address in names.value.get_values_for_type(x509.IPAddress)] == ["10.0.0.7"]


def test_a_csr_is_taken_in_the_forms_that_firmware_writes(authority: Authority) -> None:
    plain = csr()
    bare = plain.replace("-----BEGIN CERTIFICATE REQUEST-----\n", "").replace("-----END CERTIFICATE REQUEST-----\n", "")
    for text in (plain, plain.replace("\n", "\\n"), plain.replace("\n", "\r\n"), bare):
        authority.check(text, IDENTITY)
    for private in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())):
        authority.check(csr(key=private), IDENTITY)


def _tampered() -> str:
    der = bytearray(x509.load_pem_x509_csr(csr().encode()).public_bytes(Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lambda: "rubbish", "no PEM"),
        (lambda: "", "no PEM"),
        (lambda: csr()[:200], "no PEM"),
        (_tampered, "signature"),
        (lambda: csr("AX48-2"), "common name"),
        (lambda: csr("ax48-1"), "common name"),
        (lambda: csr(None), "common name"),
        (lambda: csr(organization="Uptown Parking"), "CpoName"),
        (lambda: csr(key=rsa.generate_private_key(65537, 1024)), "1024 bits"),
        (lambda: csr(key=ec.generate_private_key(ec.SECP224R1())), "224 bits"),
        (lambda: csr(key=ed25519.Ed25519PrivateKey.generate(), hash_=None), "neither RSA nor"),
    ],
)
def test_a_csr_that_is_not_good_enough_is_not_signed(authority: Authority, text, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadSigningRequest, match=why):
        authority.check(text(), IDENTITY)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("Accepted", CertificateState.ACCEPTED),
        ("Rejected", CertificateState.REJECTED),
        (ChargerOffline("gone"), CertificateState.SENT),
    ],
)
async def test_a_csr_is_answered_at_once_and_signed_behind_it(
    garage: Garage, authority: Authority, certificates: Certificates, answer: object, state: CertificateState
) -> None:
    garage.chargers.answers[CertificateSigned] = answer
    request = csr()
    assert await certificates.sign_requested(garage.charge_point_id, IDENTITY, request)
    # Said again, it is the same; another one meanwhile is not taken.
    assert await certificates.sign_requested(garage.charge_point_id, IDENTITY, request)
    assert not await certificates.sign_requested(garage.charge_point_id, IDENTITY, csr())
    await certificates.close()
    (sent,) = garage.chargers.all(CertificateSigned)
    row = await CertificateRow.get()
    assert (row.pem, row.state, row.charge_point_id) == (sent.chain, state, garage.charge_point_id)
    der = x509.load_pem_x509_certificate(row.pem.encode()).public_bytes(Encoding.DER)
    assert row.serial == client_certificates.serial_text(x509.load_der_x509_certificate(der).serial_number)

    # One that the charge point shows, it has.
    async def proof(**turned: float) -> CertificateProof:
        now = garage.clock.now() + timedelta(**turned)
        return await client_certificates.proof(garage.charge_point_id, IDENTITY, der, now)

    assert await proof() is CertificateProof.PROVEN
    if state is CertificateState.SENT:
        assert (await CertificateRow.get()).state is CertificateState.ACCEPTED
    assert await proof(days=731) is CertificateProof.OUT_OF_DATE
    await certificates.revoke(garage.operator, row.id)
    assert await proof() is CertificateProof.REVOKED
    assert garage.chargers.disconnected == [IDENTITY]


async def test_without_a_ca_nothing_is_signed_and_the_log_says_what_to_do(
    garage: Garage, certificates: Certificates, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not await certificates.sign_requested(garage.charge_point_id, IDENTITY, csr())
    assert "evgraph ca init" in capsys.readouterr().out
    with pytest.raises(Refusal, match="evgraph ca init"):
        await certificates.request_new(garage.operator, garage.charge_point_id)
    with pytest.raises(Refusal, match="evgraph ca init"):
        await certificates.install(garage.operator, garage.charge_point_id, CertificateUse.CENTRAL_SYSTEM_ROOT, None)
    assert garage.chargers.asks == []


async def test_an_operator_has_roots_installed_told_and_deleted(
    garage: Garage, authority: Authority, certificates: Certificates
) -> None:
    point, root = garage.charge_point_id, CertificateUse.CENTRAL_SYSTEM_ROOT
    garage.chargers.answers[InstallCertificate] = "Accepted"
    await certificates.install(garage.operator, point, root, None)
    await certificates.install(garage.operator, point, root, authority.root_pem)
    assert [ask.certificate for ask in garage.chargers.all(InstallCertificate)] == [authority.root_pem] * 2
    for pem in ("rubbish", "x" * 6000):
        with pytest.raises(Refusal) as refused:
            await certificates.install(garage.operator, point, root, pem)
        assert refused.value.code is ErrorCode.INVALID
    known = CertificateHash(algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1f")
    garage.chargers.answers[GetInstalledCertificateIds] = InstalledCertificates("Accepted", (known,))
    assert await certificates.installed(garage.operator, point, root) == [known]
    garage.chargers.answers[GetInstalledCertificateIds] = InstalledCertificates("NotFound", ())
    assert await certificates.installed(garage.operator, point, root) == []
    garage.chargers.answers[DeleteCertificate] = "NotFound"
    with pytest.raises(Refusal, match="holds no such certificate"):
        await certificates.delete(garage.operator, point, known)


async def test_an_operator_has_a_new_certificate_requested(
    garage: Garage, authority: Authority, certificates: Certificates
) -> None:
    garage.chargers.answers[ExtendedTriggerMessage] = "Accepted"
    await certificates.request_new(garage.operator, garage.charge_point_id)
    assert garage.chargers.all(ExtendedTriggerMessage) == [ExtendedTriggerMessage("SignChargePointCertificate", None)]
    garage.chargers.answers[ExtendedTriggerMessage] = "NotImplemented"
    with pytest.raises(Refusal, match="does not know this message") as refused:
        await certificates.request_new(garage.operator, garage.charge_point_id)
    assert refused.value.field == ("input", "chargePointId"), "the one field that the mutation has"
    garage.chargers.answers[InstallCertificate] = ChargerOffline("gone")
    with pytest.raises(Refusal, match="is offline") as refused:
        await certificates.install(garage.operator, garage.charge_point_id, CertificateUse.CENTRAL_SYSTEM_ROOT, None)
    assert refused.value.field == ("input", "chargePointId")


async def test_a_risen_profile_closes_the_connection_that_is_less(garage: Garage, certificates: Certificates) -> None:
    raised = await certificates.demand_profile(garage.operator, garage.charge_point_id, 2)
    assert (raised.security_profile, garage.chargers.disconnected) == (2, [IDENTITY])
    for profile, why in ((1, "may only rise"), (3, "has taken no certificate")):
        with pytest.raises(Refusal, match=why):
            await certificates.demand_profile(garage.operator, garage.charge_point_id, profile)
    lowered = await certificates.demand_profile(garage.operator, garage.charge_point_id, 0, is_forced=True)
    assert (lowered.security_profile, garage.chargers.disconnected) == (0, [IDENTITY])
    assert (await ChargePointRow.get(id=garage.charge_point_id)).security_profile == 0


async def test_b7_a_security_event_is_kept_once(garage: Garage) -> None:
    events, at = garage.house.security_events, garage.clock.now()
    for _ in range(2):
        await events.reported(garage.charge_point_id, kind="TamperDetectionActivated", tech_info=None, at=at)
    await events.reported(garage.charge_point_id, kind="SettingSystemTime", tech_info="x" * 300, at=at)
    found = await SecurityEventRow.all().order_by("id")
    assert [(row.kind, len(row.tech_info or "")) for row in found] == [
        ("TamperDetectionActivated", 0),
        ("SettingSystemTime", 255),
    ]
    for days, left in ((364, 2), (2, 0)):
        garage.clock.turn(days=days)
        await Retention(garage.clock).tidy()
        assert await SecurityEventRow.all().count() == left


async def test_signing_never_holds_up_the_loop(
    garage: Garage, authority: Authority, certificates: Certificates
) -> None:
    """The charge point's reader waits for the answer to its SignCertificate, and for nothing else."""
    gate = asyncio.Event()

    async def late(_: str, ask: object) -> str:
        await gate.wait()
        return "Accepted"

    garage.chargers.ask = late  # type: ignore[method-assign, assignment]
    async with asyncio.timeout(PATIENCE_S):
        assert await certificates.sign_requested(garage.charge_point_id, IDENTITY, csr())
    gate.set()
    await certificates.close()
    assert (await CertificateRow.get()).state is CertificateState.ACCEPTED
