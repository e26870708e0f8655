"""Finds stays by what people remember of a vehicle.

No index finds a part of a word, so that all that a search looks at is read: the vehicles on the lot, and the latest
check-ins of the garage. What is older is found by its ticket number (Query.stay), or by paging.
"""

from typing import Any

from pypika_tortoise.terms import Function as SqlFunction
from tortoise.expressions import Function, Q, RawSQL, Subquery
from tortoise.functions import Lower
from tortoise.queryset import QuerySet

from evgraph.domain.stay import StayStatus
from evgraph.models import StayRow

# Of each garage. Some 30 ms, and at a hundred vehicles a day three months.
LATEST = 10_000


class _SqlReplace(SqlFunction):
    def __init__(self, *terms: Any) -> None:
        super().__init__("REPLACE", *terms)


class _Replace(Function):
    database_func = _SqlReplace


def matching(garage_id: int, words: tuple[str, ...], status: StayStatus | None) -> Subquery:
    """The ids of stays in which each word stands in the plate, the ticket number, the make or the color: of those on
    the lot, and of the latest of each garage, as far as they are of this status."""
    found: QuerySet[StayRow] = StayRow.filter(_looked_at(garage_id, status)).annotate(
        plate=Lower(_Replace(_Replace("license_plate", " ", ""), "-", "")),
        ticket=Lower("ticket_number"),
        the_make=Lower("make"),
        the_color=Lower("color"),
    )
    for word in words:
        any_of = Q()
        for text in _spellings(word):
            any_of |= Q(ticket__contains=text) | Q(the_make__contains=text) | Q(the_color__contains=text)
        for text in _spellings(word.replace("-", "")):
            any_of |= Q(plate__contains=text)
        found = found.filter(any_of)
    return Subquery(found.values("id"))


def _looked_at(garage_id: int, status: StayStatus | None) -> Q:
    on_the_lot = Q(garage_id=garage_id, status=StayStatus.OPEN)
    if status is StayStatus.OPEN:
        return on_the_lot
    # Null where there are fewer.
    oldest = (
        f"COALESCE((SELECT latest.id FROM stay latest WHERE latest.garage_id = {garage_id:d}"  # noqa: S608
        f" ORDER BY latest.id DESC LIMIT 1 OFFSET {LATEST - 1:d}), 0)"
    )
    latest = Q(garage_id=garage_id, id__gte=RawSQL(oldest))
    return latest if status is not None else on_the_lot | latest


def _spellings(word: str) -> set[str]:
    """SQLite lowers only A to Z: a Š is looked for as it may have been written, too."""
    written = (word.lower(), word.upper(), word.capitalize()) if word else ()
    return {"".join(c.lower() if c.isascii() else c for c in text) for text in written}
