"""Many journeys at once: one garage, one server, a charge point for each. What goes wrong in one is its own."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from evgraph.domain.people import Role
from evgraph.simulator import Car, SimulatedChargePoint, Transaction
from evgraph.simulator.dialects.dialect import Dialect
from tests.conftest import copy_of
from tests.journeys.arithmetic import bill, expected_bill
from tests.journeys.client import PATIENCE_S, Json
from tests.journeys.garage import Garage, Person, add_chargers
from tests.journeys.proof import derived_again
from tests.journeys.screen import Screen
from tests.journeys.server import Server

UNIT_CENTS = "24990.9"
"""A kWh is dear here, so that a Wh is seen on the bill."""
# Eight at a time on a busy machine: nobody may be late, or forgotten, whom a journey does not make so.
CALL_TIMEOUT_S = 10.0
FORGOTTEN_AFTER_S = 25.0
# Five readings a second from each, that a busy machine keeps up with all of them.
SAMPLE_INTERVAL = 3.6
AT_ONCE = 8
# What a charge point with its time turned up 18 times delivers, and little more: a leap is to be seen.
MAX_POWER_W = 230_000
LAST_FRAMES, LONGEST_TRACE = 20, 3000
REGISTER = "Energy.Active.Import.Register"


@dataclass
class Bay:
    """A charge point of one dialect, with its port, and who works there."""

    attendant: Person
    operator: Person
    screen: Screen
    charger: SimulatedChargePoint
    port_id: str

    async def check_in(self) -> Json:
        return await self.attendant.check_in(self.charger.identity)

    async def begins(self, checked_in: Json, samples: int = 6) -> Json:
        """Started, plugged in, and that many readings taken. Returns the request as the board shows it."""
        await self.screen.shows_port(self.port_id, isOpen=True)
        session = await self.attendant.started(checked_in["request"], self.port_id)
        await self.charger.plug_in(1, Car(state_of_charge=0.1))
        shown = await self.screen.shows(checked_in["request"], "CHARGING")
        assert shown["session"]["id"] == session["id"]
        await self.screen.shows_port(self.port_id, isOpen=False, activeSession={"id": session["id"]})
        running = await self.takes(samples)
        # Its answer may still be on its way when the board tells.
        await until(lambda: running.transaction_id is not None)
        return shown

    async def takes(self, samples: int) -> Transaction:
        """Returns the running transaction once so many of its readings are taken."""
        await until(lambda: self._running is not None and self._running.samples >= samples)
        assert self._running is not None
        return self._running

    async def ends(self, checked_in: Json, *, flags: set[str], energy_wh: int | None = None) -> Json:
        """Charged, billed to the cent for what the meter delivered (or for so much), the port open again."""
        shown = await self.screen.shows(checked_in["request"], "CHARGED")
        await self.screen.shows_port(self.port_id, isOpen=True, activeSession=None)
        (delivered,) = self.charger.delivered
        if energy_wh is not None:
            expected = _bill_of(energy_wh)
        else:
            assert delivered.energy_wh is not None
            energy_wh, expected = delivered.energy_wh, expected_bill(delivered, "PER_KWH", UNIT_CENTS)
        assert energy_wh > 0
        assert shown["session"]["energyWh"] == energy_wh, f"{shown['session']}, not {energy_wh} Wh"
        assert set(shown["session"]["flags"]) == flags, shown["session"]
        ticket = await self.attendant.ticket(checked_in["stay"])
        (item,) = ticket["lineItems"]
        assert bill(item) == expected
        assert (item["isCorrection"], item["afterCheckout"]) == (False, False)
        (session,) = (session for session in ticket["sessions"] if session["status"] != "FAILED")
        assert session["status"] == "ENDED"
        return session

    async def leaves(self, checked_in: Json) -> None:
        """Checked out: nothing of it is left on the board."""
        closed = await self.attendant.check_out(checked_in["stay"])
        assert closed["errors"] == []
        assert closed["stay"]["status"] == "CLOSED"
        await self.screen.until(lambda it: checked_in["request"]["id"] not in it.requests)

    def registers(self) -> list[int]:
        """Every energy register in Wh that the charge point has told, oldest first, from its start to its stop."""
        told: list[int] = []
        for frame in self.charger.log:
            if frame.direction == "out" and frame.message[0] == 2:
                action, payload = frame.message[2:4]
                told += [payload["meterStart"]] if action == "StartTransaction" else []
                told += [
                    int(sample["value"])
                    for reading in payload.get("meterValue", [])
                    for sample in reading["sampledValue"]
                    if sample["measurand"] == REGISTER
                ]
                told += [payload["meterStop"]] if action == "StopTransaction" else []
        return told

    @property
    def _running(self) -> Transaction | None:
        return self.charger.connector(1).transaction


async def until(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - a moment of no event
            await asyncio.sleep(0.02)


def _bill_of(energy_wh: int) -> tuple[str, str, int]:
    quantity = Decimal(energy_wh).scaleb(-3)
    cents = (quantity * Decimal(UNIT_CENTS)).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{quantity.normalize():f}", "KWH", int(cents)


Journey = Callable[[Bay], Awaitable[None]]
WentWrong = dict[str, str | None]


class Journeys:
    """Those of one module."""

    def __init__(self, prefix: str) -> None:
        """Their charge points are PREFIX-0, PREFIX-1 and so on."""
        self._prefix = prefix
        self._room = asyncio.Semaphore(AT_ONCE)
        self._all: dict[str, tuple[Journey, tuple[str | Dialect, ...], int, dict[str, Any]]] = {}

    def speaks(
        self, *dialect: str | Dialect, max_power_w: int = MAX_POWER_W, **options: Any
    ) -> Callable[[Journey], Callable[[WentWrong], None]]:
        """The journey of one charge point; `options` are SimulatedChargePoint's. What pytest runs looks up how it
        went."""

        def registered(journey: Journey) -> Callable[[WentWrong], None]:
            name = journey.__name__
            self._all[name] = journey, dialect, max_power_w, options

            def test(went_wrong: WentWrong) -> None:
                if (failure := went_wrong[name]) is not None:
                    pytest.fail(failure, pytrace=False)

            test.__doc__ = journey.__doc__
            return test

        return registered

    def went_wrong(self) -> Any:
        """A fixture: what went wrong in each journey that was asked for, or None; all of them have run. `errors` are
        the server's, `derived` is what its bills, derived again from the frames, differ in (C10)."""

        @pytest.fixture(scope="module")
        def went_wrong(
            furnished: tuple[str, dict[str, str]],
            tmp_path_factory: pytest.TempPathFactory,
            request: pytest.FixtureRequest,
        ) -> Iterator[WentWrong]:
            asked_for = {getattr(item, "originalname", None) for item in request.session.items}
            folder = tmp_path_factory.mktemp("at_once")
            with copy_of(furnished[0], folder / "evgraph.sqlite3") as url:
                names = [name for name in self._all if name in asked_for]
                yield asyncio.run(self._run(names, url, folder / "server.log"))

        return went_wrong

    async def _run(self, names: list[str], database_url: str, log: Path) -> WentWrong:
        keys: dict[str, str] = {}
        for name in names:
            keys |= await add_chargers(database_url, [self._identity(name)], self._all[name][2])
        server = Server(
            database_url,
            log,
            call_timeout_s=CALL_TIMEOUT_S,
            forgotten_after_s=FORGOTTEN_AFTER_S,
            upkeep_every_s=0.2,
            boot_wait_s=0.5,
        )
        garage = Garage(server, keys)
        await server.start()
        try:
            operator = await garage.sign_in(Role.OPERATOR)
            await operator.set_rate("PER_KWH", UNIT_CENTS)
            attendant = await garage.sign_in(Role.ATTENDANT)
            async with attendant.board() as screen:
                failures = await asyncio.gather(
                    *(self._failure(name, garage, attendant, operator, screen) for name in names)
                )
        finally:
            await garage.close()
            await server.stop()
        report = await derived_again(database_url)
        return {
            "errors": "\n".join(str(error) for error in server.errors()) or None,
            "derived": "\n".join(str(found) for found in (*report.differences, *report.untold)) or None,
            **dict(zip(names, failures, strict=True)),
        }

    async def _failure(
        self, name: str, garage: Garage, attendant: Person, operator: Person, screen: Screen
    ) -> str | None:
        async with self._room:
            return await self._gone_through(name, garage, attendant, operator, screen)

    async def _gone_through(
        self, name: str, garage: Garage, attendant: Person, operator: Person, screen: Screen
    ) -> str | None:
        journey, dialect, _, options = self._all[name]
        charger = garage.charger(
            self._identity(name), dialect=dialect, **({"sample_interval": SAMPLE_INTERVAL} | options)
        )
        try:
            async with charger, asyncio.timeout(4 * PATIENCE_S):
                await charger.connected()
                port_id = screen.port(f"{charger.identity}-1")["id"]
                await journey(Bay(attendant, operator, screen, charger, port_id))
        except Exception as failure:
            trace = "".join(traceback.format_exception(failure))
            frames = "\n".join(f"{frame.direction} {frame.text}" for frame in list(charger.log)[-LAST_FRAMES:])
            return f"{trace[:LONGEST_TRACE]}\nIts last frames:\n{frames}"
        return None

    def _identity(self, name: str) -> str:
        return f"{self._prefix}-{list(self._all).index(name)}"
