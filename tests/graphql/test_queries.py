"""Lists and their pages, what searches find, and the ways to name one thing."""

import pytest

from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus
from evgraph.resolvers import search

STAYS = """query($id: ID!, $search: String, $status: StayStatus, $first: Int, $after: String) {
    garage(id: $id) { stays(search: $search, status: $status, first: $first, after: $after) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { id vehicle { licensePlate } } } } } }"""


def _plates(stays):
    return [edge["node"]["vehicle"]["licensePlate"] for edge in stays["edges"]]


async def test_pages_stay_where_they_are_while_vehicles_are_checked_in(world):
    pos = await world.sign_in(Role.POS)
    for number in range(5):
        await world.check_in(pos, f"CAR {number}")
    seen, after = [], None
    while True:
        stays = (await pos.data(STAYS, id=world.garage.id, first=2, after=after))["garage"]["stays"]
        seen += _plates(stays)
        assert stays["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert stays["pageInfo"]["startCursor"] == stays["edges"][0]["cursor"]
        after = stays["pageInfo"]["endCursor"]
        if not stays["pageInfo"]["hasNextPage"]:
            break
        await world.check_in(pos, f"NEW {len(seen)}")
    assert seen == ["CAR 4", "CAR 3", "CAR 2", "CAR 1", "CAR 0"]
    assert stays["totalCount"] == 7


async def test_an_empty_list_is_a_page_too(world):
    pos = await world.sign_in(Role.POS)
    stays = (await pos.data(STAYS, id=world.garage.id))["garage"]["stays"]
    page = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert stays == {"totalCount": 0, "pageInfo": page, "edges": []}


@pytest.mark.parametrize(
    ("search", "plates"),
    [
        (None, ["100%_A", "KLM-7788", "JVR 8810"]),
        ("", ["100%_A", "KLM-7788", "JVR 8810"]),
        ("jvr8810", ["JVR 8810"]),
        ("jvr-88", ["JVR 8810"]),
        ("R8", ["JVR 8810"]),
        ("klm7788", ["KLM-7788"]),
        ("tesla", ["KLM-7788", "JVR 8810"]),
        ("tesla white", ["JVR 8810"]),
        ("WHITE TESLA jvr", ["JVR 8810"]),
        ("škoda", ["100%_A"]),
        ("ŠKODA grün", ["100%_A"]),
        ("t-100", ["KLM-7788"]),
        ("%", ["100%_A"]),
        ("_", ["100%_A"]),
        ("\\", []),
        ("'; DROP TABLE stay; --", []),
        ("tesla green", []),
        ("-", ["KLM-7788"]),
    ],
)
async def test_a_search_finds_what_people_remember_of_a_vehicle(world, search, plates):
    pos = await world.sign_in(Role.POS)
    cars = (
        ("JVR 8810", "Tesla", "White", None),
        ("KLM-7788", "Tesla", "Black", "T-100"),
        ("100%_A", "Škoda", "Grün", None),
    )
    for plate, make, color, ticket in cars:
        vehicle = {"licensePlate": plate, "make": make, "color": color}
        await world.check_in(pos, plate, vehicle=vehicle, ticketNumber=ticket)
    stays = (await pos.data(STAYS, id=world.garage.id, search=search))["garage"]["stays"]
    assert _plates(stays) == plates
    assert stays["totalCount"] == len(plates)


async def test_stays_are_listed_by_their_status(world):
    pos = await world.sign_in(Role.POS)
    gone = await world.check_in(pos, "GONE", evCharge=False)
    await world.check_in(pos, "HERE", evCharge=False)
    assert (await pos.do("checkOut", "stay { status }", stayId=gone["stay"]["id"]))["stay"] == {"status": "CLOSED"}
    for status, plates in (("OPEN", ["HERE"]), ("CLOSED", ["GONE"]), (None, ["HERE", "GONE"])):
        assert _plates((await pos.data(STAYS, id=world.garage.id, status=status))["garage"]["stays"]) == plates


async def test_a_ticket_number_names_the_open_stay_else_the_latest(world):
    pos = await world.sign_in(Role.POS)
    document = "query($g: ID!, $t: String!) { stay(garageId: $g, ticketNumber: $t) { vehicle { licensePlate } } }"

    async def named() -> str | None:
        stay = (await pos.data(document, g=world.garage.id, t=" T-1 "))["stay"]
        return stay and stay["vehicle"]["licensePlate"]

    assert await named() is None
    for plate in ("FIRST", "SECOND"):
        stay = (await world.check_in(pos, plate, ticketNumber="T-1", evCharge=False))["stay"]
        assert await named() == plate
        await pos.do("checkOut", "stay { id }", garageId=world.garage.id, ticketNumber="T-1")
        assert await named() == plate
        assert stay["ticketNumber"] == "T-1"


async def test_sessions_are_filtered_by_time_status_and_port(world):
    operator = await world.sign_in(Role.OPERATOR)
    await world.charge(operator, "FIRST")
    world.clock.turn(hours=24)
    await world.garage.report(PortStatus.AVAILABLE)
    waiting = await world.check_in(operator, "SECOND")
    await world.start(operator, waiting["request"]["id"], port=1)
    document = """query($id: ID!, $from: DateTime, $to: DateTime, $status: SessionStatus, $port: ID) {
        garage(id: $id) { sessions(from: $from, to: $to, status: $status, portId: $port) {
            totalCount edges { node { status stay { vehicle { licensePlate } } } } } } }"""

    async def found(**where):
        sessions = (await operator.data(document, id=world.garage.id, **where))["garage"]["sessions"]
        assert sessions["totalCount"] == len(sessions["edges"])
        return [edge["node"]["stay"]["vehicle"]["licensePlate"] for edge in sessions["edges"]]

    assert await found() == ["SECOND", "FIRST"]
    assert await found(**{"from": "2026-11-23T00:00:00Z"}) == ["SECOND"]
    assert await found(to="2026-11-23T00:00:00Z") == ["FIRST"]
    assert await found(**{"from": "2026-11-22T03:48:00-05:00", "to": "2026-11-22T08:48:00.001Z"}) == ["FIRST"]
    assert await found(to="2026-11-22T08:48:00Z") == []
    assert await found(status="STARTING") == ["SECOND"]
    assert await found(port=world.garage.ports[0]) == ["FIRST"]
    assert await found(port=world.elsewhere.ports[0]) == []
    assert await found(port=world.garage.id) == []


async def test_a_start_that_waits_shows_no_transaction_and_no_cost(world):
    operator = await world.sign_in(Role.OPERATOR)
    waiting = await world.check_in(operator)
    session = await world.start(operator, waiting["request"]["id"])
    data = await operator.data(
        """query($id: ID!) { session(id: $id) { status transactionId startedAt durationSeconds energyWh rate { id }
            cost { cents } lineItem { id } samples { at } request { status } } }""",
        id=session,
    )
    assert data["session"] == {
        "status": "STARTING",
        "transactionId": None,
        "startedAt": None,
        "durationSeconds": 0,
        "energyWh": 0,
        "rate": None,
        "cost": None,
        "lineItem": None,
        "samples": [],
        "request": {"status": "STARTING"},
    }


async def test_samples_are_thinned_evenly_with_the_first_and_the_last(world):
    operator = await world.sign_in(Role.OPERATOR)
    waiting = await world.check_in(operator)
    session = await world.start(operator, waiting["request"]["id"])
    transaction = await world.garage.begin(session)
    for step in range(1, 12):
        world.clock.turn(minutes=1)
        await world.garage.meter(transaction, 1000 + 100 * step)
    document = """query($id: ID!, $points: Int) { session(id: $id) {
        samples(points: $points) { at energyWh powerKw } } }"""

    async def energies(points):
        return [s["energyWh"] for s in (await operator.data(document, id=session, points=points))["session"]["samples"]]

    assert await energies(None) == list(range(100, 1200, 100))
    assert await energies(11) == list(range(100, 1200, 100))
    assert await energies(2) == [100, 1100]
    assert await energies(3) == [100, 600, 1100]
    assert await energies(6) == [100, 300, 500, 700, 900, 1100]
    (first, *_) = (await operator.data(document, id=session, points=2))["session"]["samples"]
    assert first == {"at": "2026-11-22T08:49:00.000Z", "energyWh": 100, "powerKw": 9.8}
    for points in (1, 2001):
        answer = await operator.ask(document, id=session, points=points)
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_running_session_costs_what_it_has_drawn_so_far(world):
    operator = await world.sign_in(Role.OPERATOR)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_MINUTE", amountCents="3")
    waiting = await world.check_in(operator)
    session = await world.start(operator, waiting["request"]["id"])
    transaction = await world.garage.begin(session)
    world.clock.turn(minutes=10)
    await world.garage.meter(transaction, 2500)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="FLAT_FEE", amountCents="500")
    document = """query($id: ID!) { session(id: $id) { status energyKwh powerKw durationSeconds lastMeterAt
        cost { cents formatted } rate { kind } port { activeSession { id } isOpen } } }"""
    shown = (await operator.data(document, id=session))["session"]
    assert shown == {
        "status": "CHARGING",
        "energyKwh": 1.5,
        "powerKw": 9.8,
        "durationSeconds": 600,
        "lastMeterAt": "2026-11-22T08:58:00.000Z",
        "cost": {"cents": 30, "formatted": "$0.30"},
        "rate": {"kind": "PER_MINUTE"},
        "port": {"activeSession": {"id": session}, "isOpen": False},
    }


