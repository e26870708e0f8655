"""Pages of the rows of a garage or of a charge point, newest first: one query for one owner, two for any number."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from tortoise.functions import Count
from tortoise.models import Model
from tortoise.queryset import QuerySet

from evgraph.models.database import reader
from evgraph.models.windows import newest_ids_of_each
from evgraph.schema.context import Page, Slice

V = TypeVar("V")


# A filter names its owner, a garage or a charge point, in a field of the same name as the rows' column.
F = TypeVar("F", bound=Any)
Rows = QuerySet[Any]
Find = Callable[[F, list[int]], Rows]


def load_pages(
    find: Find[F], value: Callable[[Any], V], owner: str = "garage_id", related: tuple[str, ...] = ()
) -> Callable[[list[Page[F]]], Awaitable[list[Slice[V]]]]:
    """`find` makes the query of a filter over some owners; `related` is what `value` needs besides the row."""

    async def load(pages: list[Page[F]]) -> list[Slice[V]]:
        alike: defaultdict[Page[F], list[int]] = defaultdict(list)
        for page in pages:
            alike[_of(page, owner, 0)].append(getattr(page.where, owner))
        found: dict[Page[F], Slice[V]] = {}
        for group, owner_ids in alike.items():
            rows = await _newest(find, group, owner, owner_ids, related)
            for owner_id in owner_ids:
                page = _of(group, owner, owner_id)
                mine = rows[owner_id]
                found[page] = Slice([value(row) for row in mine[: page.first]], len(mine) > page.first)
        return [found[page] for page in pages]

    return load


def load_counts(find: Find[F], owner: str = "garage_id") -> Callable[[list[F]], Awaitable[list[int]]]:
    async def load(filters: list[F]) -> list[int]:
        alike: defaultdict[F, list[int]] = defaultdict(list)
        for where in filters:
            alike[replace(where, **{owner: 0})].append(getattr(where, owner))
        counted: dict[F, int] = {}
        for where, owner_ids in alike.items():
            totals = find(where, owner_ids).annotate(total=Count("id")).group_by(owner).using_db(reader())
            for owner_id, total in await totals.values_list(owner, "total"):
                counted[replace(where, **{owner: owner_id})] = total
        return [counted.get(where, 0) for where in filters]

    return load


async def _newest(
    find: Find[F], page: Page[F], owner: str, owner_ids: list[int], related: tuple[str, ...]
) -> defaultdict[int, list[Model]]:
    """One row more than the page holds, by owner: it tells whether there is a next page."""
    rows = find(page.where, owner_ids).using_db(reader())
    if page.before is not None:
        rows = rows.filter(id__lt=page.before)
    if len(owner_ids) == 1:
        newest = rows.order_by("-id").limit(page.first + 1)
    else:
        ids = await newest_ids_of_each(owner, rows, page.first + 1)
        newest = find(page.where, owner_ids).filter(id__in=ids).using_db(reader()).order_by("-id")
    found: defaultdict[int, list[Model]] = defaultdict(list)
    for row in await (newest.select_related(*related) if related else newest):
        found[getattr(row, owner)].append(row)
    return found


def _of(page: Page[F], owner: str, owner_id: int) -> Page[F]:
    return replace(page, where=replace(page.where, **{owner: owner_id}))
