"""Security profiles 1 to 3 over real TLS, with the operator's own CA: who is let in, who is turned away, and why."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from typer.testing import CliRunner
from websockets.exceptions import ConnectionClosed, InvalidMessage

from evgraph.app import CannotServe
from evgraph.app import server as serving
from evgraph.bus import EventBus
from evgraph.cli import cli
from evgraph.domain.charge_point import CertificateState
from evgraph.domain.people import Role, Viewer
from evgraph.models import CertificateRow, ChargePointRow, GarageRow, RefusedConnectionRow, database
from evgraph.services.authority import Authority, KeyKind
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services, open_house
from evgraph.services.offline import NoChargePoints
from evgraph.settings import Settings
from tests.journeys.server import HOST, Server
from tests.journeys.wire import Key, TlsServer, trusting, turned_away, wired
from tests.patience import PATIENCE_S

BOOT = {"chargePointVendor": "Phihong", "chargePointModel": "AX48"}
FIRST, SECOND = "AX48-1", "AX48-2"


@dataclass
class Ca:
    """What `evgraph ca` made."""

    folder: Path
    certificate: Path
    key: Path

    @property
    def root(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def tls(self) -> dict[str, object]:
        return {"tls_cert": self.certificate, "tls_key": self.key, "ca_dir": self.folder, "boot_wait_s": 60}


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    """By the commands of docs/security.md."""
    folder = tmp_path_factory.mktemp("ca")
    for command in (["init", "--organization", "Midtown Parking"], ["issue-server", HOST, "localhost"]):
        ran = CliRunner().invoke(cli, ["ca", *command, "--dir", str(folder)])
        assert ran.exit_code == 0, ran.output
    return Ca(folder, folder / "servers" / f"{HOST}.pem", folder / "servers" / f"{HOST}.key")


@dataclass
class Beside:
    """The same database, beside the server, as the command line has it."""

    house: Services
    operator: Viewer

    async def demand(self, identity: str, profile: int) -> None:
        row = await ChargePointRow.get(identity=identity)
        await self.house.certificates.demand_profile(self.operator, row.id, profile, is_forced=True)

    async def reasons(self) -> list[str]:
        """Of refused attempts, oldest first; forgotten then."""
        rows = await RefusedConnectionRow.all().order_by("id")
        await RefusedConnectionRow.all().delete()
        return [row.reason for row in rows]

    async def latest(self) -> CertificateRow:
        row = await CertificateRow.all().order_by("-id").first()
        assert row is not None
        return row


@pytest.fixture
async def beside(database_url: str, ca: Ca) -> AsyncIterator[Beside]:
    await database.open_database(database_url)
    house = open_house(bus=EventBus(), clock=SystemClock(), gateway=NoChargePoints(), ca_folder=ca.folder)
    garage = await GarageRow.get()
    viewer = Viewer(
        id=1,
        organization_id=garage.organization_id,
        organization="Midtown Parking",
        name="Olivia",
        email=None,
        roles={garage.id: Role.OPERATOR},
    )
    try:
        yield Beside(house, viewer)
    finally:
        await house.close()
        await database.close_database()


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
    assert server.errors() == []


def test_what_was_never_signed_is_not_revoked(database_url: str) -> None:
    ran = CliRunner().invoke(cli, ["ca", "revoke", "1F", "--database-url", database_url])
    assert (ran.exit_code, "No certificate with the serial number 1F" in ran.output) == (1, True)
    assert CliRunner().invoke(cli, ["ca", "list", "--database-url", database_url]).exit_code == 0


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"tls_cert": "certificate"}, "needs both"),
        ({"tls_key": "key"}, "needs both"),
        ({"tls_cert": "nothing.pem", "tls_key": "key"}, "Cannot serve TLS with"),
        ({"tls_cert": "certificate", "tls_key": "root"}, "Cannot serve TLS with"),
        (
            {"tls_cert": "certificate", "tls_key": "key", "client_ca": "nothing.pem"},
            "Cannot verify client certificates",
        ),
        ({"trusted_proxies": "proxy.local"}, "EVGRAPH_TRUSTED_PROXIES"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_is(ca: Ca, settings: dict[str, str], why: str) -> None:
    files = {"certificate": ca.certificate, "key": ca.key, "root": ca.root}
    given = {name: files.get(value, value) for name, value in settings.items()}
    with pytest.raises(CannotServe, match=why):
        serving(Settings(**given))  # type: ignore[arg-type]


async def until_logged(server: Server, event: str, why: str) -> None:
    """The log is written by another process."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(line["event"] == event and why in line.get("why", "") for line in server.lines()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def shake_hands(address: str, tls: ssl.SSLContext) -> None:
    """As firmware does: with a blocking socket, which tells why it breaks off."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as plain, tls.wrap_socket(plain, server_hostname=host):
        pass


async def test_profiles_0_and_1_on_an_open_wire_and_2_and_3_refused_there(
    furnished: tuple[str, dict[str, str]], database_url: str, tmp_path: Path, beside: Beside
) -> None:
    keys = furnished[1]
    async with running(Server(database_url, tmp_path / "log", boot_wait_s=60)) as server:
        async with wired(server, FIRST, keys[FIRST]) as charger:
            assert (await charger.call("BootNotification", BOOT))["status"] == "Accepted"
        await beside.demand(FIRST, 1)
        async with wired(server, FIRST, keys[FIRST]) as charger:
            assert "currentTime" in await charger.call("Heartbeat", {})
        assert await turned_away(server, FIRST) == 401
        assert await turned_away(server, FIRST, "0123456789abcdef") == 401
        for profile in (2, 3):
            await beside.demand(FIRST, profile)
            assert await turned_away(server, FIRST, keys[FIRST]) == 403
            # Whoever stands before us may say so; nobody was told to believe it.
            assert await turned_away(server, FIRST, keys[FIRST], headers={"X-Forwarded-Proto": "https"}) == 403
        await ChargePointRow.filter(identity=SECOND).update(key_hash=None, security_profile=1)
        assert await turned_away(server, SECOND, keys[SECOND]) == 403
    assert await beside.reasons() == [
        "bad credentials: none that can be read",
        "bad credentials: wrong key",
        *["not encrypted (needs wss)"] * 4,
        "profile needs a key, and none is set",
    ]


async def test_profile_2_is_a_key_over_tls(
    furnished: tuple[str, dict[str, str]], database_url: str, tmp_path: Path, ca: Ca, beside: Beside
) -> None:
    keys, tls = furnished[1], trusting(ca.root)
    async with running(TlsServer(database_url, tmp_path / "log", ca.root, **ca.tls)) as server:
        await beside.demand(FIRST, 2)
        async with wired(server, FIRST, keys[FIRST], tls) as charger:
            assert charger.websocket.transport.get_extra_info("ssl_object").version() == "TLSv1.3"
            assert (await charger.call("BootNotification", BOOT))["status"] == "Accepted"
        old = trusting(ca.root)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        # All that some chargers know (A00.FR.318).
        old.set_ciphers("AES128-GCM-SHA256")
        async with wired(server, FIRST, keys[FIRST], old) as charger:
            assert (await charger.call("BootNotification", BOOT))["status"] == "Accepted"
        assert await turned_away(server, FIRST, keys[SECOND], tls=tls) == 401
        assert await turned_away(server, FIRST, tls=tls) == 401
        with pytest.raises((InvalidMessage, ConnectionClosed, OSError)):
            async with wired(server, FIRST, keys[FIRST], url=f"ws://{server.address}/ocpp"):
                pass
        await until_logged(server, "TLS handshake failed", "wss")
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.to_thread(shake_hands, server.address, ssl.create_default_context())
        await until_logged(server, "TLS handshake failed", "does not trust our certificate")
    assert await beside.reasons() == ["bad credentials: wrong key", "bad credentials: none that can be read"]


async def test_profile_3_from_the_csr_to_the_connection_and_to_the_revocation(
    furnished: tuple[str, dict[str, str]], database_url: str, tmp_path: Path, ca: Ca, beside: Beside
) -> None:
    keys, plain, own = furnished[1], trusting(ca.root), Key(tmp_path, "own")
    async with running(TlsServer(database_url, tmp_path / "log", ca.root, **ca.tls)) as server:
        async with wired(server, FIRST, keys[FIRST], plain) as charger:
            assert (await charger.call("BootNotification", BOOT))["status"] == "Accepted"
            assert await charger.call("SignCertificate", {"csr": own.csr(SECOND)}) == {"status": "Rejected"}
            assert await charger.call("SignCertificate", {"csr": own.csr(FIRST)}) == {"status": "Accepted"}
            own.keep((await charger.is_asked("CertificateSigned"))["certificateChain"])
        await beside.demand(FIRST, 3)
        async with wired(server, FIRST, tls=own.shown_to(ca.root)) as charger:
            assert "currentTime" in await charger.call("Heartbeat", {})
        kept = await beside.latest()
        assert kept.state is CertificateState.ACCEPTED
        # Its key is not enough any more, and its certificate is not another's.
        assert await turned_away(server, FIRST, keys[FIRST], tls=plain) == 403
        await beside.demand(SECOND, 3)
        assert await turned_away(server, SECOND, keys[SECOND], tls=own.shown_to(ca.root)) == 403
        await beside.house.certificates.revoke_serial(kept.serial)
        assert await turned_away(server, FIRST, tls=own.shown_to(ca.root)) == 403
        # Signed by the same CA, and by no command of ours: somebody has its key.
        stranger = Key(tmp_path, "stranger")
        authority = Authority.load(ca.folder)
        request = authority.check(stranger.csr(FIRST), FIRST)
        stranger.keep(authority.sign(request, FIRST, datetime.now(UTC)).pem)
        assert await turned_away(server, FIRST, tls=stranger.shown_to(ca.root)) == 403
        # Of another CA: the TLS handshake ends there.
        other = Authority.create(
            tmp_path / "other", name="Other", organization=None, kind=KeyKind.P_256, now=datetime.now(UTC)
        )
        stranger.keep(other.sign(request, FIRST, datetime.now(UTC)).pem)
        with pytest.raises((ssl.SSLError, ConnectionClosed, InvalidMessage, OSError)):
            async with wired(server, FIRST, tls=stranger.shown_to(ca.root)):
                pass
        await until_logged(server, "client certificate refused", "")
    assert await beside.reasons() == [
        "no client certificate",
        "certificate of another name",
        "revoked certificate",
        "certificate was not issued here",
    ]


async def test_a_proxy_that_is_trusted_speaks_for_the_wire_before_it(
    database_url: str, tmp_path: Path, ca: Ca, beside: Beside
) -> None:
    own = Key(tmp_path, "own")
    charge_point = await ChargePointRow.get(identity=FIRST)
    authority = Authority.load(ca.folder)
    signed = authority.sign(authority.check(own.csr(FIRST), FIRST), FIRST, datetime.now(UTC))
    await beside.house.certificates.keep(charge_point.id, signed)
    await beside.demand(FIRST, 3)
    shown = {"X-Forwarded-Proto": "https", "X-Client-Certificate": quote(signed.pem)}
    proxied = {"trusted_proxies": "127.0.0.0/8", "client_certificate_header": "X-Client-Certificate", "boot_wait_s": 60}
    async with running(Server(database_url, tmp_path / "log", **proxied)) as server:
        async with wired(server, FIRST, headers=shown) as charger:
            assert "currentTime" in await charger.call("Heartbeat", {})
        assert await turned_away(server, FIRST, headers=shown | {"X-Forwarded-Proto": "http"}) == 403
        assert await turned_away(server, FIRST, headers=shown | {"X-Client-Certificate": "rubbish!"}) == 403
    untrusting = {**proxied, "trusted_proxies": "10.0.0.0/8"}
    async with running(Server(database_url, tmp_path / "log2", **untrusting)) as server:
        assert await turned_away(server, FIRST, headers=shown) == 403
    assert await beside.reasons() == [
        "not encrypted (needs wss)",
        "unreadable client certificate",
        "not encrypted (needs wss)",
    ]
