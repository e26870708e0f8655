"""Rows that come as one text each: half as dear to fetch as their columns one by one, and compared at one stroke with
what they said last time."""

from typing import Any

import msgspec

from evgraph.models.remembered import Values

_decoder = msgspec.json.Decoder(list[Any])


def array(values: Values[Any], alias: str, *, is_sqlite: bool) -> str:
    """The columns of a row as a JSON array, in SQL. Decimals go as text, which keeps them exact."""
    columns = [
        f'CAST({alias}."{name}" AS TEXT)' if name in values.decimals else f'{alias}."{name}"'
        for name in values.own_columns
    ]
    listed = ", ".join(columns)
    return f"json_array({listed})" if is_sqlite else f"json_build_array({listed})::text"


def gathered(values: Values[Any], alias: str, source: str, *, is_sqlite: bool) -> str:
    """The array of the rows of a subquery, in no order; on PostgreSQL null where there are none."""
    each = array(values, alias, is_sqlite=is_sqlite)
    return f"(SELECT json_group_array({each}) {source})" if is_sqlite else f"(SELECT json_agg({each})::text {source})"


def row_of(text: str) -> tuple[Any, ...]:
    """An `array` as the row that it was."""
    return tuple(_decoder.decode(text))


def rows_of(text: str | None) -> list[tuple[Any, ...]]:
    """What was `gathered`, by the first column."""
    if text is None:
        return []
    return sorted(row_of(one) if isinstance(one, str) else tuple(one) for one in _decoder.decode(text))
