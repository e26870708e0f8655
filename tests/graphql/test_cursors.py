import base64

import orjson
import pytest
from graphql import GraphQLError

from evgraph.schema.connection import before_id, decode_cursor, encode_cursor, page_size


def _written(*parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


def test_a_cursor_comes_back_as_it_went():
    assert decode_cursor(encode_cursor("garages", "Straße 34", 7), "garages", str, int) == ["Straße 34", 7]
    assert before_id(encode_cursor("stays", 12), "stays") == 12


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "////", "12", _written(), _written(1, "stays"), _written(1, "stays", "12"), _written(1, "stays", 12, 13),
     _written(2, "stays", 12), _written(1, "rates", 12), _written(1, "stays", True), _written(1, "stays", 1.0),
     _written(1, "stays", None), _written(1, "stays", -1), _written(1, "stays", 0), _written(1, "stays", 2**40),
     base64.b64encode(b'{"a": 1}').decode(), base64.b64encode(b"12").decode(), "ÄÖÜ"],
)  # fmt: skip
def test_what_is_no_cursor_of_the_list_is_bad_input(cursor):
    if not cursor:
        assert before_id(cursor, "stays") is None
        return
    with pytest.raises(GraphQLError, match="no cursor of this list") as refused:
        before_id(cursor, "stays")
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(("first", "size"), [(None, 50), (1, 1), (200, 200)])
def test_pages_have_one_to_two_hundred(first, size):
    assert page_size(first, 50) == size


@pytest.mark.parametrize("first", [0, -1, 201, 2**31 - 1])
def test_other_sizes_are_bad_input(first):
    with pytest.raises(GraphQLError, match="from 1 to 200"):
        page_size(first, 50)
