"""Cards, and how chargers learn of them for the time that we are away (S6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from evgraph.domain.asks import (
    ChangeConfiguration,
    Configuration,
    ConfigurationKey,
    GetConfiguration,
    GetLocalListVersion,
    LocalListEntry,
    ReserveNow,
    SendLocalList,
)
from evgraph.domain.cards import CardStatus, RegisteredCard
from evgraph.domain.charging_session import AuthorizationStatus
from evgraph.domain.local_list import updates
from evgraph.domain.people import Role, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ChargePointRow
from evgraph.services.cards import CardUpdate, NewCard
from evgraph.services.interfaces import ChargerOffline, ChargerRejected
from evgraph.services.permissions import Forbidden
from evgraph.services.reservations import ReserveConnector
from tests.services.conftest import Garage


class LocalList:
    """A charger's own list: it takes what fits its version, and knows what it holds."""

    def __init__(self, garage: Garage, most: int = 100) -> None:
        self.version = 0
        self.held: dict[str, str] = {}
        self.most = most
        self.is_enabled = "false"
        garage.chargers.answers |= {
            GetLocalListVersion: lambda _: self.version,
            SendLocalList: self.take,
            GetConfiguration: lambda _: Configuration(
                keys=(
                    ConfigurationKey("LocalAuthListEnabled", self.is_enabled, False),
                    ConfigurationKey("SendLocalListMaxLength", str(self.most), True),
                ),
                unknown=("LocalAuthListMaxLength",),
            ),
            ChangeConfiguration: self.set,
        }

    def set(self, ask: ChangeConfiguration) -> str:
        assert ask.key == "LocalAuthListEnabled"
        self.is_enabled = ask.value
        return "Accepted"

    def take(self, ask: SendLocalList) -> str:
        assert ask.version > 0
        if len(ask.entries) > self.most:
            return "Failed"
        if ask.is_full:
            self.held = {}
        elif ask.version <= self.version:
            return "VersionMismatch"
        for entry in ask.entries:
            if entry.status is None:
                self.held.pop(entry.id_tag, None)
            else:
                self.held[entry.id_tag] = entry.status
        self.version = ask.version
        return "Accepted"


async def add(garage: Garage, id_tag: str, **more: Any) -> RegisteredCard:
    card = await garage.house.cards.add(garage.operator, NewCard(garage_id=garage.id, id_tag=id_tag, **more))
    await garage.house.local_lists.settled()
    return card


@pytest.fixture(autouse=True)
async def _one_charger(garage: Garage) -> None:
    await garage.house.charge_points.disconnected(garage.other_charge_point_id)


async def connect(garage: Garage) -> None:
    await garage.house.local_lists.bring_up_to_date(garage.charge_point_id, "AX48-1")


def sent(garage: Garage) -> list[SendLocalList]:
    asks = [ask for identity, ask in garage.chargers.asks if identity == "AX48-1"]
    return [ask for ask in asks if isinstance(ask, SendLocalList)]


async def test_s6_a_card_is_matched_in_any_case_and_told_with_its_parent_and_expiry(garage: Garage) -> None:
    soon = garage.clock.now() + timedelta(hours=1)
    card = await add(garage, " a1b2c3 ", name="Mike", parent_id_tag="staff", expires_at=soon)
    assert (card.id_tag, card.parent_id_tag, card.status(garage.clock.now())) == ("a1b2c3", "staff", CardStatus.ACTIVE)
    told = await garage.house.transactions.authorize(garage.charge_point_id, "a1B2c3")
    assert (told.status, told.parent_id_tag, told.expires_at) == (AuthorizationStatus.ACCEPTED, "staff", soon)
    answer = await garage.begin("A1b2C3")
    assert (answer.status, answer.parent_id_tag, answer.expires_at) == (AuthorizationStatus.ACCEPTED, "staff", soon)
    garage.clock.turn(hours=2)
    late = await garage.house.transactions.authorize(garage.charge_point_id, "A1B2C3")
    assert late.status is AuthorizationStatus.EXPIRED
    again = await garage.begin("A1b2C3")
    assert (again.transaction_id, again.status) == (answer.transaction_id, AuthorizationStatus.ACCEPTED)