async def test_the_rates_of_a_garage_are_its_history(world):
    operator = await world.sign_in(Role.OPERATOR)
    for cents in ("25", "32.5", "0.0001"):
        payload = await operator.do(
            "setRate", "rate { id amountCents }", garageId=world.garage.id, kind="PER_KWH", amountCents=cents
        )
        assert payload["rate"]["amountCents"] == cents
    document = """query($id: ID!, $after: String) { garage(id: $id) { rate { label }
        rateHistory(first: 2, after: $after) { totalCount pageInfo { endCursor hasNextPage }
            edges { node { amountCents label effectiveFrom } } } } }"""
    garage = (await operator.data(document, id=world.garage.id))["garage"]
    assert garage["rate"] == {"label": "0.0001 c per kWh"}
    assert [edge["node"]["amountCents"] for edge in garage["rateHistory"]["edges"]] == ["0.0001", "32.5"]
    assert garage["rateHistory"]["totalCount"] == 3
    after = garage["rateHistory"]["pageInfo"]["endCursor"]
    last = (await operator.data(document, id=world.garage.id, after=after))["garage"]["rateHistory"]
    assert [edge["node"]["label"] for edge in last["edges"]] == ["25 c per kWh"]
    assert last["pageInfo"]["hasNextPage"] is False


