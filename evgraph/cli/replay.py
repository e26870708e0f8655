"""The proof of the books: every bill derived again, from what the chargers said and what the rates were."""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from evgraph.cli.common import DatabaseUrl, in_house, out, settings_of, show, stamp
from evgraph.domain.money import Money
from evgraph.ocpp.replay import Difference, Kind, Report, Selection, UnknownSelection
from evgraph.ocpp.replay import replay as derive_again
from evgraph.services.clock import SystemClock
from evgraph.services.house import Services
from evgraph.services.supplies import Supplies

cli = typer.Typer()

DIFFERS = 1
CANNOT = 2
_MOST_UNTOLD = 10
_SETTLES_S = 2.0


def instant(text: str) -> datetime:
    """A date, or a date and a time; UTC where it names no zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as failure:
        raise typer.BadParameter("Give a date (2026-11-01) or a date and time (2026-11-01T08:00).") from failure
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@cli.command()
def replay(
    since: Annotated[
        datetime | None,
        typer.Option("--from", parser=instant, metavar="DATE", help="Sessions that began then or later, UTC."),
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", parser=instant, metavar="DATE", help="Sessions that began before, UTC.")
    ] = None,
    charge_point: Annotated[str | None, typer.Option(help="Only this charge point's: its identity.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Only what is, or was, on the ticket of this number.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines: one JSON object.")] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Derive every bill again, and show each difference from what is booked.

    Sessions, energy, and line items are computed again from the frames that the chargers sent
    (EVGRAPH_FRAMES_KEPT_DAYS), the rates that were in force, and what people decided. This proves that the books follow
    from the frames; it does not prove that the rules are right (docs/operating.md). Run it with the server's settings:
    without its EVGRAPH_SIMULATED_SPEED, the readings of fast simulated chargers are not believed (M5), and their bills
    seem to differ. It changes nothing, and may run beside the server.

    Exit code: 0 when nothing differs, 1 when something does, 2 when it could not be looked at.
    """
    if since is not None and until is not None and until <= since:
        raise typer.BadParameter("It must be later than --from.", param_hint="--to")
    selection = Selection(since=since, until=until, charge_point=charge_point, ticket_number=ticket)
    settings = settings_of(database_url=database_url)
    reports: list[Report] = []

    async def look() -> Report:
        return await derive_again(
            selection,
            supplies=Supplies(settings.simulated_speed),
            now=SystemClock().now(),
        )

    async def run(_: Services) -> None:
        report = await look()
        if report.differences:
            # A frame that waits for the commit of its effect may be kept already: what differs only now is none.
            await asyncio.sleep(_SETTLES_S)
            report = (await look()).agreeing_with(report)
        reports.append(report)

    try:
        in_house(run, database_url, takes_long=True)
    except UnknownSelection as unknown:
        raise typer.BadParameter(str(unknown), param_hint=f"--{unknown.kind.replace(' ', '-')}") from unknown
    except typer.Exit as failed:
        raise typer.Exit(CANNOT) from failed
    (report,) = reports
    if as_json:
        sys.stdout.write(json.dumps(_for_machines(report), indent=2, default=_plain) + "\n")
    else:
        _show(report)
    if report.differences:
        raise typer.Exit(DIFFERS)


def _show(report: Report) -> None:
    if report.differences:
        table = Table("Session", "Charge point", "Connector", "Began (UTC)", "What", "Booked", "By the frames")
        for difference in report.differences:
            table.add_row(
                str(difference.session_id or "none"),
                difference.charge_point,
                str(difference.connector_id),
                stamp(difference.started_at),
                difference.kind.value,
                _words(difference, difference.booked),
                _words(difference, difference.derived),
            )
        show(table)
    sums = [Money(cents, currency).formatted("en_US") for currency, cents in sorted(report.cents.items())]
    billed = f", billed {' and '.join(sums)} by their frames" if sums else ""
    out.print(f"{_count(report.proven, 'session')} derived again{billed}.", soft_wrap=True)
    if report.untold:
        first = ", ".join(str(one.session_id) for one in report.untold[:_MOST_UNTOLD])
        more = " and more" if len(report.untold) > _MOST_UNTOLD else ""
        out.print(
            f"{_count(len(report.untold), 'session')} began before the oldest frame that is kept, and cannot be derived"
            f" again: {first}{more}.",
            soft_wrap=True,
        )
    if report.differences:
        sessions = len({(one.charge_point, one.session_id, one.started_at) for one in report.differences})
        out.print(f"[red]{_count(sessions, 'session')} differ{'s' if sessions == 1 else ''} from the books.[/]")
    else:
        out.print("[green]Nothing differs from the books.[/]")


def _words(difference: Difference, value: Any) -> str:
    match difference.kind, value:
        case Kind.NOT_BOOKED, None:
            return "not booked"
        case Kind.NOT_TOLD, None:
            return "no frame tells of it"
        case Kind.END, None:
            return "still charging"
        case _, None:
            return "none"
        case ((Kind.START | Kind.END), datetime()):
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".")
        case ((Kind.METER_START | Kind.ENERGY | Kind.NOT_BOOKED | Kind.NOT_TOLD), int()):
            return f"{value} Wh"
        case Kind.LINE_ITEMS, int():
            return Money(value, difference.currency).formatted("en_US")
    return str(value)


def _for_machines(report: Report) -> dict[str, Any]:
    return {
        "sessionsDerived": report.proven,
        "cents": report.cents,
        "differences": [_camel(asdict(difference)) for difference in report.differences],
        "notTold": [_camel(asdict(one)) for one in report.untold],
    }


def _camel(fields: dict[str, Any]) -> dict[str, Any]:
    return {_camel_name(name): of for name, of in fields.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
