"""C7, C8: a hundred thousand frames that no one wrote, and nothing that they break. `make fuzz` sends a million."""

from tests.ocpp import fuzz


def test_c7_no_frame_breaks_the_reader() -> None:
    taken = fuzz.run(seed=20260301, count=100_000)
    # The readers are reached, and not the parser alone.
    assert taken["Call"] + taken["Call with problems"] > 20_000
    assert min(taken[kind] for kind in ("no frame", "MalformedCall", "CallResult", "CallError", "refused Call")) > 300


def test_c10_a_frame_of_ten_thousand_urls_is_looked_through_at_once() -> None:
    for tail in ("", "@", "/@"):
        fuzz.examine('[2,"1","DataTransfer",{"vendorId":"' + "://a:b" * 10_000 + tail + '"}]')
