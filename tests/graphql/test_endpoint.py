"""The endpoint for people, and for bodies that are too large."""

import pytest

from evgraph.graph import MAX_BODY, create_graphql_app

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_a_browser_is_shown_the_page(world, tmp_path):
    page = tmp_path / "graphiql.html"
    world.graph = create_graphql_app(world.house, ide_page=page)
    browser = world.nobody().http
    answer = await browser.get("/graphql", headers=BROWSER)
    assert "Send operations by POST" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    page.write_text("<title>GraphiQL</title>")
    answer = await browser.get("/graphql", headers=BROWSER)
    assert answer.text == "<title>GraphiQL</title>"
    assert answer.headers["content-type"].startswith("text/html")
    answer = await browser.get("/graphql", params={"query": "{ viewer { name } }"}, headers=BROWSER)
    assert answer.json() == {"data": {"viewer": None}}


async def test_a_get_without_a_query_is_told_what_is_missing(world):
    assert (await world.nobody().http.get("/graphql")).status_code == 400
    assert (await world.nobody().http.put("/graphql")).status_code == 405


async def test_a_body_beyond_a_megabyte_is_not_read(world):
    http = world.nobody().http
    body = b'{"query": "{ viewer { name } }", "extensions": {"x": "' + b"x" * MAX_BODY + b'"}}'

    async def in_pieces():
        for start in range(0, len(body), 100_000):
            yield body[start : start + 100_000]

    for content in (body, in_pieces()):
        answer = await http.post("/graphql", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 413


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/graphql-response+json, application/json, text/event-stream, multipart/mixed", "application/json"),
        ("text/event-stream, application/json", "text/event-stream"),
        ("text/event-stream", "text/event-stream"),
    ],
)
async def test_a_query_is_answered_as_events_only_to_who_asks_for_them_first(world, accept, answered):
    answer = await world.nobody().http.post(
        "/graphql", json={"query": "{ viewer { name } }"}, headers={"accept": accept}
    )
    assert answer.headers["content-type"].partition(";")[0] == answered
    assert '"viewer":null' in answer.text


@pytest.mark.parametrize("body", ["null", "5", '"{ viewer { name } }"', "{bad", "[]"])
async def test_a_body_that_is_no_operation_is_the_clients_fault(world, body):
    answer = await world.nobody().http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


async def test_a_subscription_by_a_request_that_takes_one_answer_is_refused(world):
    body = {"query": 'subscription { boardUpdated(garageId: "x") { revision } }'}
    answer = await world.nobody().http.post("/graphql", json=body)
    assert (answer.status_code, "subscriptions are not allowed" in answer.text) == (400, True)
