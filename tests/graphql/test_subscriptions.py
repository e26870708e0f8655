"""The live side, over real sockets and as server-sent events."""

import asyncio
import json
import logging

import httpx
import pytest
import websockets

from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus
from evgraph.resolvers.cookies import NAME
from evgraph.resolvers.known import Known
from tests.patience import PATIENCE_S

BOARD = """subscription($id: ID!) { boardUpdated(garageId: $id) { revision isSnapshot rate { label }
    ports { id name status isOpen maxPowerKw activeSession { id energyKwh } }
    requests { id status lastStartFailure stay { ticketNumber vehicle { licensePlate } activeRequest { id } }
        session { id status energyKwh port { id name } cost { formatted } rate { label } lineItem { id } } }
    removedRequestIds } }"""
ENERGY = """subscription($id: ID!, $session: ID) { energyUpdated(garageId: $id, sessionId: $session) {
    sessionId portId requestId energyWh energyKwh powerKw cost { cents formatted } at } }"""
SESSION = """subscription($id: ID!) { sessionUpdated(sessionId: $id) { status energyWh fullSince
    cost { formatted } port { name } stay { ticketNumber } lineItem { quantity } } }"""
LINE_ITEMS = """subscription($id: ID!) { lineItemAdded(garageId: $id) { quantity amount { cents currency formatted }
    stay { ticketNumber status } session { status energyWh } isCorrection } }"""


@pytest.fixture
async def attendant(world):
    operator = await world.sign_in(Role.OPERATOR)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    return operator


async def test_a_board_is_told_whole_and_then_by_its_changes(world, attendant, connect):
    first = await world.check_in(attendant, "FIRST")
    async with connect(attendant.token) as socket:
        await socket.subscribe(BOARD, id=world.garage.id)
        snapshot = (await socket.next())["boardUpdated"]
        assert snapshot["isSnapshot"] is True
        assert snapshot["rate"] == {"label": "25 c per kWh"}
        assert [port["status"] for port in snapshot["ports"]] == ["AVAILABLE", "AVAILABLE"]
        assert [request["id"] for request in snapshot["requests"]] == [first["request"]["id"]]

        session = await world.start(attendant, first["request"]["id"])
        revision, changes = snapshot["revision"], []
        while (
            not changes
            or changes[-1]["requests"][0]["status"] != "STARTING"
            or not changes[-1]["requests"][0]["session"]
        ):
            changes.append((await socket.next())["boardUpdated"])
            revision += 1
            assert changes[-1]["revision"] == revision
            assert changes[-1]["isSnapshot"] is False
            assert changes[-1]["rate"] is None
        (request,) = changes[-1]["requests"]
        assert request["session"]["id"] == session
        assert request["session"]["port"]["name"] == "AX48-NYC-034-1"

        await attendant.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="30")
        while (change := (await socket.next())["boardUpdated"])["rate"] is None:
            pass
        assert change["rate"] == {"label": "30 c per kWh"}

        second = await world.check_in(attendant, "SECOND")
        await attendant.do("cancelRequest", "request { id }", requestId=second["request"]["id"])
        while not (change := (await socket.next())["boardUpdated"])["removedRequestIds"]:
            pass
        assert change["removedRequestIds"] == [second["request"]["id"]]


async def test_a_change_of_the_board_asks_the_database_nothing(world, attendant, connect, caplog):
    waiting = await world.check_in(attendant)
    async with connect(attendant.token) as socket:
        await socket.subscribe(BOARD, id=world.garage.id)
        await socket.next()
        session = await world.start(attendant, waiting["request"]["id"])
        transaction = await world.garage.begin(session)
        await _settled(socket)
        caplog.set_level(logging.DEBUG, logger="tortoise.db_client")
        caplog.clear()
        assert await _settled(socket) == []
        quiet = len(_queries(caplog))
        await world.garage.report(PortStatus.CHARGING)
        by_the_report = len(_queries(caplog))
        await world.garage.end(transaction, 5000)
        events = await _settled(socket)
        assert events[-1]["boardUpdated"]["requests"][0]["session"]["lineItem"]
        watched = len(_queries(caplog))
    caplog.clear()
    waiting = await world.check_in(attendant, "NEXT")
    transaction = await world.garage.begin(await world.start(attendant, waiting["request"]["id"], port=1), connector=2)
    caplog.clear()
    await world.garage.report(PortStatus.CHARGING, connector=2)
    await world.garage.end(transaction, 5000)
    unwatched = len(_queries(caplog))
    assert quiet == 0
    assert by_the_report > 0
    assert watched == unwatched


