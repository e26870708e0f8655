"""What a database can fail with, in a few errors for all drivers; the clients of both databases raise nothing else.

Tortoise's own words stay what they are: IntegrityError, DoesNotExist, and OperationalError for a statement that is
wrong, which fails again however often it is tried.
"""

import sqlite3
import traceback

import asyncpg  # type: ignore[import-untyped]
from tortoise.exceptions import (
    BaseORMException,
    DBConnectionError,
    IntegrityError,
    OperationalError,
    TransactionManagementError,
)


class DatabaseUnavailable(OperationalError):
    """The database cannot do it now: gone, locked, late, or out of room. It is so for all, and may be tried again. What
    was being committed may or may not be saved. `why` is a sentence for operators, without names or addresses."""

    why = "The database cannot be reached."


class DatabaseTimeout(DatabaseUnavailable):
    """It gave no answer in time, or a lock was held by another for too long."""

    why = "The database does not answer in time."


class DatabaseFull(DatabaseUnavailable):
    """There is no room to write: the disk, a quota, or memory."""

    why = "The disk of the database is full."


class DatabaseDamaged(DatabaseUnavailable):
    """It cannot be read or written: an I/O error, a corrupt file, or no database at all."""

    why = "The database cannot read or write its files."


class DatabaseReadOnly(DatabaseUnavailable):
    """It can be read only: a standby, or a file without the right to write."""

    why = "The database cannot be written to."


def in_log(failure: BaseException) -> dict[str, str]:
    """The fields of a log line that tell it. What the database cannot do now is no fault of the program's, and comes
    again with each message: a sentence and the driver's words. Anything else has its traceback, a plain one: the values
    of variables may be keys and passwords."""
    if isinstance(failure, DatabaseUnavailable):
        return {"error": f"{type(failure).__name__}: {' '.join(str(failure).split())}", "why": failure.why}
    return {"exception": "".join(traceback.format_exception(failure))}


# By the last eight bits of SQLite's code (https://sqlite.org/rescode.html).
_SQLITE = {
    sqlite3.SQLITE_BUSY: DatabaseTimeout,
    sqlite3.SQLITE_LOCKED: DatabaseTimeout,
    sqlite3.SQLITE_INTERRUPT: DatabaseTimeout,
    sqlite3.SQLITE_PROTOCOL: DatabaseTimeout,
    sqlite3.SQLITE_CANTOPEN: DatabaseUnavailable,
    sqlite3.SQLITE_NOLFS: DatabaseUnavailable,
    sqlite3.SQLITE_FULL: DatabaseFull,
    sqlite3.SQLITE_NOMEM: DatabaseFull,
    sqlite3.SQLITE_IOERR: DatabaseDamaged,
    sqlite3.SQLITE_CORRUPT: DatabaseDamaged,
    sqlite3.SQLITE_NOTADB: DatabaseDamaged,
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    sqlite3.SQLITE_PERM: DatabaseReadOnly,
}
# By PostgreSQL's SQLSTATE, and by its class, the first two characters
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
_SQLSTATES = {
    "53100": DatabaseFull,
    "53200": DatabaseFull,
    "25006": DatabaseReadOnly,
    "55P03": DatabaseTimeout,
    "57014": DatabaseTimeout,
    "25P03": DatabaseTimeout,
    "25P04": DatabaseTimeout,
    "40001": DatabaseTimeout,
    "40P01": DatabaseTimeout,
    "3D000": DatabaseUnavailable,
    # A database that takes no connections now.
    "55000": DatabaseUnavailable,
}
_SQLSTATE_CLASSES = {
    "08": DatabaseUnavailable,
    "28": DatabaseUnavailable,
    "53": DatabaseUnavailable,
    "57": DatabaseUnavailable,
    "58": DatabaseDamaged,
    "F0": DatabaseDamaged,
    "XX": DatabaseDamaged,
}
# errno.ENOSPC, EDQUOT: said by the file system itself.
_NO_ROOM = (28, 122)


def translated(failure: BaseException) -> BaseException:
    """What stands for an error of a driver, or of the socket below it; any other is returned as it is."""
    match failure:
        case DBConnectionError():
            return DatabaseUnavailable(failure)
        case BaseORMException():
            return failure
        case sqlite3.Error():
            return _of_sqlite(failure)
        case asyncpg.PostgresError() | asyncpg.InterfaceError() | asyncpg.InternalClientError():
            return _of_postgres(failure)
        case TimeoutError():
            return DatabaseTimeout("it gave no answer in time")
        case OSError():
            return (DatabaseFull if failure.errno in _NO_ROOM else DatabaseUnavailable)(failure)
        case _:
            return failure


def _of_sqlite(failure: sqlite3.Error) -> BaseException:
    if isinstance(failure, sqlite3.IntegrityError):
        return IntegrityError(failure)
    code = getattr(failure, "sqlite_errorcode", None)
    kind = _SQLITE.get(code & 0xFF) if code is not None else None
    return (kind or OperationalError)(failure)


def _of_postgres(failure: Exception) -> BaseException:
    match failure:
        case asyncpg.IntegrityConstraintViolationError():
            return IntegrityError(failure)
        case asyncpg.InvalidTransactionStateError() if failure.sqlstate not in _SQLSTATES:
            return TransactionManagementError(failure)
        case asyncpg.InterfaceError() if isinstance(failure, ValueError):
            # A parameter that asyncpg could not encode: nothing was sent.
            return OperationalError(failure)
        case asyncpg.PostgresError():
            state = failure.sqlstate or ""
            return (_SQLSTATES.get(state) or _SQLSTATE_CLASSES.get(state[:2]) or OperationalError)(failure)
        case _:
            # The connection is closed, or in a state that it cannot be used in.
            return DatabaseUnavailable(failure)
