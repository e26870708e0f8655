"""Run the house, try it, bring its database up to date."""

import asyncio
import gc
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer

from evgraph.cli.common import DatabaseUrl, confirm, fail, out, run_plain, settings_of
from evgraph.logs import set_up_logs
from evgraph.models import database, postgres_backup, sqlite_backup
from evgraph.models.backups import InUse, is_sqlite_url
from evgraph.settings import misspelled

cli = typer.Typer()


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.  [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.  [default: 8000]")] = None,
    database_url: DatabaseUrl = None,
    log_format: Annotated[str | None, typer.Option(help="console or json.  [default: console]")] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="Serve https and wss with this certificate (PEM); see `evgraph ca`.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
    client_ca: Annotated[
        Path | None,
        typer.Option(help="Who signs chargers' certificates.  [default: the root of `evgraph ca`, if there is one]"),
    ] = None,
) -> None:
    """Run the server: /graphql, /ocpp/IDENTITY, the web app at /, /healthz, /readyz and /metrics on one port."""
    from evgraph.app import (
        CannotServe,
        check_database,
        listen,
        server,
        url_of,
    )  # the graph: only those who serve pay for it

    settings = settings_of(
        host=host,
        port=port,
        database_url=database_url,
        log_format=log_format,
        tls_cert=tls_cert,
        tls_key=tls_key,
        client_ca=client_ca,
    )
    set_up_logs(settings.log_format, settings.log_level)
    prepare_process()
    for name, nearest in misspelled(os.environ):
        # Also where the log goes: a service manager may keep no other output.
        structlog.get_logger("evgraph").warning("unknown setting ignored", name=name, nearest=nearest)
    try:
        running = server(settings)
        asyncio.run(check_database(settings))
        listening = listen(settings)
        # With port 0 nobody else knows it.
        structlog.get_logger("evgraph").info("listening", url=url_of(settings, listening))
        _end_when_the_terminal_closes()
        running.run(sockets=[listening])
    except CannotServe as failure:
        fail(str(failure))
    if not running.started:
        sys.exit(3)


def _end_when_the_terminal_closes() -> None:
    """As at SIGTERM: what is under way is saved. Under nohup it is ignored, as asked."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def prepare_process() -> None:
    """For ten thousand charge points: as many files as it may have open at all. And what is loaded by now is never
    garbage: to look for some among it, again and again, would keep everybody waiting."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.collect()
    gc.freeze()
    # The oldest are looked through after two million more: of ten thousand charge points they take half a second, and
    # not while these come back. Till then connections that came and went leave some ten kilobytes each.
    gc.set_threshold(1_000, 10, 200)


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="The server's port.")] = 8000,
    panel_port: Annotated[int, typer.Option(help="The port of the panel that handles the simulated cables.")] = 8001,
    charge_points: Annotated[int, typer.Option(min=1, max=50, help="How many simulated AX48s.")] = 6,
    speed: Annotated[
        float, typer.Option(min=0.1, help="Simulated seconds a second: 60 charges an hour a minute.")
    ] = 20,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its database.")] = Path("var/demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with an empty house again.")] = False,
) -> None:
    """Try it: a garage, people, vehicles and simulated AX48s over real sockets, on a database of its own."""
    from evgraph.app import CannotServe
    from evgraph.demo import run_demo

    set_up_logs("console", "warning")
    try:
        asyncio.run(
            run_demo(
                port=port,
                panel_port=panel_port,
                charge_points=charge_points,
                speed=speed,
                folder=folder,
                fresh=fresh,
                out=out,
            )
        )
    except CannotServe as failure:
        fail(str(failure))


def _new_file(url: str) -> Path | None:
    """The SQLite file that a migration makes; null where there is one, or on PostgreSQL."""
    path = database.config(url)["connections"][database.WRITER]["credentials"].get("file_path")
    return Path(path) if path and not Path(path).exists() else None


@cli.command()
def migrate(
    to: Annotated[
        str | None, typer.Option(help="A migration's name, forwards or backwards; `zero` undoes all.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before data is dropped; for scripts.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also while others are connected to the database, such as a monitor.")
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Bring the database to this program's tables. Run it before `serve`, after each upgrade.

    Stop the server first: a database that is in use is refused where there is anything to change, unless --force is
    given. A server that runs meanwhile goes on with the old tables, and what it is told then may fail. Going back
    (--to an earlier migration, or zero) drops tables and columns with all that they hold: it asks before it does, and
    --yes answers for scripts. A database that is newer than this program is refused.
    """
    settings = settings_of(database_url=database_url)
    database.refuse_unwritable(settings.database_url)
    made = _new_file(settings.database_url)

    async def run() -> None:
        steps = await database.steps_to(settings.database_url, to)
        if (steps.run or steps.undone) and not force:
            await _refuse_in_use(settings.database_url)
        if steps.undone and not yes:
            confirm(f"This drops what {', '.join(steps.undone)} added, with all data in it. `evgraph backup` first.")
        await database.migrate(settings.database_url, target=to)

    run_plain(run)
    if made is not None:
        out.print(f"The database {made} was made.", soft_wrap=True, markup=False)
    out.print("The database is up to date." if to is None else f"The database is at {to}.")


async def _refuse_in_use(url: str) -> None:
    try:
        if is_sqlite_url(url):
            path = Path(database.config(url)["connections"][database.WRITER]["credentials"]["file_path"])
            await asyncio.to_thread(sqlite_backup.refuse_in_use, path)
        else:
            await postgres_backup.refuse_in_use(url)
    except InUse as failure:
        fail(f"{failure} Nothing was changed. If it is no server, --force goes on.")


@cli.command()
def schema() -> None:
    """Print the GraphQL schema (SDL) that the server serves."""
    from evgraph.graph import sdl

    sys.stdout.write(sdl())
