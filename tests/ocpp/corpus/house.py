"""Where the corpus is played: the whole app on a real database, and charge points by hand on real sockets."""

import asyncio
import itertools
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tortoise.connection import get_connection
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.typing import Subprotocol

from evgraph.app import server as make_server
from evgraph.domain.asks import Reset, ResetKind
from evgraph.domain.charge_point import Acceptance, ChargePoint
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.people import Role, Viewer
from evgraph.domain.port import PortStatus
from evgraph.domain.rate import RateKind
from evgraph.domain.stay import Channel, StayKind, Vehicle
from evgraph.models import (
    ChargePointRow,
    GarageRow,
    LineItemRow,
    MeterSampleRow,
    PortRow,
    QuarantinedMessageRow,
    RequestRow,
    SessionRow,
    database,
)
from evgraph.services.charging import StartCharging
from evgraph.services.house import Services
from evgraph.services.interfaces import ChargerRejected
from evgraph.services.stays import CheckIn
from evgraph.settings import Settings
from tests.ocpp.corpus.vocabulary import (
    AGAIN,
    BEFORE,
    BEGUN,
    CARD,
    COMMAND,
    METER_START,
    NOTHING,
    NOW,
    OLD_CARD,
    TAG,
    TX,
    TX_TEXT,
    Answer,
    Binary,
    Books,
    Case,
    Closed,
    Command,
    Error,
    Given,
    Result,
    Said,
    Started,
    Time,
)
from tests.patience import PATIENCE_S

_NEVER = 1e9
_ID = re.compile(r'"(m\d)"')
_UTC_WITH_Z = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.present = BEGUN

    def now(self) -> datetime:
        return self.present


