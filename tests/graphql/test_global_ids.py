import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.schema.global_ids import decode, encode, key_of, optional_key, required_key


def _written(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@given(st.sampled_from(["Port", "Stay", "ChargingSession"]), st.integers(min_value=0, max_value=2**31 - 1))
def test_an_id_comes_back_as_it_went(type_name, key):
    assert decode(encode(type_name, key)) == (type_name, key)


@pytest.mark.parametrize(
    "global_id",
    ["", "7", "Port:7", "!!!!", _written("Port"), _written("Port:"), _written(":7"), _written("Port:seven"),
     _written("Port:-7"), _written("Port:07"), _written("Port:7 "), _written("Port:99999999999"),
     _written("Port:2147483648"), _written("Port:²"), "UG9ydDo3\n", "Ü" * 10, "A" * 10_000],
)  # fmt: skip
def test_what_is_no_id_of_ours_names_nothing(global_id):
    assert decode(global_id) is None


@given(st.text())
def test_any_text_is_an_id_or_is_not(text):
    decode(text)


def test_an_id_of_another_type_names_nothing():
    assert key_of("Port", encode("Stay", 7)) is None
    with pytest.raises(Refusal) as refused:
        required_key("ChargePoint", encode("Port", 7), "input", "portId")
    assert refused.value.code is ErrorCode.NOT_FOUND
    assert refused.value.message == "There is no such charge point."
    assert refused.value.field == ("input", "portId")


def test_an_id_may_be_left_out_where_it_is_optional():
    assert optional_key("Stay", None, "input", "stayId") is None
    assert optional_key("Stay", encode("Stay", 3), "input", "stayId") == 3