def _queries(caplog):
    return [r.getMessage() for r in caplog.records if r.name == "tortoise.db_client"]


async def _settled(socket):
    """What comes until nothing comes."""
    events = []
    while True:
        try:
            message = json.loads(await asyncio.wait_for(socket.connection.recv(), 0.2))
        except TimeoutError:
            return events
        assert "errors" not in message["payload"], message
        events.append(message["payload"]["data"])


async def test_counters_are_told_what_runs_and_then_each_reading(world, attendant, connect):
    waiting = await world.check_in(attendant)
    session = await world.start(attendant, waiting["request"]["id"])
    transaction = await world.garage.begin(session)
    world.clock.turn(minutes=1)
    await world.garage.meter(transaction, 2000)
    async with connect(attendant.token) as socket:
        await socket.subscribe(ENERGY, id=world.garage.id)
        assert (await socket.next())["energyUpdated"] == {
            "sessionId": session,
            "portId": world.garage.ports[0],
            "requestId": waiting["request"]["id"],
            "energyWh": 1000,
            "energyKwh": 1.0,
            "powerKw": 9.8,
            "cost": {"cents": 25, "formatted": "$0.25"},
            "at": "2026-11-22T08:49:00.000Z",
        }
        await socket.subscribe(ENERGY, id_="2", id=world.garage.id, session=session)
        assert (await socket.receive())["id"] == "2"
        world.clock.turn(minutes=1)
        await world.garage.meter(transaction, 3500)
        told = [await socket.receive(), await socket.receive()]
        assert {message["id"] for message in told} == {"1", "2"}
        for message in told:
            update = message["payload"]["data"]["energyUpdated"]
            assert (update["energyWh"], update["at"]) == (2500, "2026-11-22T08:50:00.000Z")


async def test_a_session_of_another_garage_has_no_counter_here(world, attendant, connect):
    async with connect(attendant.token) as socket:
        await socket.subscribe(ENERGY, id=world.garage.id, session=world.garage.id)
        message = await socket.receive()
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_session_is_told_until_it_has_ended(world, attendant, connect):
    waiting = await world.check_in(attendant)
    session = await world.start(attendant, waiting["request"]["id"])
    async with connect(attendant.token) as socket:
        await socket.subscribe(SESSION, id=session)
        assert (await socket.next())["sessionUpdated"]["status"] == "STARTING"
        transaction = await world.garage.begin(session)
        while (told := (await socket.next())["sessionUpdated"])["status"] != "CHARGING":
            pass
        world.clock.turn(minutes=1)
        await world.garage.meter(transaction, 2000)
        while (told := (await socket.next())["sessionUpdated"])["energyWh"] != 1000:
            pass
        await world.garage.end(transaction, 18_234)
        while (told := (await socket.next())["sessionUpdated"])["status"] != "ENDED":
            pass
        assert told == {
            "status": "ENDED",
            "energyWh": 17_234,
            "fullSince": None,
            "cost": {"formatted": "$4.31"},
            "port": {"name": "AX48-NYC-034-1"},
            "stay": {"ticketNumber": waiting["stay"]["ticketNumber"]},
            "lineItem": {"quantity": "17.234"},
        }
        assert await socket.receive() == {"id": "1", "type": "complete"}
        await socket.subscribe(SESSION, id_="2", id=session)
        assert (await socket.next())["sessionUpdated"]["status"] == "ENDED"
        assert await socket.receive() == {"id": "2", "type": "complete"}
    assert world.house.bus.reader_count == 0