class CentralSystem:
    """The app, and a garage in it with a rate of 25 c/kWh."""

    def __init__(self, services: Services, clock: Clock, port: int, garage_id: int, operator: Viewer) -> None:
        self.services = services
        self.clock = clock
        self.garage_id = garage_id
        self._url = f"ws://127.0.0.1:{port}/ocpp/"
        self._operator = operator
        self._numbers = itertools.count(1)
        self._looked_at = 0
        self._open = AsyncExitStack()
        self._shared: tuple[ChargePoint, Charger] | None = None

    async def play(self, case: Case) -> None:
        """Raises AssertionError for what came otherwise. A case that moves nothing but the quarantine shares a charge
        point with the others of its kind; any other has one for itself."""
        self.clock.present = BEGUN
        if _moves_nothing(case):
            await self._play_at_the_shared_one(case)
            return
        charge_point = await self._registered(case.given)
        async with self._connected(charge_point.identity) as charger:
            session = await self._prepare(case.given, charge_point.id, charger)
            self.clock.present = NOW
            await charger.hold(case)
        await self._compare(case, charge_point.id, session, charger)

    async def close(self) -> None:
        await self._open.aclose()

    async def _play_at_the_shared_one(self, case: Case) -> None:
        if self._shared is None or self._shared[1].is_closed:
            charge_point = await self._registered(case.given)
            charger = await self._open.enter_async_context(self._connected(charge_point.identity))
            self._shared = charge_point, charger
        charge_point, charger = self._shared
        self.clock.present = NOW
        if case.given is Given.COMMANDED:
            await self._commanded(case, charge_point.identity, charger)
        else:
            await charger.hold(case)
        await self._compare(case, charge_point.id, None, charger)

    async def _registered(self, given: Given) -> ChargePoint:
        registration = self.services.registration
        identity = f"CASE-{next(self._numbers)}"
        made, _ = await registration.add_charge_point(garage_id=self.garage_id, identity=identity, open_to_all=True)
        if given in (Given.PENDING, Given.REJECTED):
            acceptance = Acceptance.PENDING if given is Given.PENDING else Acceptance.REJECTED
            await ChargePointRow.filter(id=made.id).update(acceptance=acceptance)
        # As its StatusNotification would; with that, a third of the time would go to it.
        await PortRow.filter(charge_point_id=made.id).update(reported_status=PortStatus.AVAILABLE, reported_at=BEGUN)
        return made

    @asynccontextmanager
    async def _connected(self, identity: str) -> AsyncIterator["Charger"]:
        async with connect(
            self._url + identity,
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
            max_size=None,
            ping_interval=None,
            close_timeout=1,
        ) as websocket:
            yield Charger(websocket)

    async def _compare(
        self, case: Case, charge_point_id: int, session: ChargingSession | None, charger: "Charger"
    ) -> None:
        held = await self._books(charge_point_id, session)
        kept = await QuarantinedMessageRow.filter(charge_point_id=charge_point_id, id__gt=self._looked_at).order_by(
            "id"
        )
        self._looked_at = kept[-1].id if kept else self._looked_at
        # The next case at this charge point has a row of its own (C8).
        await QuarantinedMessageRow.filter(id__in=[row.id for row in kept]).update(resolved_at=NOW)
        # Of an oversized one the beginning is kept (C6).
        if not any(isinstance(said.frame, Binary) for said in case.said):
            assert all(
                row.frame in charger.said or any(it.startswith(row.frame) for it in charger.said) for row in kept
            )
        held = replace(held, quarantined=tuple(row.why for row in kept))
        if _are_pieces(case.books.quarantined, held.quarantined):
            held = replace(held, quarantined=case.books.quarantined)
        differing = {
            each.name: (getattr(held, each.name), getattr(case.books, each.name))
            for each in fields(Books)
            if getattr(held, each.name) != getattr(case.books, each.name)
        }
        assert not differing, f"The books hold, and should hold: {differing}"

    async def _prepare(self, given: Given, charge_point_id: int, charger: "Charger") -> ChargingSession | None:
        if given is Given.METERED:
            begun = {"connectorId": 1, "idTag": CARD, "meterStart": METER_START, "timestamp": _iso(BEGUN)}
            session_id = (await charger.ask("StartTransaction", begun))["transactionId"]
            charger.words[TX] = str(session_id)
            return (await SessionRow.get(id=session_id)).value()
        if given not in (Given.ASKED, Given.CHARGING, Given.ENDED):
            return None
        house = self.services
        number = next(self._numbers)
        stay = await house.stays.check_in(
            self._operator,
            CheckIn(
                garage_id=self.garage_id,
                ticket_number=f"T{number}",
                kind=StayKind.TRANSIENT,
                vehicle=Vehicle(license_plate=f"EV {number}", plate_state="NY"),
                charging_note=None,
                estimated_checkout_at=None,
                ev_charge=True,
                channel=Channel.POS,
            ),
        )
        request = await RequestRow.get(stay_id=stay.stay.id)
        port = await PortRow.get(charge_point_id=charge_point_id, connector_id=1)
        asking = asyncio.create_task(
            house.charging.start(self._operator, StartCharging(request_id=request.id, port_id=port.id))
        )
        await charger.answer_call("RemoteStartTransaction", {"status": "Accepted"})
        session = await asking
        charger.words[TAG] = session.id_tag
        charger.words[TX] = str(session.id)
        if given is Given.ASKED:
            return session
        begun = {"connectorId": 1, "idTag": session.id_tag, "meterStart": METER_START, "timestamp": _iso(BEGUN)}
        assert (await charger.ask("StartTransaction", begun))["transactionId"] == session.id
        if given is Given.ENDED:
            self.clock.present = ended_at = BEGUN + timedelta(minutes=40)
            stop = {"transactionId": session.id, "meterStop": METER_START + 5000, "timestamp": _iso(ended_at)}
            assert await charger.ask("StopTransaction", stop) == {}
        return session

    async def _commanded(self, case: Case, identity: str, charger: "Charger") -> None:
        """Our Reset waits while the charger says its part."""
        asking = asyncio.create_task(self.services.gateway.ask(identity, Reset(kind=ResetKind.SOFT)))
        charger.words[COMMAND] = await charger.take_call("Reset")
        try:
            await charger.hold(case)
            if case.command is Command.WAITING:
                assert not asking.done()
                await charger.send(json.dumps([3, charger.words[COMMAND], {"status": "Accepted"}]))
                assert await asking == "Accepted"
            elif case.command is Command.REFUSED:
                try:
                    raise AssertionError(f"The command came to {await asking!r}.")
                except ChargerRejected:
                    pass
            else:
                assert await asking == "Accepted"
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    @staticmethod
    async def _books(charge_point_id: int, given: ChargingSession | None) -> Books:
        rows = await SessionRow.filter(charge_point_id=charge_point_id).order_by("id")
        session = next((row for row in rows if given is not None and row.id == given.id), rows[-1] if rows else None)
        ports = await PortRow.filter(charge_point_id=charge_point_id).order_by("connector_id")
        items = await LineItemRow.filter(session_id__in=[row.id for row in rows]) if rows else []
        value = session.value() if session is not None else None
        return Books(
            session=value.status.value if value else None,
            sessions=len(rows),
            energy_wh=value.energy_wh if value else 0,
            cents=sum(item.amount_cents for item in items),
            power_w=value.power_w if value else None,
            reason=value.stop_reason.value if value and value.stop_reason else None,
            started_at=value.started_at if value else None,
            ended_at=value.ended_at if value else None,
            flags=frozenset(flag.value for flag in value.flags) if value else frozenset(),
            samples=await MeterSampleRow.filter(charge_point_id=charge_point_id).count(),
            port=ports[0].reported_status.value,
            error=ports[0].error_code,
            info=ports[0].info,
            connectors=tuple(port.connector_id for port in ports),
        )


