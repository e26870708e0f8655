"""What operators look up over the graph: frames, connections, quarantine, cards, sessions that need a look."""

import asyncio

import pytest

from evgraph.domain.asks import GetLocalListVersion, SendLocalList
from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.charging_session import SessionFlag
from evgraph.domain.people import Role
from evgraph.domain.transactions import TransactionStart
from evgraph.models import ConnectionRow, SessionRow, database
from evgraph.models.database import reader
from evgraph.schema.global_ids import encode
from evgraph.services.charge_points import NotAdmitted
from tests.patience import PATIENCE_S


async def log_frames(world, count, action="Heartbeat", garage=None):
    garage = garage or world.garage
    for number in range(count):
        world.house.frames.add(
            garage.key,
            garage.charge_point_key,
            world.clock.now(),
            FrameDirection.RECEIVED,
            FrameKind.CALL,
            str(number),
            action,
            f'[2,"{number}","{action}",{{}}]',
        )
    await world.house.frame_writer.write()


async def until(condition):
    """A subscription says nothing of its beginning where there is nothing to tell yet."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def begin(world, id_tag="STAFF-7", meter=1000, connector=1):
    answer = await world.house.transactions.transaction_started(
        world.garage.charge_point_key,
        TransactionStart(
            connector_id=connector,
            id_tag=id_tag,
            meter_start_wh=meter,
            at=world.clock.now(),
            reported_at=world.clock.now().isoformat(),
            clock_replaced=False,
        ),
    )
    return answer.transaction_id


FRAMES = """query($identity: String!, $action: String, $first: Int, $after: String, $from: DateTime, $to: DateTime) {
    chargePoint(identity: $identity) {
        frames(action: $action, first: $first, after: $after, from: $from, to: $to) {
        totalCount pageInfo { hasNextPage endCursor }
        edges { node { id at action direction kind messageId frame } } } } }
