"""boardUpdated, over both transports: a snapshot, then every change, however fast they come."""

import asyncio
from contextlib import AsyncExitStack
from itertools import groupby

import pytest

from evgraph.domain.people import Role
from tests.journeys.client import Client, Json
from tests.journeys.garage import Person, delivers
from tests.journeys.screen import BOARD_UPDATED, Screen

VEHICLES = 20
WATCHERS = 6
TRANSPORTS = pytest.mark.parametrize("transport", [Client.over_socket, Client.over_sse])


@TRANSPORTS
async def test_no_change_is_lost_between_the_snapshot_and_the_stream(garage, transport):
    wall = await garage.sign_in(Role.DISPLAY)
    busy = [await garage.sign_in(Role.OPERATOR), await garage.sign_in(Role.ATTENDANT)]
    async with AsyncExitStack() as screens:
        working = [asyncio.create_task(_make_changes(person, number)) for number, person in enumerate(busy)]
        watching = [await _join(screens, wall, transport)]
        while not all(work.done() for work in working):
            if len(watching) < WATCHERS:
                watching.append(await _join(screens, wall, transport))
            await asyncio.sleep(0.01)
        for work in working:
            work.result()
        truth = await wall.board_now()
        assert truth.revision > 2 * VEHICLES
        for screen in watching:
            await screen.until(lambda it: it.revision == truth.revision)
            assert (screen.ports, screen.requests, screen.rate) == (truth.ports, truth.requests, truth.rate)
            assert screen.snapshots == 1
        joined_in_between = [screen for screen in watching if len(screen.told) > 1]
        assert len(joined_in_between) >= WATCHERS // 2


@TRANSPORTS
async def test_a_charging_vehicle_is_followed_without_a_gap(garage, transport):
    operator = await garage.sign_in(Role.OPERATOR)
    await operator.set_rate("PER_KWH", "249.9")
    async with AsyncExitStack() as screens, garage.charger() as charger:
        screen = await _join(screens, operator, transport)
        port = await screen.shows_port(screen.port("AX48-1-1")["id"], isOpen=True)
        request = (await operator.check_in())["request"]
        await operator.started(request, port["id"])
        await charger.plug_in()
        await delivers(charger, 20)
        await charger.unplug()
        await screen.shows(request, "CHARGED")
        await screen.shows_port(port["id"], isOpen=True)
        assert _statuses(screen, request) == ["NEEDS_CHARGING", "STARTING", "CHARGING", "CHARGED"]
        assert screen.snapshots == 1


async def _join(screens: AsyncExitStack, wall: Person, transport) -> Screen:
    updates = await screens.enter_async_context(transport(wall, BOARD_UPDATED, garageId=wall.garage_id))
    return await screens.enter_async_context(Screen().watching(updates))


async def _make_changes(person: Person, number: int) -> None:
    """As fast as it can: vehicles come, are taken off the queue, come back, leave; ports are renamed."""
    port = (await person.board_now()).port(f"AX48-{number + 1}-1")
    for change in range(VEHICLES):
        checked_in = await person.check_in(f"{number} {change}")
        if change % 2:
            await person.do("cancelRequest", "request { id }", requestId=checked_in["request"]["id"])
            await person.do("makeRequest", "request { id }", stayId=checked_in["stay"]["id"])
        if number == 0:
            await person.do("renamePort", "port { id }", portId=port["id"], name=f"Port {change}")
            await person.set_rate("PER_KWH", str(change))
        if change % 3 == 0:
            await person.check_out(checked_in["stay"])


def _statuses(screen: Screen, request: Json) -> list[str]:
    """What became of the request, as that screen was told; what was told twice counts once."""
    told = [shown["status"] for update in screen.told for shown in update["requests"] if shown["id"] == request["id"]]
    return [status for status, _ in groupby(told)]