async def test_garages_are_paged_by_name(world):
    names = ["beta", "Alpha", "alpha", "Gamma 2"]
    keys = []
    for number, name in enumerate(names):
        garage = await world.house.registration.add_garage(
            organization="Midtown Parking", location_id=f"X-{number}", name=name
        )
        keys.append(garage.id)
    await world.house.registration.add_person(
        garage_ids=keys, email="many@example.com", name="Many", password="correct horse", role=Role.ATTENDANT
    )
    api = world.nobody()
    api.token = (await world.house.people.sign_in("many@example.com", "correct horse", remote="test")).token
    document = """query($search: String, $first: Int, $after: String) {
        garages(search: $search, first: $first, after: $after) {
            totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { node { name } } } }"""
    seen, after, pages = [], None, 0
    while True:
        garages = (await api.data(document, first=1, after=after))["garages"]
        seen += [edge["node"]["name"] for edge in garages["edges"]]
        after, pages = garages["pageInfo"]["endCursor"], pages + 1
        if not garages["pageInfo"]["hasNextPage"]:
            break
    assert (seen, pages, garages["totalCount"]) == (["Alpha", "alpha", "beta", "Gamma 2"], 4, 4)
    found = (await api.data(document, search="GAM x-3"))["garages"]
    assert (found["totalCount"], found["edges"]) == (1, [{"node": {"name": "Gamma 2"}}])