"""


async def test_c10_frames_are_paged_newest_first_and_filtered(world):
    operator = await world.sign_in(Role.OPERATOR)
    await log_frames(world, 5)
    world.clock.turn(minutes=1)
    await log_frames(world, 2, "MeterValues")
    seen, after = [], None
    while True:
        data = await operator.data(FRAMES, identity="AX48-NYC-034", first=3, after=after)
        page = data["chargePoint"]["frames"]
        assert page["totalCount"] == 7
        seen += [(edge["node"]["action"], edge["node"]["messageId"]) for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [("MeterValues", "1"), ("MeterValues", "0"), *(("Heartbeat", str(n)) for n in (4, 3, 2, 1, 0))]
    for given, count in (
        ({"action": "MeterValues"}, 2),
        ({"action": "metervalues"}, 0),
        ({"from": "2026-11-22T08:49:00Z"}, 2),
        ({"to": "2026-11-22T08:49:00Z"}, 5),
    ):
        data = await operator.data(FRAMES, identity="AX48-NYC-034", **given)
        assert data["chargePoint"]["frames"]["totalCount"] == count, given


@pytest.mark.parametrize("cursor", ["nonsense", "WzEsImZyYW1lcyIsIm5vdyIsMV0=", "WzEsInN0YXlzIiwxXQ=="])
async def test_a_cursor_of_another_list_is_refused(world, cursor):
    operator = await world.sign_in(Role.OPERATOR)
    answer = await operator.ask(FRAMES, identity="AX48-NYC-034", after=cursor)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_c10_frames_are_followed_as_they_come(world, connect):
    operator = await world.sign_in(Role.OPERATOR)
    async with connect(operator.token) as socket:
        await socket.subscribe(
            'subscription($id: ID!) { frameLogged(chargePointId: $id, action: "MeterValues") { action messageId } }',
            id=encode("ChargePoint", world.garage.charge_point_key),
        )
        await until(lambda: world.house.frames._watched)
        await log_frames(world, 3)
        await log_frames(world, 1, "MeterValues", world.elsewhere)
        await log_frames(world, 1, "MeterValues")
        assert await socket.next() == {"frameLogged": {"action": "MeterValues", "messageId": "0"}}


async def test_c1_connections_and_who_was_turned_away(world):
    operator = await world.sign_in(Role.OPERATOR)
    opened = [
        await world.house.connections.opened(
            world.garage.charge_point_key, remote=f"10.0.0.{n}", subprotocol="ocpp1.6", security_profile=1
        )
        for n in range(3)
    ]
    await world.house.connections.closed(opened[0], code=1006, reason="lost")
    for identity in ("AX48-NYC-034", "AX48-NYC-125", "NOBODYS-9", "NOBODYS-9"):
        with pytest.raises(NotAdmitted):
            await world.house.charge_points.admit(identity, user=None, password=None, remote="10.0.0.7")
    data = await operator.data(
        """{ chargePoint(identity: "AX48-NYC-034") {
            connections(first: 2) { totalCount pageInfo { hasNextPage endCursor } edges { node { remote } } }
            all: connections { edges { node { closeCode closeReason disconnectedAt } } }
            refusedConnections { totalCount edges { node { identity remote reason } } } }
        refusedConnections { totalCount edges { node { identity } } }
        one: refusedConnections(identity: "NOBODYS-9") { totalCount }
        theirs: refusedConnections(identity: "AX48-NYC-125") { totalCount } }"""
    )
    charge_point = data["chargePoint"]
    assert [edge["node"]["remote"] for edge in charge_point["connections"]["edges"]] == ["10.0.0.2", "10.0.0.1"]
    assert (charge_point["connections"]["totalCount"], charge_point["connections"]["pageInfo"]["hasNextPage"]) == (
        3,
        True,
    )
    assert charge_point["all"]["edges"][-1]["node"]["closeCode"] == 1006
    assert charge_point["refusedConnections"]["totalCount"] == 1
    seen = [edge["node"]["identity"] for edge in data["refusedConnections"]["edges"]]
    assert seen == ["NOBODYS-9", "NOBODYS-9", "AX48-NYC-034"]
    assert (data["one"]["totalCount"], data["theirs"]["totalCount"]) == (2, 0)
    assert await ConnectionRow.all().count() == 3


async def test_s6_an_unassigned_session_is_found_assigned_and_moved(world):
    operator, attendant = await world.sign_in(Role.OPERATOR), await world.sign_in(Role.ATTENDANT)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    transaction = await begin(world)
    world.clock.turn(hours=1)
    await world.garage.meter(transaction, 6_000)
    found = "query($id: ID!) { garage(id: $id) { unassignedSessions { totalCount edges { node { id energyWh } } } } }"
    listed = (await attendant.data(found, id=world.garage.id))["garage"]["unassignedSessions"]
    session = listed["edges"][0]["node"]
    assert (listed["totalCount"], session["energyWh"]) == (1, 5_000)
    wrong, right = await world.check_in(attendant, "WRONG 1"), await world.check_in(attendant, "RIGHT 1")
    given = {"sessionId": session["id"], "stayId": wrong["stay"]["id"]}
    done = await attendant.do("assignSession", "session { status stay { id } request { status } }", **given)
    assert done["session"]["stay"]["id"] == wrong["stay"]["id"]
    assert done["session"]["request"]["status"] == "CHARGING"
    refused = await attendant.do("assignSession", "session { id }", **(given | {"stayId": right["stay"]["id"]}))
    assert [error["code"] for error in refused["errors"]] == ["SESSION_ASSIGNED"]
    await world.garage.end(transaction, 11_000)
    moved = await attendant.do(
        "reassignSession",
        "session { lineItem { stay { id } } lineItems { quantity amount { cents } isCorrection } "
        "moves { movedBy fromStay { id } toStay { id } } }",
        **(given | {"stayId": right["stay"]["id"]}),
    )
    assert moved["errors"] == []
    assert moved["session"]["lineItem"]["stay"]["id"] == right["stay"]["id"]
    assert [(item["quantity"], item["amount"]["cents"]) for item in moved["session"]["lineItems"]] == [
        ("10.000", 250),
        ("-10.000", -250),
        ("10.000", 250),
    ]
    assert [(move["fromStay"], move["movedBy"]) for move in moved["session"]["moves"]] == [
        (None, "Attendant"),
        ({"id": wrong["stay"]["id"]}, "Attendant"),
    ]
    assert (await attendant.data(found, id=world.garage.id))["garage"]["unassignedSessions"]["totalCount"] == 0


FLAGGED = """query($id: ID!, $flag: SessionFlag, $from: DateTime, $to: DateTime) { garage(id: $id) {
    flaggedSessions(flag: $flag, from: $from, to: $to, first: 2) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { flags } } } } }"""


async def test_flagged_sessions_are_found_by_flag_and_time(world):
    operator = await world.sign_in(Role.OPERATOR)
    await world.garage.end(await begin(world), 2_000)
    world.clock.turn(minutes=10)
    for _ in range(3):
        world.clock.turn(minutes=10)
        await begin(world)

    async def count(**given):
        data = await operator.data(FLAGGED, id=world.garage.id, **given)
        return data["garage"]["flaggedSessions"]["totalCount"]

    assert await count(flag="SUPERSEDED") == 2
    assert await count(flag="ESTIMATED") == 0
    assert await count() >= 2
    assert await count(flag="SUPERSEDED", to="2026-11-22T09:09:00Z") == 1
    assert await count(flag="SUPERSEDED", **{"from": "2026-11-22T09:09:00Z"}) == 1


@pytest.mark.parametrize(
    ("flags", "found", "not_found"),
    [
        ({"METER_START_ESTIMATED"}, {"METER_START_ESTIMATED"}, {"ESTIMATED"}),
        ({"ESTIMATED"}, {"ESTIMATED"}, {"METER_START_ESTIMATED"}),
        (
            {"AFTER_CHECKOUT", "ESTIMATED", "METER_GAP", "UNCONFIRMED"},
            {"AFTER_CHECKOUT", "ESTIMATED", "METER_GAP", "UNCONFIRMED"},
            {"METER_START_ESTIMATED", "METER_LEAP"},
        ),
    ],
)
async def test_a_flag_is_found_by_its_whole_name(world, flags, found, not_found):
    operator = await world.sign_in(Role.OPERATOR)
    session_id = await begin(world)
    await SessionRow.filter(id=session_id).update(flags=frozenset(SessionFlag(name) for name in flags))

    async def count(flag):
        data = await operator.data(FLAGGED, id=world.garage.id, flag=flag)
        return data["garage"]["flaggedSessions"]["totalCount"]

    assert {flag for flag in found | not_found if await count(flag) == 1} == found


async def test_flags_and_missing_tickets_are_looked_up_by_an_index(world):
    if not database.is_sqlite():
        pytest.skip("PostgreSQL reads so small a table as a whole.")
    for condition, index in (("flags <> ''", "flagged_session"), ("stay_id IS NULL", "unassigned_session")):
        plan = await reader().execute_query_dict(
            f"EXPLAIN QUERY PLAN SELECT id FROM charging_session WHERE {condition} AND garage_id = 1"
            " ORDER BY id DESC LIMIT 51"
        )
        assert index in plan[0]["detail"]


async def test_t3_quarantine_is_listed_followed_and_resolved(world, connect):
    operator = await world.sign_in(Role.OPERATOR)
    async with connect(operator.token) as socket:
        await socket.subscribe(
            "subscription($id: ID!) { quarantineAdded(garageId: $id) { action chargePoint { identity } } }",
            id=world.garage.id,
        )
        await until(lambda: world.house.bus.reader_count)
        await world.garage.meter(4711, 5)
        told = (await socket.next())["quarantineAdded"]
        assert told == {"action": "MeterValues", "chargePoint": {"identity": "AX48-NYC-034"}}
    document = """query($id: ID!, $resolved: Boolean) { garage(id: $id) { quarantine(resolved: $resolved) {
        totalCount edges { node { id action why frame meterWh resolvedBy resolution session { id } } } } } }"""
    listed = (await operator.data(document, id=world.garage.id, resolved=False))["garage"]["quarantine"]
    assert listed["totalCount"] == 1
    key = listed["edges"][0]["node"]["id"]
    done = await operator.do(
        "resolveQuarantined", "quarantinedMessage { resolvedBy resolution resolvedAt }", id=key, resolution="A test."
    )
    assert done["quarantinedMessage"]["resolvedBy"] == "Operator"
    again = await operator.do("resolveQuarantined", "quarantinedMessage { id }", id=key, resolution="Again.")
    assert [error["code"] for error in again["errors"]] == ["ALREADY_RESOLVED"]
    for resolved, count in ((False, 0), (True, 1), (None, 1)):
        data = await operator.data(document, id=world.garage.id, resolved=resolved)
        assert data["garage"]["quarantine"]["totalCount"] == count


async def test_s6_cards_over_the_graph(world):
    operator = await world.sign_in(Role.OPERATOR)
    world.chargers.answers |= {GetLocalListVersion: 0, SendLocalList: "Accepted"}
    fields = "card { id idTag name parentIdTag status expiresAt }"
    made = await operator.do(
        "addCard", fields, garageId=world.garage.id, idTag="a1b2", name="Mike", expiresAt="2026-11-23T00:00:00Z"
    )
    card = made["card"]
    assert (card["idTag"], card["status"]) == ("a1b2", "ACTIVE")
    twice = await operator.do("addCard", fields, garageId=world.garage.id, idTag="A1b2")
    assert [(error["code"], error["field"]) for error in twice["errors"]] == [("NAME_TAKEN", ["input", "idTag"])]
    blocked = await operator.do("updateCard", fields, cardId=card["id"], isBlocked=True, expiresAt=None)
    assert blocked["card"] == card | {"status": "BLOCKED", "expiresAt": None}
    key = encode("ChargePoint", world.garage.charge_point_key)
    sent = await operator.do("sendLocalList", "status version entryCount", chargePointId=key)
    assert (sent["status"], sent["entryCount"], sent["errors"]) == ("Accepted", 1, [])
    listed = "query($id: ID!) { garage(id: $id) { cards { totalCount edges { node { idTag status } } } } }"
    assert (await operator.data(listed, id=world.garage.id))["garage"]["cards"]["totalCount"] == 1
    gone = await operator.do("removeCard", "removedCardId", cardId=card["id"])
    assert gone["removedCardId"] == card["id"]
    assert (await operator.data(listed, id=world.garage.id))["garage"]["cards"]["totalCount"] == 0


LISTS = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Garage {
    quarantine { totalCount edges { node { chargePoint { identity } session { id } } } }
    unassignedSessions { totalCount edges { node { lineItems { id } moves { movedBy } } } }
    flaggedSessions { totalCount edges { node { flags } } } cards { totalCount edges { node { idTag } } }
    chargePoints { frames(first: 2) { totalCount edges { node { action } } } connections { totalCount }
        refusedConnections { totalCount } } } } }"""


