"""A charge point at the level of its wire: TLS, credentials, certificates; it says Accepted to all that it is asked."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from websockets.exceptions import InvalidStatus

from tests.journeys.server import PATIENCE_S, Server

Json = dict[str, Any]


class TlsServer(Server):
    """Serves https and wss; `root` is the certificate that it is verified by."""

    def __init__(self, database_url: str, log: Path, root: Path, **settings: object) -> None:
        super().__init__(database_url, log, **settings)
        self.root = root

    @property
    def chargers_url(self) -> str:
        return f"wss://{self.address}/ocpp"

    async def _until_ready(self) -> None:
        async with httpx.AsyncClient(verify=trusting(self.root)) as http, asyncio.timeout(PATIENCE_S):
            while True:
                assert self._process.is_alive(), self.log.read_text()
                try:
                    if (await http.get(f"https://{self.address}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.02)


class Key:
    """A charge point's own key, and the certificates that are made for it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._key, self._certificate = folder / f"{name}.key", folder / f"{name}.pem"
        pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key.write_bytes(pem)

    def csr(self, name: str) -> str:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self._private, hashes.SHA256())
        return signed.public_bytes(Encoding.PEM).decode()

    def keep(self, certificate: str) -> None:
        self._certificate.write_text(certificate)

    def shown_to(self, root: Path) -> ssl.SSLContext:
        context = trusting(root)
        context.load_cert_chain(self._certificate, self._key)
        return context


class Wired:
    """An open connection."""

    def __init__(self, websocket: websockets.ClientConnection) -> None:
        self.websocket = websocket
        self.asked: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[Json]] = {}

    async def call(self, action: str, payload: Json) -> Json:
        """What it is answered."""
        message_id = f"m{len(self._answers)}"
        self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self.websocket.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(PATIENCE_S):
            return await self._answers[message_id]

    async def is_asked(self, action: str) -> Json:
        """The payload of the next CALL of that name; others are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                asked, payload = await self.asked.get()
                if asked == action:
                    return payload

    async def closed(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.websocket.wait_closed()

    async def read(self) -> None:
        async for text in self.websocket:
            kind, message_id, *rest = json.loads(text)
            if kind == 2:
                self.asked.put_nowait((rest[0], rest[1]))
                await self.websocket.send(json.dumps([3, message_id, {"status": "Accepted"}]))
            elif kind == 3:
                self._answers[message_id].set_result(rest[0])


@asynccontextmanager
async def wired(
    server: Server,
    identity: str,
    key: str | None = None,
    tls: ssl.SSLContext | None = None,
    headers: dict[str, str] | None = None,
    url: str | None = None,
) -> AsyncIterator[Wired]:
    """Raises InvalidStatus when it is turned away."""
    shown = dict(headers or {})
    if key is not None:
        shown["Authorization"] = "Basic " + base64.b64encode(f"{identity}:{key}".encode()).decode()
    address = f"{url or server.chargers_url}/{identity}"
    protocol = websockets.Subprotocol("ocpp1.6")
    async with websockets.connect(
        address, subprotocols=[protocol], additional_headers=shown, ssl=tls, proxy=None, close_timeout=1
    ) as websocket:
        made = Wired(websocket)
        reading = asyncio.create_task(made.read())
        try:
            yield made
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def turned_away(server: Server, identity: str, key: str | None = None, **more: Any) -> int:
    """The HTTP status."""
    try:
        async with wired(server, identity, key, **more):
            raise AssertionError("It was let in.")
    except InvalidStatus as refusal:
        return refusal.response.status_code


def trusting(root: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=root)
