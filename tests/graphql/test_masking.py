"""What a client is told of errors, and what only the log knows."""

import pytest
import structlog

from evgraph.domain.people import Role


@pytest.fixture
def logged():
    with structlog.testing.capture_logs() as lines:
        yield lines


async def test_a_bug_of_ours_is_told_by_its_id_only(world, logged):
    attendant = await world.sign_in(Role.ATTENDANT)
    waiting = await world.check_in(attendant)
    world.chargers.answer = RuntimeError("the password is hunter2")
    answer = await attendant.ask(
        "mutation Start($r: ID!, $p: ID!) { startCharging(input: {requestId: $r, portId: $p}) { session { id } } }",
        r=waiting["request"]["id"],
        p=world.garage.ports[0],
    )
    (error,) = answer["errors"]
    id_ = error["extensions"]["id"]
    assert error["message"] == f"Something went wrong on our side. Tell support this id: {id_}."
    assert error["extensions"] == {"code": "INTERNAL", "id": id_}
    assert error["path"] == ["startCharging"]
    assert "hunter2" not in str(answer)
    (line,) = [line for line in logged if line["log_level"] == "error"]
    assert (line["id"], line["operation"], line["path"]) == (id_, "Start", ["startCharging"])
    assert "RuntimeError: the password is hunter2" in line["exception"]
    assert "in remote_start" in line["exception"]


async def test_the_rest_of_the_answer_is_given(world, logged):
    display = await world.sign_in(Role.DISPLAY)
    world.chargers.seen_at = RuntimeError("secret")
    answer = await display.ask('{ viewer { name } chargePoint(identity: "AX48-NYC-034") { identity lastSeenAt } }')
    assert answer["data"] == {
        "viewer": {"name": "Display"},
        "chargePoint": {"identity": "AX48-NYC-034", "lastSeenAt": None},
    }
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL"]
    assert [error["path"] for error in answer["errors"]] == [["chargePoint", "lastSeenAt"]]


@pytest.mark.parametrize(
    ("document", "variables", "told"),
    [
        ("{ nothing }", {}, "Cannot query field 'nothing' on type 'Query'."),
        ("{ viewer", {}, "Syntax Error"),
        ("query($id: ID!) { node(id: $id) { id } }", {}, "Variable '$id'"),
        ("query($first: Int) { garages(first: $first) { totalCount } }", {"first": "many"}, "Variable '$first'"),
        ("{ garages(first: 0) { totalCount } }", {}, "from 1 to 200"),
        ("{ garages(after: \"x\") { totalCount } }", {}, "no cursor of this list"),
        ("query($id: ID!) { garage(id: $id) { sessions(from: \"2026-11-22\") { totalCount } } }", {"id": "x"}, "add Z"),
        ("query($t: DateTime) { node(id: \"x\") { ... on Garage { sessions(from: $t) { totalCount } } } }",
         {"t": "2026-11-22T00:00:00"}, "add Z for UTC"),
        ("mutation($a: Decimal!) { setRate(input: {garageId: \"x\", kind: PER_KWH, amountCents: $a}) { rate { id } } }",
         {"a": "much"}, "exact decimal"),
        ("query($i: String!) { chargePoint(identity: $i) { vendor } }", {"i": "AX\0"}, "U+0000"),
        ('{ chargePoint(identity: "AX\\u0000") { vendor } }', {}, "U+0000"),
        ('{ chargePoint(identity: "AX\\u{0}") { vendor } }', {}, "U+0000"),
    ],
)  # fmt: skip
async def test_input_that_does_not_fit_is_the_clients_to_mend(world, logged, document, variables, told):
    display = await world.sign_in(Role.DISPLAY)
    answer = await display.ask(document, **variables)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert told in answer["errors"][0]["message"]
    assert not [line for line in logged if line["log_level"] == "error"]


async def test_too_many_attempts_to_sign_in_are_rate_limited(world):
    api = world.nobody()
    document = 'mutation { signIn(input: {email: "a@example.com", password: "wrong"}) { errors { code field } } }'
    for _ in range(10):
        (error,) = (await api.data(document))["signIn"]["errors"]
        assert error == {"code": "INVALID_CREDENTIALS", "field": ["input", "password"]}
    answer = await api.ask(document)
    assert answer["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}
    assert "Wait a minute" in answer["errors"][0]["message"]
