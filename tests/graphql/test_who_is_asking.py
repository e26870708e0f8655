"""Who is asking must be looked up before anything else; what fails there is told like any failure of ours."""

import pytest

from evgraph.domain.people import Role


class Gone(Exception):
    pass


@pytest.fixture
def lose_database(world, monkeypatch):
    async def fail(token):
        raise Gone("the secret address of the database")

    return lambda: monkeypatch.setattr(world.house.people, "viewer_of", fail)


async def test_over_http_it_is_an_internal_error_with_an_id(world, lose_database):
    attendant = await world.sign_in(Role.ATTENDANT)
    lose_database()
    _is_internal(await attendant.ask("{ viewer { name } }"))


async def test_over_a_socket_that_is_open_it_is_too(world, connect, lose_database):
    attendant = await world.sign_in(Role.ATTENDANT)
    async with connect(attendant.token) as socket:
        lose_database()
        await socket.subscribe("{ viewer { name } }")
        message = await socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        _is_internal({"errors": errors})


def _is_internal(answer):
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["id"] in error["message"]
    assert "secret" not in str(answer)
