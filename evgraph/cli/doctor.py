"""Is this charge point well? Asked of the running server, whose charge point it is."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from shlex import quote
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.markup import escape

from evgraph.cli.common import DatabaseUrl, err, out, settings_of, stamp
from evgraph.cli.failures import OF_DATABASE, one_line
from evgraph.domain.people import Right
from evgraph.models import ChargePointRow, GarageRow, RefusedConnectionRow, database
from evgraph.models.database import BadDatabaseUrl
from evgraph.services.clock import SystemClock
from evgraph.services.people import People
from evgraph.settings import BadSecretFile, secret_of_file

cli = typer.Typer()

_CANNOT_RUN = 2
# A slow charger is asked a handful of questions, each with its own deadline.
_TIMEOUT_S = 180.0
_MARKS = {"OK": "[green]OK  [/]", "WARN": "[yellow]WARN[/]", "FAIL": "[red]FAIL[/]"}
_FIND = "query($identity: String!) { chargePoint(identity: $identity) { id } }"
_CHECK = """mutation($id: ID!) { checkChargePoint(input: {chargePointId: $id}) {
    report { verdict findings { topic verdict text advice } } errors { message } } }"""

Report = dict[str, Any]


class CannotRun(Exception):
    """The check could not be made; the message says what to do."""


@cli.command()
def doctor(
    identity: Annotated[str, typer.Argument(help="The charge point's identity.")],
    url: Annotated[str, typer.Option(help="The running server.")] = "http://127.0.0.1:8000",
    token: Annotated[
        str | None,
        typer.Option(
            envvar="EVGRAPH_TOKEN",
            help="An operator's access token (signIn). Without it one is made in the database, and removed.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Check a charge point: is it accepted, online, on time, configured, metered? Exit code 0: well, 1: it is not, 2:
    the check could not be made."""
    try:
        token = token or secret_of_file("EVGRAPH_TOKEN")
    except BadSecretFile as failure:
        _cannot_run(str(failure))
    try:
        report = asyncio.run(_report(identity, url, token, database_url))
    except CannotRun as reason:
        _cannot_run(str(reason))
    except httpx.HTTPError as failure:
        _cannot_run(f"No server answers at {url} ({failure}). Is `evgraph serve` running? Give its address with --url.")
    except (database.OtherVersion, database.NoDatabase) as failure:
        _cannot_run(str(failure))
    except (*OF_DATABASE, BadDatabaseUrl, OSError) as failure:
        why = one_line(failure) or "it does not answer"
        _cannot_run(f"The database cannot be used: {why}. Give an operator's token with --token instead.")
    if as_json:
        sys.stdout.write(json.dumps({"identity": identity, **report}, indent=2) + "\n")
    else:
        _print(identity, report)
    raise typer.Exit(1 if report["verdict"] == "FAIL" else 0)


async def _report(identity: str, url: str, token: str | None, database_url: str | None) -> Report:
    if token is not None:
        return await _ask(identity, url, token, [])
    async with _lent_token(identity, database_url) as (lent, refused):
        if lent is None:
            return _unknown(identity, refused)
        return await _ask(identity, url, lent, refused)


async def _ask(identity: str, url: str, token: str, refused: list[RefusedConnectionRow]) -> Report:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=_TIMEOUT_S) as http:
        charge_point = (await _data(http, _FIND, identity=identity))["chargePoint"]
        if charge_point is None:
            return _unknown(identity, refused)
        payload = (await _data(http, _CHECK, id=charge_point["id"]))["checkChargePoint"]
    if payload["errors"]:
        raise CannotRun(payload["errors"][0]["message"])
    return payload["report"]  # type: ignore[no-any-return]


async def _data(http: httpx.AsyncClient, document: str, **variables: str) -> dict[str, Any]:
    answer = await http.post("/graphql", json={"query": document, "variables": variables})
    try:
        told = answer.json()
    except ValueError:
        raise CannotRun(f"{http.base_url} is no EVGraph server (HTTP {answer.status_code}).") from None
    if told.get("errors"):
        raise CannotRun(f"The server refused: {told['errors'][0]['message']}")
    return told["data"]  # type: ignore[no-any-return]


@asynccontextmanager
async def _lent_token(
    identity: str, database_url: str | None
) -> AsyncIterator[tuple[str | None, list[RefusedConnectionRow]]]:
    """An operator's token for as long as the block runs, null for an identity that is not registered, and who was
    turned away under it."""
    url = settings_of(database_url=database_url).database_url
    database.refuse_missing(url)
    await database.open_database(url, pool_size=1)
    try:
        await database.refuse_other_version()
        refused = await RefusedConnectionRow.filter(identity=identity).order_by("-id").limit(3)
        row = await ChargePointRow.get_or_none(identity=identity)
        if row is None:
            yield None, refused
            return
        people = People(SystemClock())
        token = await people.lend_token(Right.OPERATE, row.garage_id)
        if token is None:
            garage = await GarageRow.get(id=row.garage_id)
            raise CannotRun(
                "Nobody operates its garage yet. Run: evgraph user add operator@example.com --name Operator --role"
                f" operator --garage {quote(garage.location_id)}"
            )
        try:
            yield token, refused
        finally:
            await people.sign_out(token)
    finally:
        await database.close_database()


def _unknown(identity: str, refused: list[RefusedConnectionRow]) -> Report:
    text = f"No charge point {identity} is registered, or it is not yours to see."
    if refused:
        newest = refused[0]
        text += f" One tried to connect by this name at {stamp(newest.at)} UTC from {newest.remote}."
    advice = "Compare the identity, letter by letter; register it with `evgraph charge-point add`."
    finding = {"topic": "registered", "verdict": "FAIL", "text": text, "advice": advice}
    return {"verdict": "FAIL", "findings": [finding]}


def _print(identity: str, report: Report) -> None:
    out.print(f"[bold]{escape(identity)}[/]")
    for finding in report["findings"]:
        mark = _MARKS.get(finding["verdict"], finding["verdict"])
        out.print(f"{mark} {finding['topic']:<15} {escape(finding['text'])}", soft_wrap=True)
        if finding["advice"]:
            out.print(f"{'':20} {escape(finding['advice'])}", soft_wrap=True)
    counts = [sum(1 for finding in report["findings"] if finding["verdict"] == verdict) for verdict in ("FAIL", "WARN")]
    out.print(f"{counts[0]} failed, {counts[1]} to look at.")


def _cannot_run(message: str) -> NoReturn:
    err.print(f"[red]Error:[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(_CANNOT_RUN)
