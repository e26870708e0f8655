"""A database that is locked or gone: a charger gets no answer, so that it sends again; a client is told an id that the
log knows."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from evgraph.domain.people import Role
from evgraph.simulator import SimulatedChargePoint
from tests.conftest import POSTGRES, execute, named
from tests.journeys.arithmetic import bill, expected_bill
from tests.journeys.client import PATIENCE_S, GraphQLErrors
from tests.journeys.garage import PASSWORD, Garage, Person, delivers, email
from tests.journeys.ready import watching

CALL = 2
RATE = ("PER_KWH", "249.9")
LOGGERS = {"evgraph.ocpp", "evgraph.graph", "evgraph.upkeep", "asyncpg.pool"}
TRANSACTION_MESSAGES = ("StartTransaction", "MeterValues", "StopTransaction")
CHECKED_IN = ("JVR 8810", "LMB 2204")


@pytest.fixture
async def garage(open_garage, database_url):
    address = database_url if POSTGRES else f"{database_url}?busy_timeout=100"
    async with open_garage(provokes_errors=True, database_url=address) as opened:
        yield opened


async def test_what_a_charger_says_meanwhile_is_billed_once_the_database_is_back(garage, database_url):
    operator = await garage.sign_in(Role.OPERATOR)
    await operator.set_rate(*RATE)
    async with garage.charger(call_timeout=0.5) as charger:
        async with operator.board() as screen:
            port = screen.port("AX48-1-1")
            await screen.shows_port(port["id"], isOpen=True)
            checked_in = await operator.check_in(CHECKED_IN[0])
            await charger.plug_in()
            await operator.started(checked_in["request"], port["id"])
            await screen.shows(checked_in["request"], "CHARGING")
            await delivers(charger, 30)
            await charger.told_everything()
            async with unusable(database_url):
                await charger.unplug()
                with pytest.raises(GraphQLErrors) as refused:
                    await operator.check_in(CHECKED_IN[1])
                _is_known_to_the_log(garage, refused.value)
                await _sends_again(charger)
            await charger.told_everything()
            await screen.shows(checked_in["request"], "CHARGED")
            await screen.shows_port(port["id"], isOpen=True)
        ticket = await operator.ticket(checked_in["stay"])
        (delivered,) = charger.delivered
        (item,) = ticket["lineItems"]
        assert bill(item) == expected_bill(delivered, *RATE)
        assert [(it["status"], it["energyWh"]) for it in ticket["sessions"]] == [("ENDED", delivered.energy_wh)]
        assert {line["logger"] for line in garage.server.errors()} <= LOGGERS
        # One line each: it is the database's trouble, and comes again with each message.
        assert not any("exception" in line for line in garage.server.lines() if line["logger"].startswith("evgraph"))
        # Nothing came of the check-in, so that it can be made again.
        assert (await operator.check_in(CHECKED_IN[1]))["stay"]


async def test_c4_who_leaves_or_comes_meanwhile_is_shown_so_once_the_database_is_back(garage, database_url):
    operator = await garage.sign_in(Role.OPERATOR)
    leaves, comes = garage.charger("AX48-1"), garage.charger("AX48-2")
    # Seen before, and gone again.
    async with garage.charger("AX48-2") as before:
        await before.connected()
        await before.wait_for_status(1, "Available")
        await before.told_everything()
    await leaves.start()
    async with operator.board() as screen, watching(garage.server.address) as watch:
        ports = [screen.port(f"AX48-{number}-1")["id"] for number in (1, 2)]
        await screen.shows_port(ports[0], status="AVAILABLE")
        await screen.shows_port(ports[1], status="OFFLINE")
        assert await watch.now() == (200, {})
        async with unusable(database_url):
            await leaves.stop()
            await comes.start()
            assert "write" in await watch.until(503)
            # Longer than a few attempts take.
            await asyncio.sleep(3)
        await screen.shows_port(ports[0], status="OFFLINE", isOpen=False)
        await screen.shows_port(ports[1], status="AVAILABLE", isOpen=True)
        await watch.until(200)
    await comes.stop()


async def test_a_server_that_is_stopped_meanwhile_ends_without_a_traceback(garage, database_url):
    leaves = garage.charger("AX48-1")
    await leaves.start()
    await leaves.connected()
    async with unusable(database_url):
        await leaves.stop()
        await asyncio.sleep(0.5)
        await garage.server.stop()
    assert [line["event"] for line in garage.server.lines() if "exception" in line] == []
    await garage.server.start()
    assert not (await (await garage.sign_in(Role.OPERATOR)).board_now()).port("AX48-1-1")["isOpen"]


async def test_who_signs_in_meanwhile_is_told_an_id(garage, database_url):
    async with _somebody(garage) as stranger, unusable(database_url):
        with pytest.raises(GraphQLErrors) as refused:
            await stranger.sign_in(email(Role.OPERATOR), PASSWORD)
        _is_known_to_the_log(garage, refused.value)


async def test_whose_token_must_be_looked_up_is_told_an_id_unless_it_can_be_read(garage, database_url):
    async with _somebody(garage) as stranger:
        await stranger.sign_in(email(Role.OPERATOR), PASSWORD)
        async with unusable(database_url):
            if not POSTGRES:
                # SQLite's readers do not wait for its writer.
                assert (await stranger.data("{ viewer { name } }"))["viewer"]
                return
            with pytest.raises(GraphQLErrors) as refused:
                await stranger.data("{ viewer { name } }")
            _is_known_to_the_log(garage, refused.value)


@asynccontextmanager
async def _somebody(garage: Garage) -> AsyncIterator[Person]:
    """Whom the server has not seen yet."""
    person = Person(garage.server.address)
    try:
        yield person
    finally:
        await person.close()


@asynccontextmanager
async def unusable(database_url: str) -> AsyncIterator[None]:
    """SQLite: locked by another program. PostgreSQL: gone, with every connection to it."""
    if not POSTGRES:
        other = sqlite3.connect(database_url.removeprefix("sqlite://"), isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()
        return
    elsewhere, name = named(database_url, "postgres"), database_url.partition("?")[0].rpartition("/")[2]
    await execute(elsewhere, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await execute(elsewhere, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    try:
        yield
    finally:
        await execute(elsewhere, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def _sends_again(charger: SimulatedChargePoint) -> None:
    """Returns once its latest word of a transaction was sent twice and got no answer, no CALLERROR either."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answered = {frame.message[1] for frame in charger.log if frame.direction == "in"}
            sent = [frame.message for frame in charger.log if frame.direction == "out"]
            calls = [it for it in sent if it[0] == CALL and it[2] in TRANSACTION_MESSAGES]
            first, second = calls[-2:]
            if first[2:] == second[2:] and not {first[1], second[1]} & answered:
                return
            await asyncio.sleep(0.02)


def _is_known_to_the_log(garage: Garage, refused: GraphQLErrors) -> None:
    (error,) = refused.errors
    assert error["extensions"]["code"] == "INTERNAL"
    id_ = error["extensions"]["id"]
    assert id_ in error["message"]
    assert [line["id"] for line in garage.server.errors() if line.get("id") == id_] == [id_]
    assert "exception" not in json.dumps(error)
