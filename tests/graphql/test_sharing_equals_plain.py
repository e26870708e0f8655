"""Whatever is asked for, and whoever asks: told together is what is told alone. Server-sent events go the plain way."""

import asyncio
import json
import random
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus
from evgraph.graph import schema
from evgraph.sockets import FramesProtocol
from tests.graphql.conftest import serving
from tests.patience import PATIENCE_S

ROLES = (Role.DISPLAY, Role.ATTENDANT, Role.POS, Role.OPERATOR)
DEPTH = 5


@pytest.fixture
async def served(world):
    async with serving(world.graph, FramesProtocol) as address:
        yield address


class Documents:
    """Valid documents, made by chance: fields in any order, aliases, fragments, @include and @skip by variables."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._fragments: list[str] = []

    def subscription(self, name: str) -> tuple[str, dict]:
        field = schema._schema.subscription_type.fields[name]
        self._fragments.clear()
        selection = self._selection(get_named_type(field.type), DEPTH)
        alias = self._random.choice(("", "told: "))
        document = f"subscription Any($id: ID!, $yes: Boolean!, $no: Boolean = false) {{ {alias}{name}(garageId: $id)"
        used = " @include(if: $yes) @skip(if: $no)"
        text = f"{document} {selection} }} " + " ".join(self._fragments)
        # A variable must be used.
        return text.replace("__typename", f"__typename{used}", 1), {"yes": self._random.random() < 0.7, "no": False}

    def _selection(self, kind, depth: int) -> str:
        chosen = ["__typename", *(self._field(*field, depth) for field in self._fields(kind, depth))]
        self._random.shuffle(chosen)
        if depth < DEPTH and self._random.random() < 0.2:
            name = f"F{len(self._fragments)}"
            self._fragments.append("")
            self._fragments[int(name[1:])] = f"fragment {name} on {kind.name} {{ {' '.join(chosen)} }}"
            return f"{{ __typename ...{name} }}"
        return f"{{ {' '.join(chosen)} }}"

    def _fields(self, kind, depth: int):
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            return []
        fields = [
            (name, field)
            for name, field in kind.fields.items()
            if not any(map(is_required_argument, field.args.values()))
            and (is_leaf_type(get_named_type(field.type)) or depth > 1)
        ]
        return self._random.sample(fields, min(len(fields), self._random.randint(2, 5)))

    def _field(self, name, field, depth: int) -> str:
        kind = get_named_type(field.type)
        alias = f"as{self._random.randint(0, 999)}_{name}: " if self._random.random() < 0.1 else ""
        directive = self._random.choice(("", "", "", "", " @include(if: $yes)", " @skip(if: $no)"))
        nested = "" if is_leaf_type(kind) else " " + self._selection(kind, depth - 1)
        return f"{alias}{name}{directive}{nested}"


@asynccontextmanager
async def plainly(address: str, token: str, document: str, variables: dict):
    """The payloads of each event, as server-sent events."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token}"}
    body = {"query": document, "variables": variables}
    async with (
        httpx.AsyncClient(timeout=PATIENCE_S) as http,
        http.stream("POST", f"http://{address}/graphql", json=body, headers=headers) as answer,
    ):
        lines = answer.aiter_lines()

        async def told() -> dict:
            async for line in lines:
                if line.startswith("data: {"):
                    return json.loads(line.removeprefix("data: "))
            raise AssertionError("The stream has ended.")

        yield told


@pytest.mark.parametrize("seed", range(8))
async def test_boards_are_told_the_same_as_alone(world, connect, served, seed):
    people = {role: await world.sign_in(role) for role in ROLES}
    operator = people[Role.OPERATOR]
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    await world.charge(operator, "CHARGED")
    await world.garage.report(PortStatus.AVAILABLE)
    running = await world.check_in(operator, "CHARGING")
    transaction = await world.garage.begin(await world.start(operator, running["request"]["id"]))
    waiting = await world.check_in(operator, "WAITING")
    documents = Documents(seed)
    asked = [documents.subscription("boardUpdated") for _ in range(2)]

    async with AsyncExitStack() as stack:
        pairs = []
        for role, person in people.items():
            for document, more in asked:
                variables = {"id": world.garage.id, **more}
                socket = await stack.enter_async_context(connect(person.token))
                await socket.send(type="subscribe", id="1", payload={"query": document, "variables": variables})
                told = await stack.enter_async_context(plainly(served, person.token, document, variables))
                pairs.append((role, document, socket, told))

        async def all_are_told_the_same() -> None:
            for role, document, socket, told in pairs:
                shared = await socket.receive()
                assert shared["type"] == "next", (shared, document)
                alone = await asyncio.wait_for(told(), PATIENCE_S)
                assert shared["payload"] == alone, (role, document)

        async def change(mutation: str, payload: str, **given) -> None:
            """One that the board shows by one revision: both are told before the next."""
            assert (await operator.do(mutation, payload, **given))["errors"] == []
            await all_are_told_the_same()

        await all_are_told_the_same()
        await change("renamePort", "port { id }", portId=world.garage.ports[0], name="Port 1")
        await change("cancelRequest", "request { id }", requestId=waiting["request"]["id"])
        await change("makeRequest", "request { id }", stayId=waiting["stay"]["id"])
        await change("setRate", "rate { id }", garageId=world.garage.id, kind="FLAT_FEE", amountCents="1000")
        world.clock.turn(minutes=5)
        await world.garage.end(transaction, 4000)
        await all_are_told_the_same()
        await change("checkOut", "stay { id }", stayId=waiting["stay"]["id"])
        assert world.graph.sharing.member_count == len(pairs)


@pytest.mark.parametrize("seed", range(4))
async def test_energy_and_line_items_are_told_the_same_as_alone(world, connect, served, seed):
    people = {role: await world.sign_in(role) for role in ROLES}
    operator = people[Role.OPERATOR]
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    running = await world.check_in(operator)
    transaction = await world.garage.begin(await world.start(operator, running["request"]["id"]))
    documents = Documents(seed)
    async with AsyncExitStack() as stack:
        pairs = {"energyUpdated": [], "lineItemAdded": []}
        for name, audience in pairs.items():
            document, more = documents.subscription(name)
            for person in people.values():
                if name == "lineItemAdded" and person is people[Role.DISPLAY]:
                    continue
                variables = {"id": world.garage.id, **more}
                socket = await stack.enter_async_context(connect(person.token))
                await socket.send(type="subscribe", id="1", payload={"query": document, "variables": variables})
                told = await stack.enter_async_context(plainly(served, person.token, document, variables))
                audience.append((socket, told))

        async def all_are_told_the_same(name: str) -> None:
            for socket, told in pairs[name]:
                shared = await socket.receive()
                assert shared["type"] == "next", shared
                assert shared["payload"] == await asyncio.wait_for(told(), PATIENCE_S)

        await all_are_told_the_same("energyUpdated")
        async with asyncio.timeout(PATIENCE_S):
            while world.house.bus.reader_count < 4 + 3 + 4 + 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        for reading in (2000, 3000):
            world.clock.turn(minutes=1)
            await world.garage.meter(transaction, reading)
            await all_are_told_the_same("energyUpdated")
        await world.garage.end(transaction, 4000)
        await all_are_told_the_same("lineItemAdded")