async def test_s6_id_tags_are_sent_as_they_were_entered(garage: Garage) -> None:
    """Some chargers compare them letter by letter; we do not."""
    garage.chargers.answers |= {SendLocalList: "Accepted", ReserveNow: "Accepted"}
    await add(garage, "04aBc9", parent_id_tag="Staff")
    # One group, however its parent is written.
    other = await add(garage, "lower", parent_id_tag="STAFF")
    assert other.parent_id_tag == "Staff"
    assert (await garage.house.cards.find(garage.id, "04ABC9")).id_tag == "04aBc9"
    await garage.house.local_lists.send(garage.operator, garage.charge_point_id)
    assert [(entry.id_tag, entry.parent_id_tag) for entry in sent(garage)[-1].entries] == [
        ("04aBc9", "Staff"),
        ("lower", "Staff"),
    ]
    for id_tag, parent in (("04AbC9", "Staff"), ("guest", None)):
        made = await garage.house.reservations.reserve(
            garage.operator,
            ReserveConnector(
                charge_point_id=garage.charge_point_id,
                port_id=None,
                id_tag=id_tag,
                parent_id_tag=None,
                expires_at=garage.clock.now() + timedelta(hours=1),
            ),
        )
        assert (made.id_tag, made.parent_id_tag) == (id_tag, parent)
        (ask,) = (ask for ask in garage.chargers.all(ReserveNow) if ask.reservation_id == made.id)
        assert (ask.id_tag, ask.parent_id_tag) == (id_tag, parent)


def test_s6_an_id_tag_that_is_spelled_otherwise_takes_a_full_list() -> None:
    """A charger that tells case apart would keep the old spelling; one that does not would lose the card."""
    held, wanted = ({spelling: LocalListEntry(id_tag=spelling, status="Accepted")} for spelling in ("CARD", "Card"))
    assert updates(held, wanted, 100) == [(True, list(wanted.values()))]
    assert updates(held, held, 100) == [(False, [])]


async def test_s6_a_blocked_card_starts_nothing_until_it_is_unblocked(garage: Garage) -> None:
    card = await add(garage, "A1")
    authorize = garage.house.transactions.authorize
    await garage.house.cards.update(garage.operator, card.id, CardUpdate(is_blocked=True))
    assert (await authorize(garage.charge_point_id, "A1")).status is AuthorizationStatus.BLOCKED
    await garage.house.cards.update(garage.operator, card.id, CardUpdate(is_blocked=False, name="Ann"))
    assert (await authorize(garage.charge_point_id, "A1")).status is AuthorizationStatus.ACCEPTED
    await garage.house.cards.remove(garage.operator, card.id)
    assert (await authorize(garage.charge_point_id, "A1")).status is AuthorizationStatus.INVALID


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"id_tag": ""}, ErrorCode.INVALID),
        ({"id_tag": "X" * 21}, ErrorCode.INVALID),
        ({"id_tag": "EVABCDEFGHJKMNPQRSTV"}, ErrorCode.INVALID),
        ({"id_tag": "A\x07"}, ErrorCode.INVALID),
        ({"id_tag": "NEW", "parent_id_tag": "X" * 21}, ErrorCode.INVALID),
        ({"id_tag": "NEW", "name": "X" * 101}, ErrorCode.INVALID),
        ({"id_tag": "known"}, ErrorCode.NAME_TAKEN),
    ],
)
async def test_a_card_that_cannot_be_is_refused(garage: Garage, card: dict[str, str], code: ErrorCode) -> None:
    await add(garage, "KNOWN")
    with pytest.raises(Refusal) as refused:
        await add(garage, **card)
    assert refused.value.code is code
    attendant = Viewer(
        id=3, organization_id=1, organization="Midtown", name="Ann", email=None, roles={garage.id: Role.ATTENDANT}
    )
    with pytest.raises(Forbidden):
        await garage.house.cards.add(attendant, NewCard(garage_id=garage.id, id_tag="MINE"))


async def test_s6_a_charger_that_connects_gets_the_whole_list_then_only_what_changed(garage: Garage) -> None:
    charger = LocalList(garage)
    one = await add(garage, "ONE")
    await add(garage, "TWO", is_blocked=True)
    await connect(garage)
    assert charger.held == {"ONE": "Accepted", "TWO": "Blocked"}
    assert charger.is_enabled == "true"
    row = await ChargePointRow.get(id=garage.charge_point_id)
    assert charger.version == row.local_list_version > 0
    before = len(sent(garage))
    await connect(garage)
    assert len(sent(garage)) == before
    await garage.house.cards.remove(garage.operator, one.id)
    await add(garage, "THREE")
    await connect(garage)
    assert charger.held == {"TWO": "Blocked", "THREE": "Accepted"}
    assert not any(ask.is_full for ask in sent(garage)[before:])


async def test_s6_cards_that_change_reach_a_connected_charger_by_themselves(garage: Garage) -> None:
    charger = LocalList(garage)
    await add(garage, "ONE")
    await garage.house.local_lists.settled()
    assert charger.held == {"ONE": "Accepted"}


