"""A new key: it or the old one is good until the new one has signed in; a charger that says no keeps the old."""

from contextlib import suppress

import pytest

from evgraph.domain.asks import ChangeConfiguration
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.security import KeyHandover
from evgraph.models import ChargePointRow, ConfigurationKeyRow
from evgraph.services.charge_points import NotAdmitted
from evgraph.services.interfaces import ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.key_rotation import Rotated
from tests.services.conftest import Garage

IDENTITY = "AX48-9"
OLD = "00112233445566778899aabbccddeeff00112233"


@pytest.fixture
async def charge_point_id(garage: Garage) -> int:
    made, _ = await garage.house.registration.add_charge_point(garage_id=garage.id, identity=IDENTITY, key=OLD)
    await garage.house.charge_points.connected(made.id)
    return made.id


async def rotate(garage: Garage, charge_point_id: int, answer: object, **more: bool) -> Rotated:
    garage.chargers.answers[ChangeConfiguration] = answer
    return await garage.house.key_rotation.rotate(garage.operator, charge_point_id, **more)


async def gets_in(garage: Garage, key: str, user: str = IDENTITY) -> bool:
    try:
        await garage.house.charge_points.admit(IDENTITY, user=user, password=key.encode(), remote="10.0.0.9")
    except NotAdmitted:
        return False
    return True


@pytest.mark.parametrize(
    ("answer", "handover"),
    [
        ("Accepted", KeyHandover.TAKEN),
        ("RebootRequired", KeyHandover.REBOOT_REQUIRED),
        (ChargerTimeout("slow"), KeyHandover.UNANSWERED),
        (ChargerOffline("gone"), KeyHandover.UNANSWERED),
    ],
)
async def test_either_is_good_until_the_new_one_has_signed_in(
    garage: Garage, charge_point_id: int, answer: object, handover: KeyHandover
) -> None:
    rotated = await rotate(garage, charge_point_id, answer)
    assert rotated.handover is handover
    (ask,) = garage.chargers.all(ChangeConfiguration)
    assert (ask.key, ask.value) == ("AuthorizationKey", rotated.key)
    assert len(bytes.fromhex(rotated.key)) == 20
    # Signing in with the old one proves nothing: some firmware takes a key only when it restarts.
    assert await gets_in(garage, OLD)
    assert not await gets_in(garage, rotated.key, user="AX48-1")
    assert await gets_in(garage, OLD)
    assert await gets_in(garage, rotated.key)
    assert not await gets_in(garage, OLD)
    assert await gets_in(garage, rotated.key)


async def test_c5_one_that_was_never_sent_the_new_key_keeps_the_old_one(garage: Garage, charge_point_id: int) -> None:
    with pytest.raises(Refusal, match="nothing was sent") as refused:
        await rotate(garage, charge_point_id, ChargerBusy("earlier commands were not answered"))
    assert refused.value.code is ErrorCode.CHARGER_BUSY
    assert await gets_in(garage, OLD)
    assert (await ChargePointRow.get(id=charge_point_id)).next_key_hash is None


@pytest.mark.parametrize("answer", ["Rejected", "NotSupported", "Perhaps", ChargerRejected("InternalError: ")])
async def test_one_that_says_no_keeps_the_old_key(garage: Garage, charge_point_id: int, answer: object) -> None:
    with pytest.raises(Refusal, match="keeps its old key") as refused:
        await rotate(garage, charge_point_id, answer)
    assert refused.value.code is ErrorCode.CHARGER_REJECTED
    (ask,) = garage.chargers.all(ChangeConfiguration)
    assert not await gets_in(garage, ask.value)
    assert await gets_in(garage, OLD)
    assert (await ChargePointRow.get(id=charge_point_id)).next_key_hash is None


async def test_two_answers_that_were_lost_shut_nobody_out(garage: Garage, charge_point_id: int) -> None:
    first = await rotate(garage, charge_point_id, ChargerTimeout("slow"))
    second = await rotate(garage, charge_point_id, ChargerTimeout("slow"))
    assert await gets_in(garage, OLD)
    assert await gets_in(garage, first.key)
    assert not await gets_in(garage, OLD)
    assert await gets_in(garage, second.key)
    assert not await gets_in(garage, first.key)


async def test_a_no_leaves_the_key_on_trial_that_it_may_hold_already(garage: Garage, charge_point_id: int) -> None:
    first = await rotate(garage, charge_point_id, ChargerTimeout("slow"))
    with pytest.raises(Refusal):
        await rotate(garage, charge_point_id, "Rejected")
    assert await gets_in(garage, first.key)


async def test_a_key_can_be_entered_by_hand_also_while_it_is_offline(garage: Garage, charge_point_id: int) -> None:
    await garage.house.charge_points.disconnected(charge_point_id)
    with pytest.raises(Refusal) as refused:
        await rotate(garage, charge_point_id, "Accepted")
    assert refused.value.code is ErrorCode.CHARGER_OFFLINE
    rotated = await rotate(garage, charge_point_id, "Accepted", by_hand=True)
    assert rotated.handover is KeyHandover.BY_HAND
    assert garage.chargers.asks == []
    assert await gets_in(garage, OLD)
    assert await gets_in(garage, rotated.key)
    assert not await gets_in(garage, OLD)


async def test_one_that_had_no_key_is_asked_for_it_from_its_first_use(garage: Garage) -> None:
    made, _ = await garage.house.registration.add_charge_point(garage_id=garage.id, identity=IDENTITY, open_to_all=True)
    rotated = await rotate(garage, made.id, "Accepted", by_hand=True)
    assert await gets_in(garage, "anything")
    assert await gets_in(garage, rotated.key)
    assert not await gets_in(garage, "anything")


async def test_c10_no_key_is_kept_but_as_its_hash(garage: Garage, charge_point_id: int) -> None:
    rotated = await rotate(garage, charge_point_id, "Accepted")
    row = await ConfigurationKeyRow.get(charge_point_id=charge_point_id, key="AuthorizationKey")
    assert (row.answer, row.value, row.wish) == ("Accepted", None, None)
    kept = await ChargePointRow.get(id=charge_point_id)
    assert rotated.key not in f"{kept.key_hash} {kept.next_key_hash}"


async def test_a_stranger_rotates_nothing(garage: Garage, charge_point_id: int) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.key_rotation.rotate(garage.stranger, charge_point_id)
    assert refused.value.code is ErrorCode.NOT_FOUND
    assert await gets_in(garage, OLD)


@pytest.mark.parametrize(
    ("answer", "is_good"),
    [
        ({"status": "Accepted"}, True),
        ({"status": "RebootRequired"}, True),
        (ChargerTimeout("slow"), True),
        ({"status": "Rejected"}, False),
        (ChargerRejected("NotSupported"), False),
        (ChargerBusy("never sent"), False),
    ],
)
async def test_a_key_that_goes_out_as_any_other_call_shuts_nobody_out(
    garage: Garage, charge_point_id: int, answer: object, is_good: bool
) -> None:
    key = "a technician's own word"
    garage.chargers.raw_answer = answer
    payload = {"key": "authorizationKEY", "value": key}
    with suppress(Refusal):
        await garage.house.commands.call(garage.operator, charge_point_id, "ChangeConfiguration", payload)
    assert garage.chargers.raw == [(IDENTITY, "ChangeConfiguration", payload)]
    assert await gets_in(garage, OLD)
    assert await gets_in(garage, key) is is_good
    assert await gets_in(garage, OLD) is not is_good
