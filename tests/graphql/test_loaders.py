"""However much is listed, the number of queries stays."""

import pytest

from evgraph.domain.people import Role
from evgraph.schema.global_ids import encode


@pytest.fixture
def queries(statements):
    """The SQL that was run since `queries.clear()`."""
    with statements.counting() as counted:
        yield counted


DOCUMENTS = {
    "tickets": """query($id: ID!) { garage(id: $id) { stays { totalCount edges { node { ticketNumber garage { name }
        activeRequest { status session { status } } requests { status }
        lineItems { amount { formatted } session { id } }
        lineItemTotal { cents } sessions { port { name chargePoint { identity } } rate { label } cost { cents }
        lineItem { id } samples(points: 2) { at } } } } } } }""",
    "sessions": """query($id: ID!) { garage(id: $id) { sessions { totalCount edges { node { stay { ticketNumber }
        request { status } port { name activeSession { id } } cost { formatted } } } } } }""",
    "board": """query($id: ID!) { garage(id: $id) { board { rate { label } ports { name activeSession { energyWh } }
        needsCharging { ...C } charging { ...C } charged { ...C } } } }
        fragment C on ChargingRequest { stay { ticketNumber activeRequest { id } }
            session { port { name } cost { cents } rate { label } lineItem { id } } }""",
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_list_costs_the_same_number_of_queries_however_long(world, queries, name):
    operator = await world.sign_in(Role.OPERATOR)
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="25")
    # What was asked before is looked up first: whether nothing changed since.
    await operator.data(DOCUMENTS[name], id=world.garage.id)
    counted = []
    for plates in (("A",), ("B", "C", "D", "E")):
        for plate in plates:
            await world.charge(operator, plate)
        await operator.data("{ viewer { id } }")
        queries.clear()
        # Words that were not asked before: what is asked again also looks whether anything has changed.
        await operator.data(f"{DOCUMENTS[name]} # {len(plates)}", id=world.garage.id)
        counted.append(len(queries))
    # A rate is asked for once.
    assert counted[1] <= counted[0] < 25


async def test_pages_of_many_garages_cost_the_same_as_of_two(world, queries):
    keys = []
    for number in range(5):
        garage = await world.house.registration.add_garage(
            organization="Midtown Parking", location_id=f"X-{number}", name=f"Garage {number}"
        )
        keys.append(garage.id)
        person = {"email": f"{number}@example.com", "name": "X", "password": "correct horse", "role": Role.OPERATOR}
        await world.house.registration.add_person(garage_ids=keys, **person)
    document = """query { garages { edges { node { name rate { label }
        rateHistory(first: 2) { totalCount edges { node { amountCents } } }
        stays(first: 2, search: "car", status: OPEN) { totalCount pageInfo { hasNextPage }
            edges { node { vehicle { licensePlate } } } }
        sessions(first: 2) { totalCount } } } } }"""
    counted = []
    for number in (1, 4):
        api = world.nobody()
        email = f"{number}@example.com"
        api.token = (await world.house.people.sign_in(email, "correct horse", remote="test")).token
        for place in range(number + 1):
            given = {"garageId": encode("Garage", keys[place]), "kind": "PER_KWH"}
            for cents in ("1", "2", "3"):
                await api.do("setRate", "rate { id }", amountCents=cents, **given)
            for car in range(3):
                await world.check_in(
                    api,
                    f"CAR {place}{car}",
                    garageId=encode("Garage", keys[place]),
                    idempotencyKey=f"{number}{place}{car}",
                )
        queries.clear()
        data = await api.data(document)
        counted.append(len(queries))
        shown = data["garages"]["edges"][1]["node"]
        rounds = 1 if number == 1 else 2
        assert shown["stays"]["totalCount"] == 3 * rounds
        assert [e["node"]["vehicle"]["licensePlate"] for e in shown["stays"]["edges"]] == ["CAR 12", "CAR 11"]
        assert shown["stays"]["pageInfo"] == {"hasNextPage": True}
        assert shown["rateHistory"] == {
            "totalCount": 3 * rounds,
            "edges": [{"node": {"amountCents": "3"}}, {"node": {"amountCents": "2"}}],
        }
        assert shown["rate"] == {"label": "3 c per kWh"}
    assert counted[0] == counted[1]


async def test_a_total_is_counted_only_where_it_is_asked_for(world, queries):
    pos = await world.sign_in(Role.POS)
    await pos.data("{ viewer { id } }")
    counted = []
    for selected in ("edges { cursor }", "edges { cursor } totalCount"):
        queries.clear()
        await pos.data(f"query($id: ID!) {{ garage(id: $id) {{ stays {{ {selected} }} }} }}", id=world.garage.id)
        counted.append(len(queries))
    assert counted[1] == counted[0] + 1