async def test_s6_a_long_list_goes_in_parts_each_with_a_version_of_its_own(garage: Garage) -> None:
    charger = LocalList(garage, most=2)
    garage.chargers.answers[GetLocalListVersion] = ChargerOffline("not yet")
    for number in range(5):
        await add(garage, f"CARD {number}")
    await garage.house.local_lists.settled()
    garage.chargers.answers[GetLocalListVersion] = lambda _: charger.version
    await connect(garage)
    assert [(ask.is_full, len(ask.entries)) for ask in sent(garage)] == [(True, 2), (False, 2), (False, 1)]
    assert [ask.version - charger.version for ask in sent(garage)] == [-2, -1, 0]
    assert len(charger.held) == 5


async def test_s6_a_charger_that_lost_its_list_gets_the_whole_again(garage: Garage) -> None:
    charger = LocalList(garage)
    await add(garage, "ONE")
    await connect(garage)
    charger.version, charger.held = 0, {}
    await connect(garage)
    assert charger.held == {"ONE": "Accepted"}


async def test_s6_a_mismatch_is_answered_with_the_whole_list(garage: Garage) -> None:
    charger = LocalList(garage)
    await add(garage, "ONE")
    await connect(garage)
    answers: list[Callable[[SendLocalList], str]] = [lambda _: "VersionMismatch", charger.take]
    garage.chargers.answers[SendLocalList] = lambda ask: answers.pop(0)(ask)
    await add(garage, "TWO")
    assert [ask.is_full for ask in sent(garage)[-2:]] == [False, True]
    assert charger.held == {"ONE": "Accepted", "TWO": "Accepted"}


@pytest.mark.parametrize("answer", [-1, ChargerRejected("NotSupported")])
async def test_s6_a_charger_without_a_list_is_asked_once_for_each_firmware(garage: Garage, answer: Any) -> None:
    garage.chargers.answers[GetLocalListVersion] = answer
    await add(garage, "ONE")
    await connect(garage)
    asked = len(garage.chargers.asks)
    await connect(garage)
    assert (len(garage.chargers.asks), sent(garage)) == (asked, [])
    await ChargePointRow.filter(id=garage.charge_point_id).update(firmware_version="2.0")
    await connect(garage)
    assert len(garage.chargers.asks) == asked + 1


async def test_s6_a_garage_that_never_had_a_card_asks_nothing(garage: Garage) -> None:
    await connect(garage)
    assert garage.chargers.asks == []


async def test_s6_the_last_card_that_goes_leaves_an_empty_list(garage: Garage) -> None:
    charger = LocalList(garage)
    card = await add(garage, "ONE")
    await connect(garage)
    await garage.house.cards.remove(garage.operator, card.id)
    await connect(garage)
    assert charger.held == {}
    assert charger.version == (await ChargePointRow.get(id=garage.charge_point_id)).local_list_version


async def test_s6_what_the_command_line_changed_is_found_within_half_a_minute(garage: Garage) -> None:
    charger = LocalList(garage)
    garage.chargers.seen_at = garage.clock.now()
    await garage.house.registration.add_card(garage_id=garage.id, id_tag="ONE")
    await garage.house.local_lists.look()
    await garage.house.local_lists.settled()
    assert charger.held == {"ONE": "Accepted"}
    asked = len(garage.chargers.asks)
    garage.clock.turn(minutes=1)
    await garage.house.local_lists.look()
    await garage.house.local_lists.settled()
    assert len(garage.chargers.asks) == asked


async def test_an_operator_sends_the_list_and_is_told_what_the_charger_said(garage: Garage) -> None:
    charger = LocalList(garage)
    await add(garage, "ONE")
    await garage.house.local_lists.settled()
    send = garage.house.local_lists.send
    done = await send(garage.operator, garage.charge_point_id)
    assert (done.status, done.version, done.entry_count) == ("Accepted", charger.version, 1)
    assert sent(garage)[-1].is_full
    for answer, code in (
        ("NotSupported", ErrorCode.CHARGER_REJECTED),
        (ChargerOffline("gone"), ErrorCode.CHARGER_OFFLINE),
    ):
        garage.chargers.answers[SendLocalList] = answer
        with pytest.raises(Refusal) as refused:
            await send(garage.operator, garage.charge_point_id)
        assert refused.value.code is code
    with pytest.raises(Refusal) as refused:
        await send(garage.stranger, garage.charge_point_id)
    assert refused.value.code is ErrorCode.NOT_FOUND
