"""What the ORM cannot say: rows numbered within their group, cut where they lie. The same SQL on both databases."""

from typing import Any

from tortoise.expressions import RawSQL
from tortoise.queryset import QuerySet

from evgraph.models.charging import MeterSampleRow
from evgraph.models.database import reader


async def newest_ids_of_each(owner: str, rows: QuerySet[Any], most: int) -> list[int]:
    """The ids of the newest `most` rows of each `owner`: the column garage_id or charge_point_id."""
    table = rows.model._meta.db_table
    place = RawSQL(f'ROW_NUMBER() OVER (PARTITION BY "{table}"."{owner}" ORDER BY "{table}"."id" DESC)')
    numbered = rows.annotate(place=place).values("id", "place")
    numbered._choose_db_if_not_chosen()
    numbered._make_query()
    sql, parameters = numbered.query.get_parameterized_sql()
    found = await reader().execute_query_dict(
        f"SELECT id FROM ({sql}) AS numbered WHERE place <= {most:d}",  # noqa: S608
        parameters,
    )
    return [row["id"] for row in found]


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
