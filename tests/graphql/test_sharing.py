"""Subscriptions that are told together, over real sockets: who is with whom, and that each is told what is theirs."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest
import websockets
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType, get_named_type

from evgraph.answering import Planned
from evgraph.domain.events import BoardChanged
from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus
from evgraph.graph import OwnContext, schema
from evgraph.models import PersonRoleRow
from evgraph.resolvers.limits import LimitedDocuments
from evgraph.resolvers.masking import MaskErrors
from evgraph.resolvers.subscriptions import TOGETHER
from evgraph.schema.context import OperationContext
from evgraph.sharing.rights import SharedContext
from evgraph.sockets import FramesProtocol
from tests.graphql.conftest import PASSWORD, Api, Socket, World, serving
from tests.patience import PATIENCE_S

BOARD = """subscription Board($id: ID!) { boardUpdated(garageId: $id) {
    revision isSnapshot requests { id status stay { ticketNumber } } removedRequestIds } }"""
BILLS = """subscription Bills($id: ID!) { boardUpdated(garageId: $id) {
    revision requests { id session { energyWh lineItem { amount { cents } } } } } }"""
ENERGY = "subscription Energy($id: ID!) { energyUpdated(garageId: $id) { sessionId energyWh } }"
LINE_ITEMS = "subscription($id: ID!) { lineItemAdded(garageId: $id) { amount { cents } stay { ticketNumber } } }"


@pytest.fixture(params=[FramesProtocol, "websockets-sansio"], ids=["past ASGI", "through ASGI"])
async def served(world, request):
    async with serving(world.graph, request.param) as address:
        yield address


@pytest.fixture
async def operator(world):
    operator = await world.sign_in(Role.OPERATOR)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    return operator


async def another(world: World, role: Role, name: str) -> Api:
    """One more person with a role in the garage."""
    email = f"{name}@example.com"
    await world.house.registration.add_person(
        garage_ids=[world.garage.key], email=email, name=name, password=PASSWORD, role=role
    )
    api = world.nobody()
    api.token = (await world.house.people.sign_in(email, PASSWORD, remote="test")).token
    return api


async def until(holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def board(socket: Socket) -> dict:
    return (await socket.next())["boardUpdated"]


# ------------------------------------------------------------------------------------------------- who is with whom


async def test_the_same_rights_are_told_together_and_others_apart(world, operator, connect):
    display, attendant, pos = [await world.sign_in(role) for role in (Role.DISPLAY, Role.ATTENDANT, Role.POS)]
    colleague = await another(world, Role.ATTENDANT, "colleague")
    async with AsyncExitStack() as sockets:
        for count, viewer in ((1, display), (2, attendant), (2, colleague), (3, pos), (4, operator), (4, display)):
            socket = await sockets.enter_async_context(connect(viewer.token))
            await socket.subscribe(BOARD, id=world.garage.id)
            await board(socket)
            assert world.graph.sharing.group_count == count
        assert world.graph.sharing.member_count == 6
        assert world.house.bus.reader_count == 4
    await until(lambda: world.graph.sharing.group_count == 0)
    assert world.house.bus.reader_count == 0


async def test_rights_elsewhere_set_viewers_apart(world, operator, connect):
    """A role in another garage may decide what is shown of what is shared."""
    attendant = await world.sign_in(Role.ATTENDANT)
    both = await another(world, Role.ATTENDANT, "both")
    mine = await PersonRoleRow.get(person__email="both@example.com")
    second = await world.house.registration.add_garage(
        organization="Midtown Parking", location_id="NYC-035", name="35th Street"
    )
    await PersonRoleRow.create(person_id=mine.person_id, garage_id=second.id, role=Role.DISPLAY)
    async with connect(attendant.token) as one, connect(both.token) as other:
        for socket in (one, other):
            await socket.subscribe(BOARD, id=world.garage.id)
            await board(socket)
        assert world.graph.sharing.group_count == 2


async def test_documents_variables_and_names_set_apart_too(world, operator, connect):
    two = "subscription A($id: ID!) { boardUpdated(garageId: $id) { revision } } " + ENERGY
    async with connect(operator.token) as socket:
        payloads = [
            {"query": BOARD, "variables": {"id": world.garage.id}},
            {"query": BOARD + " ", "variables": {"id": world.garage.id}},
            {"query": BOARD, "variables": {"id": world.garage.id, "more": 1}},
            {"query": two, "variables": {"id": world.garage.id}, "operationName": "A"},
            {"query": two, "variables": {"id": world.garage.id}, "operationName": "Energy"},
        ]
        for number, payload in enumerate(payloads):
            await socket.send(type="subscribe", id=str(number), payload=payload)
        await until(lambda: world.graph.sharing.group_count == len(payloads))


async def test_a_stranger_of_another_organization_is_told_nothing(world, operator, connect):
    stranger = await world.sign_in(Role.OPERATOR, world.elsewhere)
    async with connect(operator.token) as mine, connect(stranger.token) as theirs, connect() as nobody:
        await mine.subscribe(BOARD, id=world.garage.id)
        await board(mine)
        for document in (BOARD, ENERGY, LINE_ITEMS):
            await theirs.subscribe(document, id=world.garage.id)
            message = await theirs.receive()
            assert (message["type"], message["payload"][0]["extensions"]) == ("error", {"code": "BAD_USER_INPUT"})
            await nobody.subscribe(document, id=world.garage.id)
            message = await nobody.receive()
            assert (message["type"], message["payload"][0]["extensions"]) == ("error", {"code": "UNAUTHENTICATED"})
        await theirs.subscribe(BOARD, id=world.elsewhere.id)
        assert (await board(theirs))["requests"] == []
        await world.check_in(operator)
        assert len((await board(mine))["requests"]) == 1
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(theirs.connection.recv(), 0.2)


async def test_what_a_display_may_not_see_it_is_not_told_and_others_are(world, operator, connect):
    display, pos = await world.sign_in(Role.DISPLAY), await world.sign_in(Role.POS)
    await world.charge(operator, "BEFORE")
    await world.garage.report(PortStatus.AVAILABLE)
    async with connect(display.token) as wall, connect(pos.token) as till:
        for socket in (wall, till):
            await socket.subscribe(BILLS, id=world.garage.id)
        for _ in range(2):
            told = await _until_billed(till)
            assert told["requests"][0]["session"]["lineItem"]["amount"]["cents"] == 431
            refused = await _until_refused(wall)
            assert {error["extensions"]["code"] for error in refused["errors"]} == {"FORBIDDEN"}
            assert all(
                request["session"] is None or request["session"]["lineItem"] is None
                for request in refused["data"]["boardUpdated"]["requests"]
            )
            await world.charge(operator, "AFTER")
            await world.garage.report(PortStatus.AVAILABLE)
    assert world.graph.sharing.group_count == 0


async def _until_billed(socket):
    while True:
        update = await board(socket)
        if len(update["requests"]) == 1 and (update["requests"][0]["session"] or {}).get("lineItem"):
            return update


async def _until_refused(socket):
    while True:
        payload = (await socket.receive())["payload"]
        if "errors" in payload:
            return payload


def test_nothing_that_is_shared_leads_to_the_viewers_own_person():
    """The types that payloads lead to; and what a resolver could ask about who is looking."""
    subscription = schema._schema.subscription_type
    seen: set[str] = set()
    waiting = [get_named_type(subscription.fields[name].type) for name in TOGETHER]
    while waiting:
        kind = waiting.pop()
        if kind.name in seen:
            continue
        seen.add(kind.name)
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            waiting += [get_named_type(field.type) for field in kind.fields.values()]
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            waiting += schema._schema.get_possible_types(kind)
    assert {"BoardUpdate", "EnergyUpdate", "LineItem", "Stay", "Garage"} <= seen
    assert not {name for name in seen if "viewer" in name.lower() or "role" in name.lower()}
    asked = {name for name in vars(OperationContext) if not name.startswith("_")}
    assert asked == {"loaders", "now", "last_seen", "require"}


def test_a_shared_context_holds_rights_and_no_person(world, operator):
    assert set(SharedContext.__slots__) == {"services", "viewer", "loaders"}


async def test_the_viewer_of_a_group_is_nobody(world, operator, connect):
    async with connect(operator.token) as socket:
        await socket.subscribe(BOARD, id=world.garage.id)
        await board(socket)
        (running,) = world.graph.sharing._running.values()
        viewer = running.group._execution._viewer
        assert (viewer.id, viewer.name, viewer.email, viewer.organization) == (0, "", None, "")
        assert viewer.roles == {world.garage.key: Role.OPERATOR}


def test_every_extension_of_the_schema_is_known_to_sharing():
    """Errors are masked, contexts and limits are kept there too; a new extension must be thought of."""
    kinds = [type(extension) for extension in schema.get_extensions()]
    assert kinds == [MaskErrors, OwnContext, LimitedDocuments, Planned]


# ------------------------------------------------------------------------------------------------- who comes and goes


async def test_whoever_comes_while_events_flow_misses_nothing(world, operator, connect):
    """Each sees a snapshot and every revision after it once; those who leave take nobody with them."""
    changes = 40

    async def watch(leaves_after: int | None) -> list[int]:
        async with connect(operator.token) as socket:
            await socket.subscribe(BOARD, id=world.garage.id)
            told = [await board(socket)]
            assert told[0]["isSnapshot"] is True
            while told[-1]["revision"] < goal and len(told) != leaves_after:
                told.append(await board(socket))
            assert not any(update["isSnapshot"] for update in told[1:])
            return [update["revision"] for update in told]

    goal = (await world.house.boards.read(world.garage.key)).revision + changes
    watching = []
    for number in range(changes):
        if number % 2 == 0:
            watching.append(asyncio.create_task(watch(3 if number % 6 == 0 else None)))
        await world.check_in(operator, f"CAR {number}")
    async with asyncio.timeout(PATIENCE_S):
        for revisions in await asyncio.gather(*watching):
            assert revisions == list(range(revisions[0], revisions[0] + len(revisions)))
            assert revisions[-1] == goal or len(revisions) == 3
    await until(lambda: world.graph.sharing.group_count == 0)


async def test_a_group_that_lags_is_told_the_whole_board_again(world, operator, connect):
    """While some of it come and go: nobody sees a gap, and all end with the same board."""
    world.house.bus._bound = 2
    changes = 30
    goal = (await world.house.boards.read(world.garage.key)).revision + changes

    async def watch(starts_after: float) -> int:
        await asyncio.sleep(starts_after)
        async with connect(operator.token) as socket:
            await socket.subscribe(BOARD, id=world.garage.id)
            shown: dict = {}
            revision = snapshots = 0
            while revision < goal:
                update = await board(socket)
                if update["isSnapshot"]:
                    snapshots += 1
                    shown.clear()
                else:
                    assert update["revision"] == revision + 1
                revision = update["revision"]
                shown |= {request["id"]: request for request in update["requests"]}
            assert len(shown) == changes
            return snapshots

    old = BoardChanged(garage_id=world.garage.key, revision=0, rate=None, ports=(), cards=(), removed_request_ids=())
    watching = [asyncio.create_task(watch(number / 20)) for number in range(5)]
    for first in range(0, changes, 10):
        await asyncio.gather(*(world.check_in(operator, f"CAR {number}") for number in range(first, first + 10)))
        # In one turn of the loop, more than the feed holds; nobody has to see these.
        for _ in range(5):
            world.house.bus.publish(old)
        await asyncio.sleep(0.1)
    async with asyncio.timeout(PATIENCE_S):
        assert max(await asyncio.gather(*watching)) > 1


async def test_a_colleague_who_signs_out_leaves_alone(world, operator, connect):
    one, other = [await another(world, Role.ATTENDANT, name) for name in ("one", "other")]
    async with connect(one.token) as leaving, connect(other.token) as staying:
        for socket in (leaving, staying):
            await socket.subscribe(BOARD, id=world.garage.id)
            await board(socket)
        assert world.graph.sharing.group_count == 1
        await world.house.people.sign_out(one.token)
        world.clock.turn(seconds=31)
        await world.check_in(operator)
        assert await leaving.receive() == {
            "id": "1",
            "type": "next",
            "payload": {
                "data": None,
                "errors": [{"message": "Sign in first.", "extensions": {"code": "UNAUTHENTICATED"}}],
            },
        }
        assert await leaving.receive() == {"id": "1", "type": "complete"}
        assert (await board(staying))["isSnapshot"] is False
        await leaving.subscribe("{ viewer { name } }")
        assert await leaving.next() == {"viewer": None}
        assert world.graph.sharing.member_count == 1


async def test_who_signs_out_hears_of_it_without_an_event(world, operator, connect):
    async with connect(operator.token) as socket:
        await socket.subscribe(ENERGY, id=world.garage.id)
        await until(lambda: world.graph.sharing.member_count)
        await world.house.people.sign_out(operator.token)
        world.clock.turn(seconds=31)
        assert (await socket.receive())["payload"]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
        assert (await socket.receive())["type"] == "complete"
    assert world.house.bus.reader_count == 0


async def test_another_role_is_another_group_with_what_that_may_see(world, operator, connect):
    display, pos = await world.sign_in(Role.DISPLAY), await world.sign_in(Role.POS)
    await world.charge(operator)
    async with connect(display.token) as wall, connect(pos.token) as till:
        for socket in (wall, till):
            await socket.subscribe(BILLS, id=world.garage.id)
        await _until_refused(wall)
        await _until_billed(till)
        promoted = await PersonRoleRow.get(person__email=f"display.{world.garage.key}@example.com")
        await PersonRoleRow.filter(id=promoted.id).update(role=Role.POS)
        world.clock.turn(seconds=31)
        assert (await _until_billed(wall))["requests"][0]["session"]["lineItem"]["amount"]["cents"] == 431
        assert (world.graph.sharing.group_count, world.graph.sharing.member_count) == (1, 2)

        await PersonRoleRow.filter(id=promoted.id).delete()
        world.clock.turn(seconds=31)
        await world.check_in(operator, "NEXT")
        message = await wall.receive()
        assert message["payload"]["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
        assert (await wall.receive())["type"] == "complete"
        assert len((await board(till))["requests"]) == 1


async def test_a_till_that_changes_groups_misses_no_line_item(world, operator, connect):
    till = await another(world, Role.ATTENDANT, "till")
    role = await PersonRoleRow.get(person__email="till@example.com")
    async with connect(till.token) as socket:
        await socket.subscribe(LINE_ITEMS, id=world.garage.id)
        await until(lambda: world.house.bus.reader_count == 1)
        tickets = []
        for number, new in enumerate((Role.POS, Role.OPERATOR, Role.ATTENDANT)):
            charged = await world.charge(operator, f"CAR {number}")
            await world.garage.report(PortStatus.AVAILABLE)
            tickets.append(charged["stay"]["ticketNumber"])
            await PersonRoleRow.filter(id=role.id).update(role=new)
            world.clock.turn(seconds=31)
        assert [(await socket.next())["lineItemAdded"]["stay"]["ticketNumber"] for _ in tickets] == tickets


# ------------------------------------------------------------------------------------------------------ the protocol


@pytest.mark.parametrize("id_", ['"', 'a"b\\c', "é\u2028\U0001f50c", "x" * 500, "\t\n\x1f"])
async def test_any_operation_id_comes_back_as_it_was_given(world, operator, connect, id_):
    async with connect(operator.token) as socket:
        await socket.subscribe(BOARD, id_=id_, id=world.garage.id)
        assert (await socket.receive())["id"] == id_
        await world.check_in(operator)
        assert (await socket.receive())["id"] == id_
        assert world.graph.sharing.member_count == 1


async def test_one_socket_may_have_the_same_subscription_twice(world, operator, connect):
    async with connect(operator.token) as socket:
        for id_ in ("1", "2"):
            await socket.subscribe(BOARD, id_=id_, id=world.garage.id)
        told = [await socket.receive(), await socket.receive()]
        assert {message["id"] for message in told} == {"1", "2"}
        assert world.graph.sharing.group_count == 1
        await world.check_in(operator)
        told = [await socket.receive(), await socket.receive()]
        assert {message["id"] for message in told} == {"1", "2"}
        assert told[0]["payload"] == told[1]["payload"]
        await socket.send(type="complete", id="1")
        await until(lambda: world.graph.sharing.member_count == 1)
        await world.check_in(operator, "NEXT")
        assert (await socket.receive())["id"] == "2"
        await socket.subscribe(BOARD, id_="1", id=world.garage.id)
        assert (await socket.next())["boardUpdated"]["isSnapshot"] is True


async def test_an_id_that_is_taken_closes_the_socket_as_ever(world, operator, connect):
    async with connect(operator.token) as socket:
        await socket.subscribe(BOARD, id=world.garage.id)
        await board(socket)
        await socket.subscribe(BOARD, id=world.garage.id)
        await socket.connection.wait_closed()
        assert socket.connection.close_code == 4409
    await until(lambda: world.graph.sharing.group_count == 0)


async def test_what_is_written_is_what_the_plain_way_writes(world, operator, connect):
    """To the byte: sessionUpdated goes the plain way, with the same fields around it."""
    async with connect(operator.token) as socket:
        await socket.subscribe(BOARD, id_="a/b", id=world.garage.id)
        text = await socket.connection.recv()
        assert isinstance(text, str)
        assert text.startswith('{"id":"a/b","type":"next","payload":{"data":{"boardUpdated":{"revision":')
        assert json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False) == text


async def test_messages_of_every_length_arrive_whole(world, operator, connect):
    """RFC 6455 writes a length in one, three or nine bytes."""
    wide = " ".join(f"a{number}: id" for number in range(45))
    document = f"subscription($id: ID!) {{ boardUpdated(garageId: $id) {{ requests {{ {wide} }} }} }}"
    lengths = []
    async with connect(operator.token) as socket:
        for number in (0, 1, 60):
            while len((await world.house.boards.read(world.garage.key)).cards) < number:
                await world.check_in(operator, f"CAR {len(lengths)}")
            await socket.subscribe(document, id_=str(number), id=world.garage.id)
            message = await socket.connection.recv()
            lengths.append(len(message.encode()))
            assert len(json.loads(message)["payload"]["data"]["boardUpdated"]["requests"]) == number
            await socket.send(type="complete", id=str(number))
            await until(lambda: world.graph.sharing.member_count == 0)
    assert lengths[0] < 126 <= lengths[1] < 65_536 <= lengths[2]


async def test_a_server_that_ends_tells_so_and_nobody_is_left(world, operator, connect):
    async with serving(world.graph, FramesProtocol) as address:
        connection = await websockets.connect(f"ws://{address}/graphql", subprotocols=["graphql-transport-ws"])
        socket = Socket(connection)
        await socket.send(type="connection_init", payload={"authToken": operator.token})
        await socket.receive()
        await socket.subscribe(BOARD, id=world.garage.id)
        await board(socket)
    await connection.wait_closed()
    assert connection.close_code == 1012
    assert (world.graph.sharing.group_count, world.house.bus.reader_count) == (0, 0)