async def test_what_many_garages_list_costs_the_same_number_of_queries(world, caplog):
    operator = await world.sign_in(Role.OPERATOR)
    owner = (await operator.data("{ viewer { organization } }"))["viewer"]["organization"]
    keys = [world.garage.key]
    for number in range(3):
        made = await world.house.registration.add_garage(
            organization=owner, location_id=f"NYC-{number}", name=f"Garage {number}"
        )
        await world.house.registration.add_charge_point(garage_id=made.id, identity=f"AX48-{number}", connectors=1)
        keys.append(made.id)
    await world.house.registration.add_person(
        garage_ids=keys,
        email="operator.1@example.com",
        name="Olivia",
        password="correct horse battery",
        role=Role.OPERATOR,
    )
    signed_in = await world.house.people.sign_in("operator.1@example.com", "correct horse battery", remote="test")
    operator.token = signed_in.token
    await world.garage.meter(4711, 5)
    await log_frames(world, 3)
    await begin(world)
    assert await SessionRow.all().count() == 1
    caplog.set_level("DEBUG", logger="tortoise.db_client")
    counted = []
    for some in (keys, keys[:2], keys):
        caplog.clear()
        data = await operator.data(LISTS, ids=[encode("Garage", key) for key in some])
        counted.append(len([r for r in caplog.records if "SELECT" in r.getMessage()]))
        first = data["nodes"][0]
        assert first["quarantine"]["totalCount"] == 1
        assert first["chargePoints"][0]["frames"]["totalCount"] == 3
        assert len(first["chargePoints"][0]["frames"]["edges"]) == 2
        assert first["unassignedSessions"]["totalCount"] == 1
        assert all(node["quarantine"]["totalCount"] == 0 for node in data["nodes"][1:])
    assert counted[1] == counted[2]
    assert counted[1] < 30
