"""Pages of a garage's rows, newest first: one query for a garage, two for any number of garages."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from tortoise.functions import Count
from tortoise.models import Model
from tortoise.queryset import QuerySet

from evgraph.models.database import reader
from evgraph.models.windows import newest_ids_of_each_garage
from evgraph.schema.context import Page, Slice

V = TypeVar("V")


class GarageFilter(Protocol):
    @property
    def garage_id(self) -> int: ...


F = TypeVar("F", bound=Any)
Rows = QuerySet[Any]
Find = Callable[[F, list[int]], Rows]


def load_pages(find: Find[F], value: Callable[[Any], V]) -> Callable[[list[Page[F]]], Awaitable[list[Slice[V]]]]:
    """`find` makes the query of a filter over some garages."""

    async def load(pages: list[Page[F]]) -> list[Slice[V]]:
        alike: defaultdict[Page[F], list[int]] = defaultdict(list)
        for page in pages:
            alike[_but_garage(page)].append(page.where.garage_id)
        found: dict[Page[F], Slice[V]] = {}
        for group, garage_ids in alike.items():
            rows = await _newest(find, group, garage_ids)
            for garage_id in garage_ids:
                page = replace(group, where=replace(group.where, garage_id=garage_id))
                mine = rows[garage_id]
                found[page] = Slice([value(row) for row in mine[: page.first]], len(mine) > page.first)
        return [found[page] for page in pages]

    return load


def load_counts(find: Find[F]) -> Callable[[list[F]], Awaitable[list[int]]]:
    async def load(filters: list[F]) -> list[int]:
        alike: defaultdict[F, list[int]] = defaultdict(list)
        for where in filters:
            alike[replace(where, garage_id=0)].append(where.garage_id)
        counted: dict[F, int] = {}
        for where, garage_ids in alike.items():
            totals = find(where, garage_ids).annotate(total=Count("id")).group_by("garage_id").using_db(reader())
            for garage_id, total in await totals.values_list("garage_id", "total"):
                counted[replace(where, garage_id=garage_id)] = total
        return [counted.get(where, 0) for where in filters]

    return load


async def _newest(find: Find[F], page: Page[F], garage_ids: list[int]) -> defaultdict[int, list[Model]]:
    """One row more than the page holds, by garage: it tells whether there is a next page."""
    rows = find(page.where, garage_ids).using_db(reader())
    if page.before is not None:
        rows = rows.filter(id__lt=page.before)
    if len(garage_ids) == 1:
        newest = rows.order_by("-id").limit(page.first + 1)
    else:
        ids = await newest_ids_of_each_garage(rows, page.first + 1)
        newest = find(page.where, garage_ids).filter(id__in=ids).using_db(reader()).order_by("-id")
    found: defaultdict[int, list[Model]] = defaultdict(list)
    for row in await newest:
        found[row.garage_id].append(row)
    return found


def _but_garage(page: Page[F]) -> Page[F]:
    return replace(page, where=replace(page.where, garage_id=0))
