"""Finds stays by what people remember of a vehicle."""

from typing import Any

from pypika_tortoise.terms import Function as SqlFunction
from tortoise.expressions import Function, Q, Subquery
from tortoise.functions import Lower
from tortoise.queryset import QuerySet

from evgraph.models import StayRow


class _SqlReplace(SqlFunction):
    def __init__(self, *terms: Any) -> None:
        super().__init__("REPLACE", *terms)


class _Replace(Function):
    database_func = _SqlReplace


def matching(garage_ids: list[int], words: tuple[str, ...]) -> Subquery:
    """The ids of stays in which each word stands in the plate, the ticket number, the make or the color."""
    found: QuerySet[StayRow] = StayRow.filter(garage_id__in=garage_ids).annotate(
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


def _spellings(word: str) -> set[str]:
    """SQLite lowers only A to Z: a Š is looked for as it may have been written, too."""
    written = (word.lower(), word.upper(), word.capitalize()) if word else ()
    return {"".join(c.lower() if c.isascii() else c for c in text) for text in written}
