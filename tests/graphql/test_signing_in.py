"""Tokens, cookies, and whose requests they speak for."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from evgraph.domain.people import Role
from evgraph.graph import create_graphql_app
from evgraph.resolvers.cookies import NAME

PASSWORD = "correct horse battery"
SIGN_IN = """mutation($email: String!, $password: String!) { signIn(input: {email: $email, password: $password}) {
    viewer { name } accessToken expiresAt errors { code } } }"""
WHO = "{ viewer { name } }"


@pytest.fixture
async def email(world) -> str:
    await world.house.registration.add_person(
        garage_ids=[world.garage.key], email="Pat@example.com", name="Pat", password=PASSWORD, role=Role.ATTENDANT
    )
    return "pat@example.com"


async def test_a_browser_is_remembered_by_its_cookie(world, email):
    browser = world.nobody()
    payload = (await browser.data(SIGN_IN, email=email, password=PASSWORD))["signIn"]
    assert payload["viewer"] == {"name": "Pat"}
    assert payload["expiresAt"] == "2026-11-29T08:48:00.000Z"
    assert await browser.data(WHO) == {"viewer": {"name": "Pat"}}
    await browser.data("mutation { signOut { errors { code } } }")
    assert browser.http.cookies.get(NAME) is None
    assert await browser.data(WHO) == {"viewer": None}
    browser.token = payload["accessToken"]
    assert await browser.data(WHO) == {"viewer": None}


@pytest.mark.parametrize(("base", "is_secure"), [("http://garage.test", False), ("https://garage.test", True)])
async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(world, email, base, is_secure):
    browser = world.nobody(base)
    body = {"query": SIGN_IN, "variables": {"email": email, "password": PASSWORD}}
    answer = await browser.http.post("/graphql", json=body)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{NAME}={answer.json()['data']['signIn']['accessToken']};")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "expires=Sun, 29 Nov 2026 08:48:00 GMT" in cookie
    assert f"Max-Age={7 * 24 * 3600};" in cookie
    assert ("Secure" in cookie) is is_secure


# The cookie jar goes by the machine's clock, as a browser does: it is ahead of a server whose clock is turned back.
@pytest.mark.parametrize("ahead", [timedelta(days=days) for days in (-3650, -8, -1, 0, 1, 8, 3650)], ids=str)
async def test_a_browser_whose_clock_is_wrong_stays_signed_in_and_can_sign_out(world, email, ahead):
    world.clock.present = datetime.now(UTC) - ahead
    browser = world.nobody()
    await browser.data(SIGN_IN, email=email, password=PASSWORD)
    world.clock.turn(days=6, hours=23)
    assert await browser.data(WHO) == {"viewer": {"name": "Pat"}}
    await browser.data("mutation { signOut { errors { code } } }")
    assert browser.http.cookies.get(NAME) is None
    assert await browser.data(WHO) == {"viewer": None}


@pytest.mark.parametrize(("base", "is_secure"), [("http://garage.test", False), ("https://garage.test", True)])
async def test_the_cookie_is_deleted_by_both_of_its_lifetimes(world, email, base, is_secure):
    browser = world.nobody(base)
    await browser.data(SIGN_IN, email=email, password=PASSWORD)
    body = {"query": "mutation { signOut { errors { code } } }"}
    cookie = (await browser.http.post("/graphql", json=body)).headers["set-cookie"]
    assert cookie.startswith(f'{NAME}="";')
    assert "expires=Thu, 01 Jan 1970 00:00:00 GMT" in cookie
    assert "Max-Age=0;" in cookie
    # What is not the same cookie to a browser is not deleted.
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert ("Secure" in cookie) is is_secure


async def test_a_wrong_password_sets_no_cookie(world, email):
    body = {"query": SIGN_IN, "variables": {"email": email, "password": "wrong password"}}
    answer = await world.nobody().http.post("/graphql", json=body)
    assert answer.json()["data"]["signIn"]["errors"] == [{"code": "INVALID_CREDENTIALS"}]
    assert "set-cookie" not in answer.headers


async def test_a_token_expires(world, email):
    api = world.nobody()
    api.token = (await api.data(SIGN_IN, email=email, password=PASSWORD))["signIn"]["accessToken"]
    api.http.cookies.clear()
    world.clock.turn(days=6, hours=23)
    assert await api.data(WHO) == {"viewer": {"name": "Pat"}}
    world.clock.turn(hours=2)
    assert await api.data(WHO) == {"viewer": None}


async def test_a_bearer_token_goes_before_the_cookie(world, email):
    browser = world.nobody()
    await browser.data(SIGN_IN, email=email, password=PASSWORD)
    browser.token = (await world.sign_in(Role.DISPLAY)).token
    assert await browser.data(WHO) == {"viewer": {"name": "Display"}}
    browser.token = "wrong"
    assert await browser.data(WHO) == {"viewer": None}


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": {"query": WHO}}, 400),
        (
            {
                "content": '{"query": "mutation { signOut { errors { code } } }"}',
                "headers": {"content-type": "text/plain"},
            },
            400,
        ),
        ({"files": {"operations": (None, '{"query": "mutation { signOut { errors { code } } }"}')}}, 400),
        ({"content": "{", "headers": {"content-type": "application/json"}}, 400),
    ],
)
async def test_what_another_site_could_post_is_not_read(world, email, sent, status):
    browser = world.nobody()
    await browser.data(SIGN_IN, email=email, password=PASSWORD)
    answer = await browser.http.post("/graphql", **sent)
    assert answer.status_code == status
    assert await browser.data(WHO) == {"viewer": {"name": "Pat"}}


async def test_a_mutation_is_not_taken_by_get(world, email):
    browser = world.nobody()
    await browser.data(SIGN_IN, email=email, password=PASSWORD)
    answer = await browser.http.get("/graphql", params={"query": "mutation { signOut { errors { code } } }"})
    assert answer.status_code == 400
    events = {"accept": "text/event-stream"}
    streamed = await browser.http.get(
        "/graphql", params={"query": "mutation { signOut { errors { code } } }"}, headers=events
    )
    assert "not allowed" in streamed.text
    assert await browser.data(WHO) == {"viewer": {"name": "Pat"}}
    assert (await browser.http.get("/graphql", params={"query": WHO})).json() == {"data": {"viewer": {"name": "Pat"}}}


async def test_a_cookie_does_not_speak_for_pages_of_another_origin(world, email):
    browser = world.nobody()
    await browser.data(SIGN_IN, email=email, password=PASSWORD)

    async def who(origin: str) -> httpx.Response:
        return await browser.http.post("/graphql", json={"query": WHO}, headers={"origin": origin})

    assert (await who("http://garage.test")).json()["data"] == {"viewer": {"name": "Pat"}}
    assert (await who("http://evil.test")).json()["data"] == {"viewer": None}
    assert (await who("null")).json()["data"] == {"viewer": None}
    world.graph = create_graphql_app(world.house, allowed_origins=("http://evil.test",))
    trusting = world.nobody()
    trusting.http.cookies = browser.http.cookies
    answer = await trusting.http.post("/graphql", json={"query": WHO}, headers={"origin": "http://evil.test"})
    assert answer.json()["data"] == {"viewer": {"name": "Pat"}}