async def test_a_point_of_sale_is_told_each_line_item_once(world, attendant, connect):
    await world.charge(attendant, "BEFORE")
    await world.garage.report(PortStatus.AVAILABLE)
    async with connect(attendant.token) as socket:
        await socket.subscribe(LINE_ITEMS, id=world.garage.id)
        await socket.subscribe("{ viewer { name } }", id_="2")
        assert (await socket.receive())["id"] == "2"
        assert (await socket.receive())["type"] == "complete"
        charged = await world.charge(attendant, "AFTER")
        assert (await socket.next())["lineItemAdded"] == {
            "quantity": "17.234",
            "amount": {"cents": 431, "currency": "USD", "formatted": "$4.31"},
            "stay": {"ticketNumber": charged["stay"]["ticketNumber"], "status": "OPEN"},
            "session": {"status": "ENDED", "energyWh": 17_234},
            "isCorrection": False,
        }


async def test_a_slow_point_of_sale_reads_what_it_missed(world, attendant, connect):
    world.house.bus._bound = 1
    async with connect(attendant.token) as socket:
        await socket.subscribe(LINE_ITEMS, id=world.garage.id)
        await _readers(world, 1)
        tickets = []
        for plate in ("A", "B"):
            charged = await world.charge(attendant, plate)
            tickets.append(charged["stay"]["ticketNumber"])
            await world.garage.report(PortStatus.AVAILABLE)
        assert [(await socket.next())["lineItemAdded"]["stay"]["ticketNumber"] for _ in tickets] == tickets


async def test_a_subscription_ends_when_its_viewer_signs_out(world, attendant, connect):
    async with connect(attendant.token) as socket:
        await socket.subscribe(BOARD, id=world.garage.id)
        await socket.next()
        other = await world.sign_in(Role.POS)
        await world.house.people.sign_out(attendant.token)
        world.clock.turn(seconds=31)
        await world.check_in(other)
        message = await socket.receive()
        assert message["payload"]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
        assert (await socket.receive())["type"] == "complete"
        await socket.subscribe("{ garages { totalCount } }", id_="2")
        (error,) = (await socket.receive())["payload"]["errors"]
        assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert world.house.bus.reader_count == 0


async def test_a_socket_that_closes_leaves_nobody_on_the_bus(world, attendant, connect):
    async with connect(attendant.token) as socket:
        for id_, document in (("1", BOARD), ("2", ENERGY), ("3", LINE_ITEMS)):
            await socket.subscribe(document, id_=id_, id=world.garage.id)
        await _readers(world, 3)
        await socket.send(type="complete", id="2")
        await _readers(world, 2)
    await _readers(world, 0)


async def test_a_socket_with_a_bad_token_is_closed(world, connect):
    async with connect(greet=False) as socket:
        await socket.send(type="connection_init", payload={"authToken": "wrong"})
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.receive()
        assert closed.value.rcvd.code == 4403


@pytest.mark.parametrize("said", ["authToken", "Authorization", "header", "cookie"])
async def test_a_socket_is_signed_in_by_any_of_the_ways(world, attendant, connect, said):
    headers, payload = {}, {}
    match said:
        case "authToken":
            payload = {"authToken": attendant.token}
        case "Authorization":
            payload = {"Authorization": f"Bearer {attendant.token}"}
        case "header":
            headers = {"Authorization": f"Bearer {attendant.token}"}
        case "cookie":
            headers = {"Cookie": f"{NAME}={attendant.token}"}
    async with connect(greet=False, additional_headers=headers) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert (await socket.receive())["type"] == "connection_ack"
        await socket.subscribe("{ viewer { name } }")
        assert await socket.next() == {"viewer": {"name": "Operator"}}


async def test_a_page_of_another_origin_opens_no_socket_with_a_cookie(world, attendant, connect, served):
    cookie = {"Cookie": f"{NAME}={attendant.token}"}
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connect(additional_headers=cookie, origin="http://evil.test"):
            pass
    assert refused.value.response.status_code == 403
    async with connect(additional_headers=cookie, origin=f"http://{served}") as socket:
        await socket.subscribe("{ viewer { name } }")
        assert await socket.next() == {"viewer": {"name": "Operator"}}
    async with connect(attendant.token, origin="http://pos.test") as socket:
        await socket.subscribe("{ viewer { name } }")
        assert await socket.next() == {"viewer": {"name": "Operator"}}


