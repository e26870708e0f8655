"""A query that reads a whole table that grows is noticed, whatever test asks it."""

import pytest

from tests.statements import Statement, faults


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM meter_sample WHERE power_w = 7",
        'SELECT * FROM "charging_session" "s" JOIN "port" "p" ON "p"."id"="s"."port_id" WHERE "s"."energy_wh" > 5',
        "SELECT * FROM charging_session WHERE garage_id = 1 ORDER BY energy_wh LIMIT 5",
        "UPDATE meter_sample SET power_w = 1 WHERE energy_wh = 7",
        "DELETE FROM line_item WHERE amount_cents = 3",
        "SELECT count(*) FROM stay WHERE license_plate LIKE '%JVR%'",
    ],
)
def test_what_reads_a_whole_table_is_noticed(planner: str, sql: str) -> None:
    assert faults(planner, [Statement(sql, "evgraph/somewhere.py it")])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM meter_sample WHERE session_id = 7 ORDER BY at",
        "SELECT * FROM charging_session WHERE garage_id = 1 ORDER BY id DESC LIMIT 5",
        'SELECT * FROM "refused_connection" ORDER BY "id" DESC LIMIT 1',
        "SELECT * FROM organization",
    ],
)
def test_what_an_index_finds_is_left_alone(planner: str, sql: str) -> None:
    assert faults(planner, [Statement(sql, "evgraph/somewhere.py it")]) == []
