"""What an idTag is compared by (OCPP 1.6, CiString20)."""

import pytest

from evgraph.domain.transactions import tag


@pytest.mark.parametrize(
    ("sent", "compared_by"),
    [
        ("04a2b3c4", "04A2B3C4"),
        (" 04A2b3C4 ", "04A2B3C4"),
        ("abcdefghijklmnopqrst", "ABCDEFGHIJKLMNOPQRST"),
        ("abcdefghijklmnopqrstuvw", "ABCDEFGHIJKLMNOPQRST"),
        ("ß" * 20, "S" * 20),
        ("abcdefghijklmnopqrsŉ", "ABCDEFGHIJKLMNOPQRSʼ"),
        ("abcdefghijklmnopqrs t", "ABCDEFGHIJKLMNOPQRS"),
        ("", ""),
    ],
)
def test_s2_an_id_tag_is_compared_without_regard_to_case_in_twenty_characters(sent: str, compared_by: str):
    assert tag(sent) == compared_by
    assert tag(compared_by) == compared_by
