"""Pages by keyset: a cursor names the last row that was seen, so rows that are added meanwhile move nothing."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

import orjson
import strawberry

from evgraph.schema.context import Slice
from evgraph.schema.errors import bad_user_input

MAX_FIRST = 200
_VERSION = 1

N = TypeVar("N")
T = TypeVar("T")


class Identified(Protocol):
    @property
    def id(self) -> int: ...


V = TypeVar("V", bound=Identified)


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[N]):
    cursor: str
    node: N


@strawberry.type
class Connection(Generic[N]):
    edges: list[Edge[N]]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field
    async def total_count(self) -> int:
        return await self.count()


def encode_cursor(listed: str, *key: str | int) -> str:
    """`listed` says what list the cursor belongs to, so that no other list takes it."""
    return base64.urlsafe_b64encode(orjson.dumps([_VERSION, listed, *key])).decode()


def decode_cursor(cursor: str, listed: str, *types: type) -> list[str | int]:
    """The key, of those types. Raises BAD_USER_INPUT for anything that is no cursor of this list."""
    try:
        key: list[str | int]
        version, of_list, *key = orjson.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise _bad_cursor() from None
    fits = len(key) == len(types) and all(type(part) is wanted for part, wanted in zip(key, types, strict=True))
    if version != _VERSION or of_list != listed or not fits:
        raise _bad_cursor()
    return key


def page_size(first: int | None, default: int) -> int:
    """Raises BAD_USER_INPUT outside 1..200."""
    if first is None:
        return default
    if not 1 <= first <= MAX_FIRST:
        raise bad_user_input(f"`first` must be from 1 to {MAX_FIRST}.")
    return first


def before_id(after: str | None, listed: str) -> int | None:
    """The id in a cursor of a list that is ordered newest first."""
    if not after:
        return None
    (key,) = decode_cursor(after, listed, int)
    if not 0 < int(key) < 2**31:
        raise _bad_cursor()
    return int(key)


def connection(
    nodes: Sequence[N],
    cursors: Sequence[str],
    *,
    has_next: bool,
    has_previous: bool,
    count: Callable[[], Awaitable[int]],
) -> Connection[N]:
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
        page_info=PageInfo(
            has_next_page=has_next,
            has_previous_page=has_previous,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
        count=count,
    )


def newest_first(
    found: Slice[V],
    wrap: Callable[[V], N],
    *,
    listed: str,
    after: str | None,
    count: Callable[[], Awaitable[int]],
) -> Connection[N]:
    return connection(
        [wrap(value) for value in found.values],
        [encode_cursor(listed, value.id) for value in found.values],
        has_next=found.has_more,
        has_previous=bool(after),
        count=count,
    )


def _bad_cursor() -> Exception:
    return bad_user_input("`after` is no cursor of this list: give an endCursor that it answered with, or none.")