async def test_a_garage_is_named_by_id_or_location(world):
    display = await world.sign_in(Role.DISPLAY)
    document = "query($id: ID, $location: String) { garage(id: $id, locationId: $location) { name } }"
    for given in ({"id": world.garage.id}, {"location": "NYC-034"}):
        assert (await display.data(document, **given))["garage"] == {"name": "34th Street"}
    assert (await display.data(document, location="NYC-125"))["garage"] is None
    for given in ({}, {"id": world.garage.id, "location": "NYC-034"}):
        answer = await display.ask(document, **given)
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    answer = await display.ask("{ stay { id } }")
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_ports_are_listed_in_natural_order_with_their_names(world):
    operator = await world.sign_in(Role.OPERATOR)
    first, second = world.garage.ports
    await operator.do("renamePort", "port { name }", portId=first, name="Port 10")
    await operator.do("renamePort", "port { name }", portId=second, name="port 2")
    document = """query($id: ID!, $port: ID!) { garage(id: $id) { port(id: $port) { name }
        ports { id name customName status lastReportedStatus isOpen maxPowerKw } } }"""
    garage = (await operator.data(document, id=world.garage.id, port=first))["garage"]
    assert [port["name"] for port in garage["ports"]] == ["port 2", "Port 10"]
    assert garage["port"] == {"name": "Port 10"}
    payload = await operator.do("renamePort", "port { name customName }", portId=first, name=None)
    assert payload["port"] == {"name": "AX48-NYC-034-1", "customName": None}
    elsewhere = await operator.data(document, id=world.garage.id, port=world.elsewhere.ports[0])
    assert elsewhere["garage"]["port"] is None


async def test_an_offline_charger_shows_what_it_last_reported(world):
    display = await world.sign_in(Role.DISPLAY)
    world.chargers.seen_at = world.clock.now()
    await world.house.charge_points.disconnected(world.garage.charge_point_key)
    document = """query { chargePoint(identity: "AX48-NYC-034") { isOnline lastSeenAt lastBootAt
        ports { status lastReportedStatus isOpen } garage { name } } }"""
    shown = (await display.data(document))["chargePoint"]
    port = {"status": "OFFLINE", "lastReportedStatus": "AVAILABLE", "isOpen": False}
    assert shown["ports"] == [port, port]
    assert shown["isOnline"] is False
    assert shown["lastSeenAt"] == "2026-11-22T08:48:00.000Z"
    assert shown["garage"] == {"name": "34th Street"}


SEARCH = """query($id: ID!, $status: StayStatus) { garage(id: $id) {
    stays(search: "car", status: $status) { edges { node { vehicle { licensePlate } } } } } }"""


async def test_a_search_looks_at_the_lot_and_at_the_latest_check_ins(world, monkeypatch):
    monkeypatch.setattr(search, "LATEST", 2)
    pos = await world.sign_in(Role.POS)
    stays = [(await world.check_in(pos, f"CAR {letter}", evCharge=False))["stay"] for letter in "ABCD"]
    for stay in (stays[0], stays[3]):
        assert (await pos.do("checkOut", "stay { id }", stayId=stay["id"]))["errors"] == []

    async def found(status=None):
        data = await pos.data(SEARCH, id=world.garage.id, status=status)
        return [edge["node"]["vehicle"]["licensePlate"][-1] for edge in data["garage"]["stays"]["edges"]]

    assert await found() == ["D", "C", "B"]
    assert await found("OPEN") == ["C", "B"]
    assert await found("CLOSED") == ["D"]
    document = "query($id: ID!, $number: String!) { stay(garageId: $id, ticketNumber: $number) { status } }"
    data = await pos.data(document, id=world.garage.id, number=stays[0]["ticketNumber"])
    assert data == {"stay": {"status": "CLOSED"}}
