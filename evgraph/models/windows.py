"""What the ORM cannot say: rows numbered within their group, cut where they lie. The same SQL on both databases."""

import re
from collections.abc import Sequence
from typing import Any

from tortoise.queryset import QuerySet

from evgraph.models.charging import MeterSampleRow
from evgraph.models.database import reader


async def ids_of_each(queries: Sequence[QuerySet[Any]], *, literally: str | None = None) -> list[list[int]]:
    """The ids that each of several queries over one table finds, each in its own order and with its own limit: one
    statement, of which each part walks along an index. `literally`: a condition that must stand there as it is, for a
    partial index to be known by."""
    found: list[list[int]] = [[] for _ in queries]
    for row in await _union("id", [query.values("id") for query in queries], literally):
        found[row["part"]].append(row["id"])
    return found


async def counts_of_each(queries: Sequence[QuerySet[Any]], *, literally: str | None = None) -> list[int]:
    counted = await _union("COUNT(*) AS total", [query.values("id") for query in queries], literally)
    totals = {row["part"]: row["total"] for row in counted}
    return [totals[part] for part in range(len(queries))]


async def _union(selected: str, queries: Sequence[Any], literally: str | None) -> list[dict[str, Any]]:
    parts: list[str] = []
    parameters: list[Any] = []
    for number, query in enumerate(queries):
        query._choose_db_if_not_chosen()
        query._make_query()
        sql, given = query.query.get_parameterized_sql()
        if literally is not None:
            sql = sql.replace(" WHERE ", f" WHERE {literally} AND ", 1)
        # PostgreSQL's marks bear numbers, which go on from one part to the next.
        sql = _marks_after(len(parameters), sql)
        parts.append(f"SELECT {number} AS part, {selected} FROM ({sql}) AS part_{number}")  # noqa: S608
        parameters += given
    rows: list[dict[str, Any]] = await reader().execute_query_dict(" UNION ALL ".join(parts), parameters)
    return rows


def _marks_after(count: int, sql: str) -> str:
    return re.sub(r"\$(\d+)", lambda mark: f"${int(mark[1]) + count}", sql)


async def thinned_samples(session_ids: list[int], points: int) -> list[MeterSampleRow]:
    """Of each session at most `points` samples, evenly thinned, first and last included, in the order of their time:
    a row is kept where its place, scaled down to `points` places, is a new one."""
    ids = ", ".join(str(int(session_id)) for session_id in session_ids)
    statement = f"""
        SELECT * FROM (
            SELECT s.*, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY at, id) AS place,
                   COUNT(*) OVER (PARTITION BY session_id) AS total
            FROM meter_sample s WHERE session_id IN ({ids}) AND energy_wh IS NOT NULL
        ) AS placed
        WHERE total <= {points:d} OR place = 1
           OR (place - 1) * {points - 1:d} / (total - 1) <> (place - 2) * {points - 1:d} / (total - 1)
        ORDER BY session_id, place
    """  # noqa: S608
    rows: list[MeterSampleRow] = await MeterSampleRow.raw(statement, using_db=reader())
    return rows
