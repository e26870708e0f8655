"""The columns of the EV queue, and their order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evgraph.domain.board import Board, Card, PortView, build, natural
from evgraph.domain.charging_request import ChargingRequest, RequestStatus, new_request
from evgraph.domain.charging_session import ChargingSession
from evgraph.domain.port import Port, PortStatus
from evgraph.domain.session_start import asked, transaction_started
from evgraph.domain.stay import Channel, StayKind, Vehicle, check_in, check_out

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def port(id_: int, name: str) -> PortView:
    value = Port(
        id=id_,
        garage_id=1,
        charge_point_id=2,
        connector_id=1,
        identity="AX48",
        is_online=True,
        custom_name=name,
        reported_status=PortStatus.AVAILABLE,
        reported_at=NOON,
        status_changed_at=NOON,
        error_code=None,
        info=None,
        max_power_w=None,
        active_session_id=None,
    )
    return PortView(port=value, session=None, rate=None)


def session(started_at: datetime, ended_at: datetime | None = None) -> ChargingSession:
    value = asked(
        garage_id=1,
        charge_point_id=2,
        port_id=3,
        connector_id=1,
        request_id=5,
        stay_id=6,
        id_tag="ONCE",
        now=NOON,
    )
    value = transaction_started(value, meter_start_wh=0, at=started_at, reported_start="", rate_id=None)
    return replace(value, ended_at=ended_at)


def card(
    id_: int,
    status: str = "NEEDS_CHARGING",
    *,
    requested: float = 0,
    leaves: float | None = None,
    stay_leaves: float | None = None,
    of_session: ChargingSession | None = None,
    is_gone: bool = False,
) -> Card:
    stay = check_in(
        garage_id=1,
        ticket_number=f"T-{id_}",
        kind=StayKind.TRANSIENT,
        channel=Channel.POS,
        vehicle=Vehicle(license_plate=f"EV {id_}"),
        charging_note=None,
        estimated_checkout_at=None if stay_leaves is None else at(stay_leaves),
        now=at(-99),
    )
    request: ChargingRequest = new_request(
        garage_id=1,
        stay_id=id_,
        channel=Channel.POS,
        estimated_checkout_at=None if leaves is None else at(leaves),
        now=at(requested),
    )
    return Card(
        request=replace(request, id=id_, status=RequestStatus(status)),
        stay=check_out(stay, at(99)) if is_gone else stay,
        session=of_session,
        rate=None,
        line_items=(),
    )


def board(*cards: Card) -> Board:
    return build(garage_id=1, revision=4, rate=None, ports=(), cards=cards)


def columns(of: Board) -> tuple[list[int], list[int], list[int]]:
    needs, charging, charged = (
        [card.request.id for card in column] for column in (of.needs_charging, of.charging, of.charged)
    )
    return needs, charging, charged


@pytest.mark.parametrize(
    ("status", "column"),
    [("NEEDS_CHARGING", 0), ("STARTING", 0), ("CHARGING", 1), ("CHARGED", 2), ("CANCELED", None)],
)
def test_a_request_stands_in_the_column_of_its_status(status: str, column: int | None):
    found = columns(board(card(5, status)))
    assert found == tuple([5] if n == column else [] for n in range(3))


@pytest.mark.parametrize("status", list(RequestStatus))
def test_a_vehicle_that_is_checked_out_is_off_the_board(status: RequestStatus):
    gone = card(5, status, is_gone=True)
    assert not gone.is_on_board
    assert board(gone).cards == ()


def test_all_cards_are_told_column_by_column():
    whole = board(card(1, "CHARGED"), card(2, "CHARGING"), card(3, "STARTING"), card(4))
    assert [one.request.id for one in whole.cards] == [3, 4, 2, 1]
    assert (whole.garage_id, whole.revision, whole.rate) == (1, 4, None)


def test_who_leaves_soonest_waits_first_and_who_does_not_say_waits_last():
    whole = board(
        card(1, requested=0),
        card(2, requested=1, leaves=90),
        card(3, requested=2, leaves=30),
        card(4, "STARTING", requested=3, leaves=60),
        card(5, requested=-5),
    )
    assert columns(whole)[0] == [3, 4, 2, 5, 1]


def test_of_those_who_leave_together_the_oldest_request_waits_first():
    whole = board(card(1, requested=9, leaves=60), card(2, requested=3, leaves=60), card(3, requested=3, leaves=60))
    assert columns(whole)[0] == [2, 3, 1]


def test_a_request_leaves_with_its_stay_unless_it_says_otherwise():
    whole = board(card(1, leaves=50), card(2, stay_leaves=40), card(3, leaves=60, stay_leaves=10))
    assert columns(whole)[0] == [2, 1, 3]


def test_who_charges_longest_stands_first():
    whole = board(
        card(1, "CHARGING", of_session=session(at(20))),
        card(2, "CHARGING", of_session=session(at(10))),
        card(3, "CHARGING"),
        card(4, "CHARGING", of_session=session(at(10))),
    )
    assert columns(whole)[1] == [2, 4, 1, 3]


def test_who_was_charged_last_stands_first():
    whole = board(
        card(1, "CHARGED", of_session=session(at(0), at(30))),
        card(2, "CHARGED", of_session=session(at(5), at(50))),
        card(3, "CHARGED", of_session=session(at(9), at(40))),
        card(4, "CHARGED", requested=35),
    )
    assert columns(whole)[2] == [2, 3, 4, 1]


# ------------------------------------------------------------------------------------------------------------- ports


@pytest.mark.parametrize(
    "names",
    [
        ["Port 1", "Port 2", "Port 10"],
        ["port 1", "PORT 2", "Port 3", "pOrT 10"],
        ["Port 9", "Port 09a", "Port 10"],
        ["2", "10", "100", "A"],
        ["A-2-1", "A-2-10", "A-10-1"],
        ["Level 1 Port 10", "Level 2 Port 1"],
        ["Bay", "Bay 1", "Bays"],
        ["Port ٢", "Port 3", "Port ١٠"],
        ["STRASSE 1", "straße 2", "Strasse 3"],
        ["Port 2", "Port ²"],
    ],
)
def test_ports_stand_in_natural_order(names: list[str]):
    views = [port(number, name) for number, name in enumerate(names)]
    whole = build(garage_id=1, revision=1, rate=None, ports=reversed(views), cards=())
    assert [view.port.name for view in whole.ports] == names


def test_ports_of_one_name_stand_in_the_order_of_their_ids():
    views = [port(3, "Port 02"), port(1, "PORT 2"), port(2, "Port 2")]
    whole = build(garage_id=1, revision=1, rate=None, ports=views, cards=())
    assert [view.port.id for view in whole.ports] == [1, 2, 3]


@pytest.mark.parametrize("name", ["", "²", "½", "Ⅷ", "٣", "1²3", "①", "一", "3" * 60, "\u0660\u0661 ²", "१२"])
def test_no_name_is_beyond_ordering(name: str):
    whole = build(garage_id=1, revision=1, rate=None, ports=[port(1, "Port 1"), port(2, name), port(3, "1")], cards=())
    assert len(whole.ports) == 3


NAMES = st.text(alphabet=st.one_of(st.sampled_from("Port -0129²٣Ⅷ½ßA"), st.characters()), max_size=12)


@given(st.lists(NAMES, min_size=3, max_size=3))
@example(["²", "2", "٢"])
@example(["", "0", "a"])
def test_natural_order_is_total(names: list[str]):
    a, b, c = (natural(name) for name in names)
    assert [a < b, a == b, b < a].count(True) == 1
    if a <= b <= c:
        assert a <= c


@given(st.lists(NAMES, max_size=8).flatmap(lambda names: st.tuples(st.just(names), st.permutations(names))))
def test_natural_order_does_not_depend_on_where_one_began(two: tuple[list[str], list[str]]):
    names, shuffled = two
    in_order = [natural(name) for name in sorted(names, key=natural)]
    assert in_order == [natural(name) for name in sorted(shuffled, key=natural)]
    assert all(before <= after for before, after in pairwise(in_order))


@given(
    st.integers(min_value=0, max_value=10**9),
    st.integers(min_value=0, max_value=10**9),
    st.sampled_from(["Port ", "", "A-1-"]),
)
def test_numbers_in_names_order_as_numbers(one: int, other: int, before: str):
    assert (natural(f"{before}{one}") < natural(f"{before}{other}")) is (one < other)