class Charger:
    """The charger's end. `words` are what stands in the frames of a case for what only this run knows."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.words: dict[str, str] = {}
        self.said: set[str] = set()
        self._websocket = websocket
        self._numbers = itertools.count(1)
        self._last = ""
        self._turn = ""

    @property
    def is_closed(self) -> bool:
        return self._websocket.state is not State.OPEN

    async def hold(self, case: Case) -> None:
        """Says its part and hears the answers; in the end the connection must still serve, unless it was closed."""
        # No two cases share an id, or the second would hear the first one's answers (C9).
        self._turn = f"{next(self._numbers)}"
        for said in case.said:
            for _ in range(said.times):
                await self.send(said.frame)
            if isinstance(said.answer, Closed):
                await self._closed(said.answer.code)
                return
            if said.answer is not NOTHING:
                await self._answered(said)
        # Served in order: whatever else had been answered would come before this.
        await self.send(f'[2,"still alive {next(self._numbers)}","Heartbeat",{{}}]')
        alive = await self._receive()
        assert str(alive[1]).startswith("still alive"), alive
        refused = case.given in (Given.PENDING, Given.REJECTED) and alive[0] == 4
        assert refused or _is_time(alive[2].get("currentTime")), alive

    async def ask(self, action: str, payload: dict[str, Any]) -> Any:
        await self.send(json.dumps([2, f"c{next(self._numbers)}", action, payload]))
        return (await self._receive())[2]

    async def take_call(self, action: str) -> str:
        """The id of our CALL."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = json.loads(await self._websocket.recv())
                if frame[0] == 2 and frame[2] == action:
                    return str(frame[1])
                await self._decline(frame)

    async def answer_call(self, action: str, payload: dict[str, Any]) -> None:
        await self.send(json.dumps([3, await self.take_call(action), payload]))

    async def send(self, frame: str | bytes | Binary) -> None:
        try:
            match frame:
                case Binary():
                    await self._websocket.send(frame.content)
                case bytes():
                    await self._websocket.send(frame, text=True)
                case str():
                    text = self._in_words_of_this_run(frame)
                    self.said.add(text.replace("\x00", ""))
                    await self._websocket.send(text)
        except ConnectionClosed:
            pass  # Closed while it still wrote; whoever reads next is told.

    def _in_words_of_this_run(self, frame: str) -> str:
        number = self.words.get(TX, "0")
        frame = frame.replace(f'"{TX}"', number).replace(TX_TEXT, number)
        frame = _ID.sub(rf'"\1 of {self._turn}"', frame)
        for word, meant in self.words.items():
            frame = frame.replace(word, meant)
        return frame

    async def _receive(self) -> Any:
        """The next answer. What the central system asks meanwhile is declined."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self._last = str(await self._websocket.recv())
                frame = json.loads(self._last)
                if frame[0] != 2:
                    if isinstance(frame[1], str):
                        frame[1] = frame[1].removesuffix(f" of {self._turn}")
                    return frame
                await self._decline(frame)

    async def _decline(self, frame: Any) -> None:
        if frame[0] == 2:
            await self._websocket.send(json.dumps([4, frame[1], "NotSupported", "", {}]))

    async def _answered(self, said: Said) -> None:
        before = self._last
        frame = await self._receive()
        if said.answer is AGAIN:
            assert self._last == before
            return
        message_id = self.words[COMMAND] if said.message_id == COMMAND else said.message_id
        assert (frame[1], type(frame[1])) == (message_id, type(message_id)), frame
        if isinstance(said.answer, Error):
            assert (frame[0], frame[2], len(frame)) == (4, said.answer.code, 5), frame
            assert isinstance(frame[3], str), frame
            assert isinstance(frame[4], dict), frame
            return
        assert (frame[0], len(frame)) == (3, 3), frame
        self._means(frame[2], said.answer)

    def _means(self, payload: Any, answer: Answer) -> None:
        match answer:
            case Result():
                assert payload == answer.payload, payload
            case Time():
                assert _is_time(payload.pop("currentTime"))
                assert payload == answer.payload
            case Started():
                transaction_id = payload.pop("transactionId")
                assert 0 < transaction_id < 2**31
                expiry = {"expiryDate": answer.expires} if answer.expires else {}
                assert payload == {"idTagInfo": {"status": answer.status} | expiry}, payload
                assert not answer.same or str(transaction_id) == self.words[TX]
                self.words.setdefault(TX, str(transaction_id))

    async def _closed(self, code: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._websocket.wait_closed()
        assert self._websocket.close_code == code


@asynccontextmanager
async def open_central_system(database_url: str) -> AsyncIterator[CentralSystem]:
    clock = Clock()
    settings = Settings(
        database_url=database_url, boot_wait_s=_NEVER, upkeep_every_s=_NEVER, ping_interval_s=_NEVER, log_level="error"
    )
    server = make_server(settings, clock=clock)
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await server.startup(sockets=[listener])
        try:
            services: Services = server.config.app.state.services  # type: ignore[union-attr]
            central_system = await _furnish(services, clock, listener.getsockname()[1])
            yield central_system
            await central_system.close()
        finally:
            for serving in server.servers:
                serving.close()
            async with asyncio.timeout(PATIENCE_S):
                while server.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await server.lifespan.shutdown()


async def _furnish(services: Services, clock: Clock, port: int) -> CentralSystem:
    if database.is_sqlite():
        # Nothing here outlives a power cut, and half of the time would go to waiting for the disk.
        await get_connection(database.WRITER).execute_script("PRAGMA synchronous = OFF")
    clock.present = BEGUN - timedelta(days=1)
    made = await services.registration.add_garage(organization="Midtown", location_id="NYC-034", name="34th Street")
    owner = (await GarageRow.get(id=made.id)).organization_id
    roles = {made.id: Role.OPERATOR}
    operator = Viewer(id=1, organization_id=owner, organization="Midtown", name="Olivia", email=None, roles=roles)
    await services.rates.set(operator, made.id, RateKind.PER_KWH, Decimal(25))
    await services.registration.add_card(garage_id=made.id, id_tag=CARD)
    await services.registration.add_card(garage_id=made.id, id_tag=OLD_CARD, expires_at=BEGUN - timedelta(days=2))
    clock.present = BEGUN
    return CentralSystem(services, clock, port, made.id, operator)


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _moves_nothing(case: Case) -> bool:
    return (
        case.given in (Given.CONNECTED, Given.COMMANDED)
        and replace(case.books, quarantined=()) == BEFORE[case.given]
        and not any(isinstance(said.answer, Closed) for said in case.said)
    )


def _are_pieces(pieces: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    return len(pieces) == len(whole) and all(piece in one for piece, one in zip(pieces, whole, strict=True))


def _is_time(text: Any) -> bool:
    return isinstance(text, str) and _UTC_WITH_Z.fullmatch(text) is not None
