"""An operator at work: commands, ports out of order, reservations, charging profiles; and every kind of no."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from evgraph.domain.asks import (
    CancelReservation,
    ChangeAvailability,
    ClearCache,
    ClearChargingProfile,
    CompositeSchedule,
    DataTransfer,
    ExtendedTriggerMessage,
    GetCompositeSchedule,
    ReserveNow,
    Reset,
    ResetKind,
    SetChargingProfile,
    TriggerMessage,
    UnlockConnector,
    VendorAnswer,
)
from evgraph.domain.charge_point import ReservationState
from evgraph.domain.charging_profile import (
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    ChargingSchedule,
    SchedulePeriod,
)
from evgraph.domain.people import Role, Viewer
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.triggers import MessageTrigger
from evgraph.models import CardRow
from evgraph.models.operating import ChargingProfileRow, ReservationRow
from evgraph.services import reading
from evgraph.services.charging_profiles import GiveProfile
from evgraph.services.interfaces import BadCall, ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.permissions import Forbidden
from evgraph.services.reservations import ReserveConnector
from tests.services.conftest import Garage

LIMIT = ChargingSchedule(unit=ChargingRateUnit.A, periods=(SchedulePeriod(start_s=0, limit=Decimal("16.5")),))


async def refused(work) -> Refusal:
    with pytest.raises(Refusal) as no:
        await work
    return no.value


def reservation_of(garage: Garage, **more) -> ReserveConnector:
    given = {
        "charge_point_id": None,
        "port_id": garage.port_id,
        "id_tag": "staff-7",
        "parent_id_tag": None,
        "expires_at": garage.clock.now() + timedelta(hours=1),
    }
    return ReserveConnector(**(given | more))


def profile_of(garage: Garage, **more) -> GiveProfile:
    given = {
        "charge_point_id": garage.charge_point_id,
        "connector_id": None,
        "profile_id": None,
        "session_id": None,
        "stack_level": 0,
        "purpose": ChargingProfilePurpose.TX_DEFAULT_PROFILE,
        "kind": ChargingProfileKind.RELATIVE,
        "recurrency": None,
        "valid_from": None,
        "valid_to": None,
        "schedule": LIMIT,
    }
    return GiveProfile(**(given | more))


def everything(garage: Garage, viewer: Viewer) -> list:
    """One call of each service that asks a charge point, all of one viewer."""
    house, cp = garage.house, garage.charge_point_id
    return [
        house.commands.reset(viewer, cp, ResetKind.SOFT),
        house.commands.unlock(viewer, garage.port_id),
        house.commands.trigger(viewer, cp, MessageTrigger.HEARTBEAT, None),
        house.commands.clear_cache(viewer, cp),
        house.commands.transfer(viewer, cp, DataTransfer("com.phihong")),
        house.commands.call(viewer, cp, "ClearCache", {}),
        house.reservations.reserve(viewer, reservation_of(garage)),
        house.charging_profiles.give(viewer, profile_of(garage)),
        house.charging_profiles.clear(viewer, cp, profile_id=None, connector_id=None, purpose=None, stack_level=None),
        house.charging_profiles.composite(viewer, cp, connector_id=0, duration_s=60, unit=None),
    ]


async def port(garage: Garage, port_id: int | None = None):
    (found,) = await reading.ports(id=port_id or garage.port_id)
    return found


async def report(garage: Garage, status: PortStatus) -> None:
    said = StatusReport(connector_id=1, status=status, error_code=None, info=None, at=garage.clock.now())
    await garage.house.charge_points.report_status(garage.charge_point_id, said)


# Rights, and what goes wrong with any of them


async def test_a_stranger_finds_nothing_and_an_attendant_may_not(garage: Garage):
    attendant = Viewer(
        id=3, organization_id=1, organization="Midtown", name="Ann", email=None, roles={garage.id: Role.ATTENDANT}
    )
    change = garage.house.availability.change
    out = {"charge_point_id": None, "port_id": garage.port_id, "is_available": False}
    for work in [*everything(garage, garage.stranger), change(garage.stranger, **out)]:
        assert (await refused(work)).code is ErrorCode.NOT_FOUND
    for work in [*everything(garage, attendant), change(attendant, **out)]:
        with pytest.raises(Forbidden):
            await work
    assert garage.chargers.asks == []
    assert garage.chargers.raw == []
    assert not (await port(garage)).is_out_of_order


@pytest.mark.parametrize(
    ("failure", "code", "words"),
    [
        (ChargerOffline("it is not connected"), ErrorCode.CHARGER_OFFLINE, "AX48-1 is offline."),
        (
            ChargerBusy("never sent"),
            ErrorCode.CHARGER_BUSY,
            "AX48-1 did not answer earlier commands",
        ),
        (ChargerTimeout("no answer"), ErrorCode.CHARGER_TIMEOUT, "AX48-1 did not answer in time."),
        (ChargerRejected("NotSupported: "), ErrorCode.CHARGER_REJECTED, "AX48-1 refused: NotSupported."),
        (ChargerRejected(""), ErrorCode.CHARGER_REJECTED, "AX48-1 refused: it gave no reason."),
        (BadCall("Reset.type must be a text.", "payload"), ErrorCode.INVALID, "Reset.type must be a text."),
    ],
)
async def test_c5_every_kind_of_no_is_told_in_an_operators_words(garage: Garage, failure, code, words):
    kinds = (Reset, UnlockConnector, TriggerMessage, ClearCache, DataTransfer, ReserveNow)
    kinds += (SetChargingProfile, ClearChargingProfile, GetCompositeSchedule)
    garage.chargers.answers = dict.fromkeys(kinds, failure)
    garage.chargers.raw_answer = failure
    for work in everything(garage, garage.operator):
        refusal = await refused(work)
        assert refusal.code is code
        assert refusal.message.startswith(words)
        assert refusal.message.endswith(".")
    assert await ChargingProfileRow.all().count() == 0
    assert await ReservationRow.all().count() == (1 if code is ErrorCode.CHARGER_TIMEOUT else 0)


# Commands


@pytest.mark.parametrize(
    ("asked", "ask", "yes"),
    [
        (lambda s, v, g: s.reset(v, g.charge_point_id, ResetKind.HARD), Reset(ResetKind.HARD), "Accepted"),
        (lambda s, v, g: s.unlock(v, g.port_id), UnlockConnector(1), "Unlocked"),
        (lambda s, v, g: s.clear_cache(v, g.charge_point_id), ClearCache(), "Accepted"),
        (
            lambda s, v, g: s.trigger(v, g.charge_point_id, MessageTrigger.METER_VALUES, 1),
            TriggerMessage("MeterValues", 1),
            "Accepted",
        ),
        (
            lambda s, v, g: s.trigger(v, g.charge_point_id, MessageTrigger.SIGN_CHARGE_POINT_CERTIFICATE, None),
            ExtendedTriggerMessage("SignChargePointCertificate"),
            "Accepted",
        ),
    ],
)
async def test_a_command_is_done_only_when_the_charge_point_says_so(garage: Garage, asked, ask, yes):
    commands = garage.house.commands
    garage.chargers.answers[type(ask)] = yes
    await asked(commands, garage.operator, garage)
    assert garage.chargers.asks == [("AX48-1", ask)]
    for no in {"Accepted", "Rejected", "NotImplemented", "NotSupported", "UnlockFailed", "Perhaps"} - {yes}:
        garage.chargers.answers[type(ask)] = no
        refusal = await refused(asked(commands, garage.operator, garage))
        assert refusal.code is ErrorCode.CHARGER_REJECTED
        assert refusal.message.startswith(f"AX48-1 answered {no}.")


async def test_a_lock_that_did_not_open_is_told_at_its_port(garage: Garage):
    garage.chargers.answers[UnlockConnector] = "UnlockFailed"
    refusal = await refused(garage.house.commands.unlock(garage.operator, garage.port_id))
    assert refusal.message == "AX48-1 answered UnlockFailed. The lock did not open: look at the connector."
    assert refusal.field == ("input", "portId")


async def test_a_trigger_names_a_connector_or_all_of_them(garage: Garage):
    asked = garage.house.commands.trigger(garage.operator, garage.charge_point_id, MessageTrigger.METER_VALUES, 0)
    assert (await refused(asked)).field == ("input", "connectorId")
    assert garage.chargers.asks == []


async def test_a_vendors_answer_comes_back_and_its_no_says_what_it_said(garage: Garage):
    message = DataTransfer("com.phihong", "Light", "off")
    garage.chargers.answers[DataTransfer] = VendorAnswer("Accepted", "done")
    answer = await garage.house.commands.transfer(garage.operator, garage.charge_point_id, message)
    assert (answer, garage.chargers.asks[-1]) == (VendorAnswer("Accepted", "done"), ("AX48-1", message))
    for told, words in (
        (VendorAnswer("Rejected", "lamp broken"), "AX48-1 answered Rejected. It says: lamp broken"),
        (VendorAnswer("UnknownVendorId", None), "AX48-1 answered UnknownVendorId. It knows nothing of this vendor."),
    ):
        garage.chargers.answers[DataTransfer] = told
        work = garage.house.commands.transfer(garage.operator, garage.charge_point_id, message)
        assert (await refused(work)).message == words


async def test_any_call_goes_through_as_it_is(garage: Garage):
    garage.chargers.raw_answer = {"status": "Rejected"}
    answer = await garage.house.commands.call(garage.operator, garage.charge_point_id, "Reset", {"type": "Soft"})
    assert answer == {"status": "Rejected"}
    assert garage.chargers.raw == [("AX48-1", "Reset", {"type": "Soft"})]
    garage.chargers.raw_answer = BadCall("There is no Nonsense.", "action")
    work = garage.house.commands.call(garage.operator, garage.charge_point_id, "Nonsense", {})
    assert (await refused(work)).field == ("input", "action")


# Out of order


@pytest.mark.parametrize(
    ("told", "answer", "warning"),
    [
        ("Accepted", "Accepted", None),
        ("Scheduled", "Scheduled", None),
        ("Rejected", "Rejected", "AX48-1 answered Rejected."),
        (ChargerOffline("gone"), None, "AX48-1 is offline."),
        (ChargerTimeout("late"), None, "AX48-1 did not answer in time."),
        (ChargerRejected("NotImplemented: "), None, "AX48-1 refused: NotImplemented."),
    ],
)
async def test_a_port_is_out_of_order_whatever_its_charger_answers(garage: Garage, told, answer, warning):
    garage.chargers.answers[ChangeAvailability] = told
    changed = await garage.house.availability.change(
        garage.operator, charge_point_id=None, port_id=garage.port_id, is_available=False
    )
    assert changed.answer == answer
    assert (changed.warning or "").startswith(warning or "")
    assert bool(changed.warning) is bool(warning)
    assert garage.chargers.all(ChangeAvailability) == [ChangeAvailability(1, is_operative=False)]
    out = await port(garage)
    assert changed.ports == (out,)
    assert (out.is_out_of_order, out.status, out.is_open) == (True, PortStatus.UNAVAILABLE, False)
    stay = await garage.check_in()
    refusal = await refused(garage.start(stay))
    assert (refusal.code, refusal.message) == (
        ErrorCode.PORT_NOT_OPEN,
        "AX48-1-1 is out of order. Choose another port.",
    )
    changed = await garage.house.availability.change(
        garage.operator, charge_point_id=None, port_id=garage.port_id, is_available=True
    )
    assert garage.chargers.all(ChangeAvailability)[-1] == ChangeAvailability(1, is_operative=True)
    assert changed.ports[0].is_open
    await garage.start(stay)


async def test_a_whole_charge_point_goes_out_of_order_with_its_ports(garage: Garage):
    garage.chargers.answers[ChangeAvailability] = "Accepted"
    changed = await garage.house.availability.change(
        garage.operator, charge_point_id=garage.charge_point_id, port_id=None, is_available=False
    )
    assert [found.id for found in changed.ports] == [garage.port_id]
    assert garage.chargers.all(ChangeAvailability) == [ChangeAvailability(0, is_operative=False)]
    assert (await port(garage)).is_out_of_order
    assert not (await port(garage, garage.other_port_id)).is_out_of_order


async def test_a_port_or_a_charge_point_is_named_not_both(garage: Garage):
    change = garage.house.availability.change
    for names in ((None, None), (garage.charge_point_id, garage.port_id)):
        work = change(garage.operator, charge_point_id=names[0], port_id=names[1], is_available=False)
        assert (await refused(work)).code is ErrorCode.INVALID
    assert not (await port(garage)).is_out_of_order


async def test_a_running_session_goes_on_at_a_port_that_goes_out_of_order(garage: Garage):
    await garage.set_rate()
    stay = await garage.check_in()
    session = await garage.start(stay)
    begun = await garage.begin(session)
    await report(garage, PortStatus.CHARGING)
    garage.chargers.answers[ChangeAvailability] = "Scheduled"
    changed = await garage.house.availability.change(
        garage.operator, charge_point_id=None, port_id=garage.port_id, is_available=False
    )
    assert (changed.answer, changed.ports[0].status) == ("Scheduled", PortStatus.CHARGING)
    await garage.end(begun.transaction_id, meter=18_234)
    assert [item.amount_cents for item in await garage.line_items(stay)] == [431]
    assert (await port(garage)).status is PortStatus.UNAVAILABLE


async def test_a_charge_point_that_was_away_is_told_again(garage: Garage):
    availability, chargers = garage.house.availability, garage.chargers
    chargers.answers[ChangeAvailability] = ChargerOffline("gone")
    await garage.house.charge_points.disconnected(garage.charge_point_id)
    await availability.change(garage.operator, charge_point_id=None, port_id=garage.port_id, is_available=False)
    assert await availability.remind() == 0
    await garage.house.charge_points.connected(garage.charge_point_id)
    chargers.answers[ChangeAvailability] = "Accepted"
    assert await availability.remind() == 1
    await availability.close()
    assert chargers.all(ChangeAvailability) == [ChangeAvailability(1, is_operative=False)] * 2
    # One that goes on saying Available is not told every second.
    assert await availability.remind() == 0
    garage.clock.turn(minutes=10)
    chargers.answers[ChangeAvailability] = ChargerTimeout("late")
    assert await availability.remind() == 1
    await availability.close()
    garage.clock.turn(minutes=10)
    await report(garage, PortStatus.UNAVAILABLE)
    assert await availability.remind() == 0


async def test_a_board_hears_that_a_port_is_out_of_order(garage: Garage):
    before = await garage.house.boards.read(garage.id)
    garage.chargers.answers[ChangeAvailability] = "Accepted"
    change = garage.house.availability.change
    out = {"charge_point_id": None, "port_id": garage.port_id, "is_available": False}
    await change(garage.operator, **out)
    after = await garage.house.boards.read(garage.id)
    assert after.revision == before.revision + 1
    await change(garage.operator, **out)
    assert (await garage.house.boards.read(garage.id)).revision == after.revision


# Reservations


async def held(garage: Garage) -> list:
    (found,) = await garage.house.reservations.of_charge_points([garage.charge_point_id])
    return found


async def test_a_port_is_reserved_for_a_card_with_its_group(garage: Garage):
    await CardRow.create(garage_id=garage.id, id_tag="STAFF-7", parent_id_tag="STAFF")
    garage.chargers.answers[ReserveNow] = "Accepted"
    made = await garage.house.reservations.reserve(garage.operator, reservation_of(garage))
    assert await held(garage) == [made]
    assert (made.made_by, made.state) == ("Olivia", ReservationState.ACTIVE)
    assert garage.chargers.asks == [
        (
            "AX48-1",
            ReserveNow(
                reservation_id=made.id,
                connector_id=1,
                id_tag="staff-7",
                expires_at=made.expires_at,
                parent_id_tag="STAFF",
            ),
        )
    ]


async def test_any_connector_of_a_charge_point_can_be_reserved(garage: Garage):
    garage.chargers.answers[ReserveNow] = "Accepted"
    command = reservation_of(garage, port_id=None, charge_point_id=garage.charge_point_id)
    made = await garage.house.reservations.reserve(garage.operator, command)
    assert (made.connector_id, garage.chargers.all(ReserveNow)[0].connector_id) == (0, 0)


@pytest.mark.parametrize("no", ["Faulted", "Occupied", "Rejected", "Unavailable", "Perhaps"])
async def test_what_the_charge_point_does_not_reserve_is_not_kept(garage: Garage, no):
    garage.chargers.answers[ReserveNow] = no
    refusal = await refused(garage.house.reservations.reserve(garage.operator, reservation_of(garage)))
    assert (refusal.code, refusal.field) == (ErrorCode.CHARGER_REJECTED, ("input", "portId"))
    assert no in refusal.message
    assert await held(garage) == []


async def test_a_port_in_use_is_not_reserved_under_a_start(garage: Garage):
    await garage.start(await garage.check_in())
    refusal = await refused(garage.house.reservations.reserve(garage.operator, reservation_of(garage)))
    assert refusal.code is ErrorCode.PORT_IN_USE
    assert garage.chargers.asks == []


async def test_a_reservation_whose_answer_was_lost_is_kept_and_can_be_cancelled(garage: Garage):
    garage.chargers.answers[ReserveNow] = ChargerTimeout("late")
    refusal = await refused(garage.house.reservations.reserve(garage.operator, reservation_of(garage)))
    assert refusal.code is ErrorCode.CHARGER_TIMEOUT
    (kept,) = await held(garage)
    garage.chargers.answers[CancelReservation] = "Accepted"
    canceled = await garage.house.reservations.cancel(garage.operator, kept.id)
    assert (canceled.state, garage.chargers.asks[-1]) == (
        ReservationState.CANCELED,
        ("AX48-1", CancelReservation(kept.id)),
    )
    assert await held(garage) == [canceled]
    again = await refused(garage.house.reservations.cancel(garage.operator, kept.id))
    assert (again.code, again.message) == (ErrorCode.INVALID, "This reservation is canceled already.")


async def test_a_reservation_that_the_charge_point_does_not_know_is_over_unless_its_port_says_reserved(garage: Garage):
    garage.chargers.answers |= {ReserveNow: "Accepted", CancelReservation: "Rejected"}
    made = await garage.house.reservations.reserve(garage.operator, reservation_of(garage))
    await report(garage, PortStatus.RESERVED)
    refusal = await refused(garage.house.reservations.cancel(garage.operator, made.id))
    assert refusal.code is ErrorCode.CHARGER_REJECTED
    assert (await held(garage))[0].state is ReservationState.ACTIVE
    await report(garage, PortStatus.AVAILABLE)
    assert (await garage.house.reservations.cancel(garage.operator, made.id)).state is ReservationState.CANCELED


async def test_a_stranger_cancels_nothing(garage: Garage):
    garage.chargers.answers[ReserveNow] = "Accepted"
    made = await garage.house.reservations.reserve(garage.operator, reservation_of(garage))
    for viewer, id_ in ((garage.stranger, made.id), (garage.operator, made.id + 99)):
        refusal = await refused(garage.house.reservations.cancel(viewer, id_))
        assert (refusal.code, refusal.field) == (ErrorCode.NOT_FOUND, ("input", "reservationId"))


async def test_a_reservation_is_used_by_its_tag_or_expires(garage: Garage):
    reservations = garage.house.reservations
    garage.chargers.answers[ReserveNow] = "Accepted"
    await CardRow.create(garage_id=garage.id, id_tag="STAFF-8", parent_id_tag="STAFF")
    first = await reservations.reserve(garage.operator, reservation_of(garage, parent_id_tag="staff"))
    await garage.begin("SOMEBODY")
    assert await reservations.settle() == 0
    await garage.begin("staff-8", meter=2000)
    assert await reservations.settle() == 1
    assert [r.state for r in await held(garage)] == [ReservationState.USED]
    command = reservation_of(garage, port_id=None, charge_point_id=garage.charge_point_id, id_tag="LATE")
    await reservations.reserve(garage.operator, command)
    garage.clock.turn(hours=2)
    assert [r.state for r in await held(garage)] == [ReservationState.EXPIRED, ReservationState.USED]
    assert await reservations.settle() == 1
    assert await reservations.settle() == 0
    refusal = await refused(reservations.cancel(garage.operator, first.id))
    assert refusal.message == "This reservation is used already."
    garage.clock.turn(days=31)
    assert await held(garage) == []


async def test_what_is_held_is_told_by_upkeep(garage: Garage):
    garage.chargers.answers[ReserveNow] = "Accepted"
    await garage.house.reservations.reserve(garage.operator, reservation_of(garage))
    garage.clock.turn(hours=1)
    await garage.house.upkeep.look()
    assert (await ReservationRow.get()).state is ReservationState.EXPIRED


# Charging profiles


async def profiles(garage: Garage) -> list:
    (found,) = await garage.house.charging_profiles.held([garage.charge_point_id])
    return [(held.connector_id, held.profile.id, held.profile.stack_level) for held in found]


async def give(garage: Garage, **more):
    return await garage.house.charging_profiles.give(garage.operator, profile_of(garage, **more))


async def test_a_profile_is_kept_once_it_is_accepted(garage: Garage):
    for no in ("Rejected", "NotSupported"):
        garage.chargers.answers[SetChargingProfile] = no
        refusal = await refused(give(garage))
        assert refusal.code is ErrorCode.CHARGER_REJECTED
        assert refusal.message.startswith(f"AX48-1 answered {no}.")
    assert await profiles(garage) == []
    garage.chargers.answers[SetChargingProfile] = "Accepted"
    made = await give(garage, connector_id=1)
    assert garage.chargers.all(SetChargingProfile)[-1] == SetChargingProfile(1, made.profile)
    assert (made.set_by, made.set_at, made.profile.schedule) == ("Olivia", garage.clock.now(), LIMIT)
    (again,) = (await garage.house.charging_profiles.held([garage.charge_point_id]))[0]
    assert again == made


async def test_a_profile_replaces_its_like_and_gets_a_number_that_is_free(garage: Garage):
    garage.chargers.answers[SetChargingProfile] = "Accepted"
    await give(garage, connector_id=1)
    await give(garage, connector_id=1, stack_level=1)
    assert await profiles(garage) == [(1, 1, 0), (1, 2, 1)]
    await give(garage, connector_id=1, stack_level=1)
    assert await profiles(garage) == [(1, 1, 0), (1, 3, 1)]
    await give(garage, connector_id=0, profile_id=1)
    assert await profiles(garage) == [(0, 1, 0), (1, 3, 1)]
    await asyncio.gather(give(garage, stack_level=5), give(garage, stack_level=6))
    assert sorted(id_ for _, id_, _ in await profiles(garage)) == [1, 3, 4, 5]


async def test_an_absolute_profile_starts_when_it_becomes_valid_or_now(garage: Garage):
    garage.chargers.answers[SetChargingProfile] = "Accepted"
    now = garage.clock.now()
    absolute = {"kind": ChargingProfileKind.ABSOLUTE}
    assert (await give(garage, **absolute)).profile.schedule.starts_at == now
    later = now + timedelta(days=1)
    assert (await give(garage, **absolute, valid_from=later)).profile.schedule.starts_at == later


async def test_a_profile_for_one_session_goes_with_it(garage: Garage):
    garage.chargers.answers[SetChargingProfile] = "Accepted"
    session = await garage.start(await garage.check_in())
    of_session = {"purpose": ChargingProfilePurpose.TX_PROFILE, "session_id": session.id}
    assert (await refused(give(garage, **of_session))).code is ErrorCode.SESSION_NOT_ACTIVE
    begun = await garage.begin(session)
    made = await give(garage, **of_session)
    assert (made.connector_id, made.profile.transaction_id) == (1, begun.transaction_id)
    wrong = await refused(give(garage, **of_session, connector_id=2))
    assert (wrong.code, wrong.message) == (ErrorCode.INVALID, "The session runs on connector 1.")
    elsewhere = await refused(give(garage, **of_session, charge_point_id=garage.other_charge_point_id))
    assert (elsewhere.code, elsewhere.field) == (ErrorCode.INVALID, ("input", "sessionId"))
    nowhere = await refused(give(garage, **of_session | {"session_id": 4711}))
    assert (nowhere.code, nowhere.field) == (ErrorCode.NOT_FOUND, ("input", "sessionId"))
    assert await profiles(garage) == [(1, 1, 0)]
    await garage.end(begun.transaction_id, meter=5000)
    assert await profiles(garage) == []
    await give(garage)
    assert await ChargingProfileRow.all().count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"purpose": ChargingProfilePurpose.TX_PROFILE, "connector_id": 1}, "sessionId"),
        ({"purpose": ChargingProfilePurpose.CHARGE_POINT_MAX_PROFILE, "connector_id": 1}, "connectorId"),
        ({"connector_id": 7}, "connectorId"),
        ({"profile_id": 0}, "profileId"),
    ],
)
async def test_what_ocpp_does_not_allow_is_not_asked(garage: Garage, wrong, field):
    refusal = await refused(give(garage, **wrong))
    assert (refusal.code, refusal.field) == (ErrorCode.INVALID, ("input", field))
    assert garage.chargers.asks == []


async def test_profiles_are_cleared_by_all_that_is_given(garage: Garage):
    garage.chargers.answers |= {SetChargingProfile: "Accepted", ClearChargingProfile: "Accepted"}
    for connector, level in ((0, 0), (0, 1), (1, 0), (1, 1)):
        await give(garage, connector_id=connector, stack_level=level)

    async def clear(**given) -> None:
        filters = {"profile_id": None, "connector_id": None, "purpose": None, "stack_level": None}
        await garage.house.charging_profiles.clear(garage.operator, garage.charge_point_id, **(filters | given))

    await clear(connector_id=1, stack_level=1)
    assert garage.chargers.all(ClearChargingProfile) == [ClearChargingProfile(connector_id=1, stack_level=1)]
    assert await profiles(garage) == [(0, 1, 0), (0, 2, 1), (1, 3, 0)]
    garage.chargers.answers[ClearChargingProfile] = ChargerOffline("gone")
    assert (await refused(clear())).code is ErrorCode.CHARGER_OFFLINE
    garage.chargers.answers[ClearChargingProfile] = "Rejected"
    assert (await refused(clear())).code is ErrorCode.CHARGER_REJECTED
    assert len(await profiles(garage)) == 3
    garage.chargers.answers[ClearChargingProfile] = "Unknown"
    refusal = await refused(clear(connector_id=1))
    assert refusal.message == "AX48-1 answered Unknown. It holds no such profile."
    assert await profiles(garage) == [(0, 1, 0), (0, 2, 1)]
    garage.chargers.answers[ClearChargingProfile] = "Accepted"
    await clear()
    assert await profiles(garage) == []


async def test_a_composite_schedule_is_the_charge_points_own(garage: Garage):
    def ask(**more):
        given = {"connector_id": 1, "duration_s": 3600, "unit": ChargingRateUnit.A}
        return garage.house.charging_profiles.composite(garage.operator, garage.charge_point_id, **(given | more))

    told = CompositeSchedule(status="Accepted", connector_id=1, starts_at=garage.clock.now(), schedule=LIMIT)
    garage.chargers.answers[GetCompositeSchedule] = told
    assert await ask() == told
    for no in (
        CompositeSchedule(status="Rejected", connector_id=None, starts_at=None, schedule=None),
        CompositeSchedule(status="Accepted", connector_id=1, starts_at=None, schedule=None),
    ):
        garage.chargers.answers[GetCompositeSchedule] = no
        assert (await refused(ask())).code is ErrorCode.CHARGER_REJECTED
    for wrong, field in (({"connector_id": 7}, "connectorId"), ({"duration_s": 0}, "durationSeconds")):
        assert (await refused(ask(**wrong))).field == ("input", field)


async def test_what_was_asked_is_recorded_though_its_client_hung_up(garage: Garage):
    asked, may_answer = asyncio.Event(), asyncio.Event()
    plain = garage.chargers.ask

    async def slow(identity, ask):
        asked.set()
        await may_answer.wait()
        return await plain(identity, ask)

    garage.chargers.ask = slow  # type: ignore[method-assign]
    garage.chargers.answers[SetChargingProfile] = "Accepted"
    giving = asyncio.create_task(give(garage))
    await asked.wait()
    giving.cancel()
    may_answer.set()
    await garage.house.once.close()
    assert await profiles(garage) == [(0, 1, 0)]
