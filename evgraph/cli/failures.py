"""How a command fails: one line on stderr, exit code 1, no traceback; whatever command, wherever it failed."""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import asyncpg  # type: ignore[import-untyped]
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from tortoise.exceptions import BaseORMException
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer.core import TyperGroup

from evgraph.domain.refusals import Refusal
from evgraph.models.backups import BackupFailed
from evgraph.models.database import BadDatabaseUrl, NoDatabase, NoSuchMigration, OtherVersion, ReadOnlyDatabase
from evgraph.settings import BadSecretFile, misspelled

err = Console(stderr=True)
# As Typer has it: an option or an argument is wrong or missing.
_WRONG_CALL = 2

OF_DATABASE = (BaseORMException, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError)
_SAID = (BadDatabaseUrl, NoDatabase, NoSuchMigration, OtherVersion, ReadOnlyDatabase, BadSecretFile, BackupFailed)


class CannotDo(Exception):
    """A command cannot do its work; the message says why, and what to do."""


class Commands(TyperGroup):
    """The root command: warns of misspelled variables, and says in one line why a command failed."""

    def invoke(self, ctx: Any) -> Any:
        for name, nearest in misspelled(os.environ):
            meant = f" Did you mean {nearest}?" if nearest else ""
            err.print(f"[yellow]Warning:[/] {escape(name)} is not a setting and is ignored.{meant}", soft_wrap=True)
        with told():
            try:
                return super().invoke(ctx)
            except NoArgsIsHelpError:
                raise
            except UsageError as failure:
                where = f" See `{failure.ctx.command_path} --help`." if failure.ctx else ""
                fail(f"{one_line(failure)}{where}", code=_WRONG_CALL)


@contextmanager
def told() -> Iterator[None]:
    """Turns the failures that an operator can put right into one line and exit code 1."""
    try:
        yield
    except Refusal as refusal:
        fail(refusal.message)
    except (CannotDo, *_SAID) as failure:
        fail(str(failure))
    except ValidationError as failure:
        fail(bad_settings(failure))
    except OF_DATABASE as failure:
        fail(f"The database cannot be used: {one_line(failure)}")
    except TimeoutError as failure:
        fail(f"The database does not answer: {one_line(failure)}" if str(failure) else "The database does not answer.")
    except OSError as failure:
        fail(one_line(failure))


def fail(message: str, *, code: int = 1) -> NoReturn:
    err.print(f"[red]Error:[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(code)


def one_line(failure: BaseException) -> str:
    """What went wrong, without line breaks."""
    if isinstance(failure, UsageError):
        return " ".join(failure.format_message().split())
    if isinstance(failure, OSError) and failure.strerror:
        place = f": {failure.filename}" if failure.filename else ""
        return f"{failure.strerror}{place}"
    return " ".join(str(failure).split()) or type(failure).__name__


def bad_settings(failure: ValidationError) -> str:
    """Each setting with what is wrong with it; secrets have no value that could be wrong."""
    return " ".join(
        f"EVGRAPH_{'_'.join(map(str, fault['loc'])).upper()} (or its option) is {fault['input']!r}: {fault['msg']}."
        for fault in failure.errors(include_url=False)
    )


def warn(message: str) -> None:
    err.print(f"[yellow]Warning:[/] {escape(message)}", soft_wrap=True)


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()
