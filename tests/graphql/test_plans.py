"""A plan answers what graphql-core answers, and leaves to it what it does not know: by operations made at random."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
from graphql import ExecutionResult, execute, parse, validate
from starlette.responses import Response

from evgraph.domain.people import Role, Viewer
from evgraph.execution import Plan, Unplanned, compile_plan
from evgraph.graph import schema
from evgraph.resolvers.context import Operation
from evgraph.resolvers.kept_answers import KeptAnswers
from evgraph.resolvers.limits import refusals
from evgraph.resolvers.loaders import make_loaders
from evgraph.schema.global_ids import encode
from tests.graphql.documents import Documents, Made

BOARD = """query($id: ID!) { garage(id: $id) { name rate { label } board { revision rate { amountCents }
    ports { id name status isOpen activeSession { id energyWh } }
    needsCharging { ...C } charging { ...C } charged { ...C } } } }
    fragment C on ChargingRequest { id status lastStartFailure stay { ticketNumber vehicle { licensePlate color }
        activeRequest { id } } session { id status flags energyKwh durationSeconds cost { cents formatted }
        port { name } rate { label } } }"""


@pytest.fixture
async def ids(world) -> dict[str, list[str]]:
    """A garage in use: one of nearly everything."""
    operator = await world.sign_in(Role.OPERATOR)
    rate = await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_MINUTE", amountCents="25")
    charged = await world.charge(operator, "JVR 8810")
    await operator.do("setRate", "rate { id }", garageId=world.garage.id, kind="PER_KWH", amountCents="32.5")
    running = await world.check_in(operator, "LMB 2204")
    session = await world.start(operator, running["request"]["id"], port=1)
    transaction = await world.garage.begin(session, connector=2)
    await world.garage.meter(transaction, 4711, connector=2)
    waiting = await world.check_in(operator, "HKT 4471")
    await operator.do("addCard", "card { id }", garageId=world.garage.id, idTag="STAFF-7")
    await world.garage.meter(4711, 5)
    return {
        "Garage": [world.garage.id, world.elsewhere.id],
        "Port": world.garage.ports,
        "ChargePoint": [encode("ChargePoint", world.garage.charge_point_key)],
        "Stay": [one["stay"]["id"] for one in (charged, running, waiting)],
        "ChargingRequest": [one["request"]["id"] for one in (charged, running, waiting)],
        "ChargingSession": [charged["session"]["id"], session],
        "Rate": [rate["rate"]["id"]],
        "LineItem": [encode("LineItem", 1)],
    }


def _viewer(world: Any, role: Role | None) -> Viewer | None:
    """Null is nobody."""
    if role is None:
        return None
    roles = {world.garage.key: role}
    return Viewer(id=9, organization_id=1, organization="Midtown", name="Max", email=None, roles=roles)


def _operation(world: Any, viewer: Viewer | None) -> Operation:
    return Operation(
        services=world.house,
        loaders=make_loaders(world.house),
        viewer=viewer,
        token=None,
        request=None,  # type: ignore[arg-type]
        response=Response(),
    )


async def _by_graphql_core(world: Any, made: Made, viewer: Viewer | None) -> ExecutionResult:
    result = execute(
        schema._schema,
        parse(made.text),
        variable_values=made.variables,
        context_value=_operation(world, viewer),
    )
    return await result if isinstance(result, Awaitable) else result


def _planned(made: Made) -> Plan | None:
    try:
        return compile_plan(schema, parse(made.text), None, made.variables)
    except Unplanned:
        return None


async def _by_plan(
    plan: Plan, made: Made, operation: Operation, keeper: KeptAnswers | None
) -> tuple[Any, Exception | None]:
    kept = keeper.of_run(operation.loaders) if keeper else None
    try:
        return await plan.run_with(plan.arguments(made.variables), operation, None, kept), None
    except Exception as failure:
        return None, failure


@pytest.mark.parametrize("seed", range(12))
async def test_a_plan_answers_what_graphql_core_answers(world, ids, seed):
    made_by = Documents(schema._schema, ids, random.Random(seed))
    outcomes: Counter[str] = Counter()
    for _ in range(25):
        made = made_by.query()
        document = parse(made.text)
        # Now and then two types of one interface differ in a field of one name.
        if validate(schema._schema, document) or refusals(made.text, document, made.variables, None):
            outcomes["not valid"] += 1
            continue
        viewer = _viewer(world, made_by.random.choice((Role.OPERATOR, Role.OPERATOR, Role.DISPLAY, Role.POS, None)))
        expected = await _by_graphql_core(world, made, viewer)
        plan = _planned(made)
        if plan is None:
            outcomes["left to graphql-core"] += 1
            continue
        for keeper in (None, KeptAnswers()):
            data, failure = await _by_plan(plan, made, _operation(world, viewer), keeper)
            # Where graphql-core finds an error, it is graphql-core that tells of it.
            assert bool(failure) is bool(expected.errors), f"{failure!r}: {made.text}"
            if failure is None:
                assert orjson.dumps(data) == orjson.dumps(expected.data), made.text
            outcomes["error" if failure else "equal"] += 1
    assert outcomes["left to graphql-core"] <= 2
    assert outcomes["not valid"] <= 10
    assert outcomes["equal"] >= 10


async def test_a_plan_knows_a_variable_that_does_not_fit(world, ids):
    made = Made("query($id: ID!, $n: Int!) { garage(id: $id) { stays(first: $n) { edges { cursor } } } }", {"n": 3})
    assert (await _by_graphql_core(world, made, _viewer(world, Role.OPERATOR))).errors
    assert _planned(made) is None


def _changes(world: Any, ids: dict[str, list[str]]) -> list[tuple[str, Callable[[Any], Awaitable[Any]]]]:
    """Each is something that a board may show."""
    garage = world.garage
    running = garage.house.clock

    async def metered(operator: Any) -> None:
        world.clock.turn(seconds=15)
        await garage.meter(2, 5000 + int(running.now().timestamp()) % 100_000, connector=2)

    async def passes(operator: Any) -> None:
        world.clock.turn(minutes=3)

    async def checked_in(operator: Any) -> None:
        await world.check_in(operator, f"CAR {world.clock.now().timestamp():.0f}")
        world.clock.turn(seconds=1)

    async def rated(operator: Any) -> None:
        cents = f"{20 + world.clock.now().second}"
        await operator.do("setRate", "rate { id }", garageId=garage.id, kind="PER_KWH", amountCents=cents)
        world.clock.turn(seconds=1)

    async def renamed(operator: Any) -> None:
        name = f"Bay {world.clock.now().second}"
        await operator.do("renamePort", "port { name }", portId=garage.ports[0], name=name)
        world.clock.turn(seconds=1)

    async def offline(operator: Any) -> None:
        await world.house.charge_points.disconnected(garage.charge_point_key)

    async def online(operator: Any) -> None:
        await world.house.charge_points.connected(garage.charge_point_key)

    async def ended(operator: Any) -> None:
        await garage.end(2, 900_000)

    steps = [metered, passes, checked_in, rated, renamed, offline, online, metered]
    return [(step.__name__, step) for step in [*steps, *steps, ended, passes, checked_in, offline]]


async def test_what_was_answered_before_is_never_out_of_date(world, ids):
    """Over HTTP, each twice: what is asked again after a change is the change's answer, and between two changes the
    same."""
    operator = await world.sign_in(Role.ADMIN)
    display = await world.sign_in(Role.DISPLAY)
    garage_id = world.garage.id
    for name, change in _changes(world, ids):
        await change(operator)
        for api, role in ((operator, Role.ADMIN), (display, Role.DISPLAY)):
            expected = await _by_graphql_core(world, Made(BOARD, {"id": garage_id}), _viewer(world, role))
            assert expected.errors is None
            for _ in range(2):
                assert await api.data(BOARD, id=garage_id) == expected.data, name


async def test_an_answer_is_kept_for_its_viewer_alone(world, ids):
    """The same words, sent by one who may and by others who may not."""
    document = "query($id: ID!) { viewer { name } garage(id: $id) { stays { edges { node { ticketNumber } } } } }"
    operator = await world.sign_in(Role.OPERATOR)
    display = await world.sign_in(Role.DISPLAY)
    stranger = await world.sign_in(Role.OPERATOR, world.elsewhere)
    for _ in range(3):
        seen = await operator.data(document, id=world.garage.id)
        assert seen["viewer"] == {"name": "Operator"}
        assert len(seen["garage"]["stays"]["edges"]) == 3
        assert (await display.ask(document, id=world.garage.id))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await stranger.data(document, id=world.garage.id))["garage"] is None
        nobody = await world.nobody().ask(document, id=world.garage.id)
        assert nobody["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_who_signed_out_is_not_answered_from_what_was_kept(world, ids):
    operator = await world.sign_in(Role.OPERATOR)
    for _ in range(2):
        await operator.data(BOARD, id=world.garage.id)
    await operator.data("mutation { signOut { errors { code } } }")
    answer = await operator.ask(BOARD, id=world.garage.id)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
