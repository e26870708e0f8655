"""Lists of many owners at once, the newest rows of each: two statements, whatever they hold."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from tortoise.queryset import QuerySet

from evgraph.models.database import reader
from evgraph.models.windows import counts_of_each, ids_of_each
from evgraph.schema.paging import Slice

P = TypeVar("P", bound=Any)
F = TypeVar("F")
Rows = QuerySet[Any]
# SQLite joins no more than 500 parts to one statement.
_MOST_PARTS = 200


def newest_of_each(
    find: Callable[[Any], Rows],
    *,
    before: Callable[[Rows, Any], Rows] = lambda rows, id_: rows.filter(id__lt=id_),
    order: tuple[str, ...] = ("-id",),
    literally: str | None = None,
    value: Callable[[Any], Any] = lambda row: row.value(),
    related: tuple[str, ...] = (),
) -> Callable[[list[P]], Awaitable[list[Slice[Any]]]]:
    """`find` makes the query of a filter, `related` is what `value` needs besides the row. One row more than a page
    holds tells whether there is a next one."""

    async def load(pages: list[P]) -> list[Slice[Any]]:
        slices: list[Slice[Any]] = []
        for start in range(0, len(pages), _MOST_PARTS):
            slices += await some(pages[start : start + _MOST_PARTS])
        return slices

    async def some(pages: list[P]) -> list[Slice[Any]]:
        queries = []
        for page in pages:
            rows = find(page.where).using_db(reader())
            rows = rows if page.before is None else before(rows, page.before)
            queries.append(rows.order_by(*order).limit(page.first + 1))
        if len(queries) == 1 and literally is None:
            found = [await _with(queries[0], related)]
        else:
            ids = await ids_of_each(queries, literally=literally)
            wanted = [id_ for part in ids for id_ in part]
            rows = queries[0].model.filter(id__in=wanted).using_db(reader()).order_by(*order)
            in_order = list(await _with(rows, related)) if wanted else []
            found = [[row for row in in_order if row.pk in part] for part in map(set, ids)]
        return [
            Slice([value(row) for row in rows[: page.first]], len(rows) > page.first)
            for page, rows in zip(pages, found, strict=True)
        ]

    return load


def count_of_each(
    find: Callable[[F], Rows], *, literally: str | None = None
) -> Callable[[list[F]], Awaitable[list[int]]]:
    async def load(filters: list[F]) -> list[int]:
        counts: list[int] = []
        for start in range(0, len(filters), _MOST_PARTS):
            queries = [find(where).using_db(reader()) for where in filters[start : start + _MOST_PARTS]]
            counts += await counts_of_each(queries, literally=literally)
        return counts

    return load


def _with(rows: Rows, related: tuple[str, ...]) -> Rows:
    return rows.select_related(*related) if related else rows