async def test_the_old_protocol_is_not_spoken(world, served):
    with pytest.raises((websockets.InvalidHandshake, websockets.ConnectionClosed)):
        async with websockets.connect(f"ws://{served}/graphql", subprotocols=["graphql-ws"]) as connection:
            await connection.recv()


async def test_messages_are_text(world, connect):
    async with connect() as socket:
        await socket.subscribe("{ viewer { name } }")
        assert isinstance(await socket.connection.recv(), str)


async def test_a_wrong_document_is_an_error_of_its_own_operation(world, connect):
    async with connect() as socket:
        await socket.subscribe("{ nothing }")
        message = await socket.receive()
        assert (message["type"], message["payload"][0]["extensions"]) == ("error", {"code": "BAD_USER_INPUT"})
        await socket.subscribe("{ viewer { name } }", id_="2")
        assert await socket.next() == {"viewer": None}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_board_is_served_as_server_sent_events(world, attendant, served, method):
    given = {"query": BOARD, "variables": {"id": world.garage.id}}
    sent = {"json": given} if method == "POST" else {"params": given | {"variables": json.dumps(given["variables"])}}
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {attendant.token}"}
    async with (
        httpx.AsyncClient() as http,
        http.stream(method, f"http://{served}/graphql", headers=headers, **sent) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert (await _event(lines))["boardUpdated"]["isSnapshot"] is True
        await world.check_in(attendant, "NEW")
        (request,) = (await _event(lines))["boardUpdated"]["requests"]
        assert request["stay"]["vehicle"] == {"licensePlate": "NEW"}
    await _readers(world, 0)


async def _readers(world, wanted):
    """The bus has no event for who joins and leaves it."""
    async with asyncio.timeout(PATIENCE_S):
        while world.house.bus.reader_count != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def _event(lines):
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if line.startswith("data: {"):
                payload = json.loads(line.removeprefix("data: "))
                assert "errors" not in payload, payload
                return payload["data"]
    raise AssertionError("The stream ended.")


async def test_what_left_the_board_is_forgotten(world, attendant):
    waiting = await world.check_in(attendant)
    await world.start(attendant, waiting["request"]["id"])
    board = await world.house.boards.read(world.garage.key)
    known = Known()
    known.learn_board(board)
    assert len(known.requests) == len(known.stays) == len(known.sessions) == 1
    known.forget_requests([card.request.id for card in board.cards])
    assert not known.requests
    assert not known.stays
    assert not known.sessions


async def test_m2_a_meter_beyond_all_bounds_blanks_no_board(world, attendant, connect):
    """4 GWh, after a reset: more than GraphQL's Int holds. The kWh, and money as it is formatted, are exact."""
    largest = 2**31 - 1
    waiting = await world.check_in(attendant)
    session = await world.start(attendant, waiting["request"]["id"])
    transaction = await world.garage.begin(session, meter=0)
    async with connect(attendant.token) as socket:
        await socket.subscribe(ENERGY, id=world.garage.id)
        for register in (2_000_000_000, 0, 2_000_000_000):
            world.clock.turn(minutes=10)
            await world.garage.meter(transaction, register)
        while (update := (await socket.next())["energyUpdated"])["energyKwh"] < 4_000_000:
            pass
    assert (update["energyWh"], update["energyKwh"]) == (largest, 4_000_000)
    rated = await world.check_in(attendant, "DEARER")
    await attendant.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="100000")
    session = await world.start(attendant, rated["request"]["id"], port=1)
    transaction = await world.garage.begin(session, connector=2, meter=0)
    world.clock.turn(minutes=10)
    await world.garage.meter(transaction, 2_000_000_000, connector=2)
    data = await attendant.data(
        """query($id: ID!) { garage(id: $id) { board { charging { session {
            energyWh energyKwh cost { cents formatted } samples { energyWh } } } } } }""",
        id=world.garage.id,
    )
    first, dearer = (request["session"] for request in data["garage"]["board"]["charging"])
    assert first["samples"][-1] == {"energyWh": largest}
    assert (first["energyWh"], first["energyKwh"], first["cost"]["cents"]) == (largest, 4_000_000, 100_000_000)
    assert (dearer["energyWh"], dearer["cost"]) == (
        2_000_000_000,
        {"cents": largest, "formatted": "$2,000,000,000.00"},
    )
