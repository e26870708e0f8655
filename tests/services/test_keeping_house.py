"""Keys, sign-in, connections that are turned away, and what is not kept for ever."""

from datetime import timedelta

import pytest

from evgraph.domain.charge_point import Acceptance, BootReport
from evgraph.domain.people import Role
from evgraph.domain.port import PortStatus, StatusReport
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ChargePointRow, IdempotencyRow, RefusedConnectionRow
from evgraph.services.charge_points import AdmissionFailure, NotAdmitted
from evgraph.services.keys import hash_key, key_matches
from evgraph.services.permissions import RateLimited
from evgraph.services.retention import Retention

from .conftest import Garage

KEY = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("set_as", "offered", "fits"),
    [
        (KEY, KEY.encode(), True),
        (KEY, KEY.upper().encode(), True),
        (KEY, bytes.fromhex(KEY), True),
        ("a garage's own word", b"a garage's own word", True),
        ("a garage's own word", b"a garage's own word".hex().encode(), True),
        (KEY, KEY[:-1].encode(), False),
        (KEY, b"", False),
        ("a garage's own word", b"another", False),
    ],
)
def test_c1_a_key_fits_as_text_as_hex_digits_and_as_raw_bytes(set_as: str, offered: bytes, fits: bool) -> None:
    assert key_matches(hash_key(set_as), offered) is fits


async def test_c1_who_is_turned_away_can_be_looked_up(garage: Garage) -> None:
    points = garage.house.charge_points
    with pytest.raises(NotAdmitted) as unknown:
        await points.admit("AX48-9", user="AX48-9", password=b"x", remote="10.0.0.7")
    with pytest.raises(NotAdmitted) as wrong:
        await points.admit("AX48-1", user="AX48-1", password=b"x", remote="10.0.0.8")
    assert (unknown.value.reason, wrong.value.reason) == (
        AdmissionFailure.UNKNOWN_IDENTITY,
        AdmissionFailure.BAD_CREDENTIALS,
    )
    kept = await RefusedConnectionRow.all().order_by("id")
    assert [(row.identity, row.remote, row.reason) for row in kept] == [
        ("AX48-9", "10.0.0.7", "unknown identity"),
        ("AX48-1", "10.0.0.8", "bad credentials: wrong key"),
    ]


@pytest.mark.parametrize(
    ("user", "password", "reason"),
    [
        (None, None, "bad credentials: none that can be read"),
        ("ax48-1", b"x", "bad credentials: another user name"),
        ("", b"", "bad credentials: another user name"),
        ("AX48-1", b"x", "bad credentials: wrong key"),
        ("AX48-1", b"", "bad credentials: wrong key"),
    ],
)
async def test_c1_what_is_wrong_with_its_credentials_is_kept(
    garage: Garage, user: str | None, password: bytes | None, reason: str
) -> None:
    with pytest.raises(NotAdmitted):
        await garage.house.charge_points.admit("AX48-1", user=user, password=password, remote="10.0.0.8")
    assert [row.reason for row in await RefusedConnectionRow.all()] == [reason]


async def test_c1_the_key_that_is_told_once_admits_and_its_user_name_is_the_identity(garage: Garage) -> None:
    registered, key = await garage.house.registration.add_charge_point(garage_id=garage.id, identity="AX48-3")
    assert key is not None
    points = garage.house.charge_points
    admitted = await points.admit("AX48-3", user="AX48-3", password=key.encode(), remote="10.0.0.7")
    assert (admitted.charge_point.id, admitted.security_profile) == (registered.id, 1)
    with pytest.raises(NotAdmitted):
        await points.admit("AX48-3", user="AX48-1", password=key.encode(), remote="10.0.0.7")
    assert key not in ((await ChargePointRow.get(id=registered.id)).key_hash or "")


async def test_b1_an_operator_holds_a_charge_point_off_and_accepts_it_again(garage: Garage) -> None:
    points, registration = garage.house.charge_points, garage.house.registration
    report = BootReport(vendor="Phihong", model="AX48", serial_number=None, firmware_version=None)
    for answer in (Acceptance.PENDING, Acceptance.REJECTED, Acceptance.ACCEPTED):
        await registration.set_acceptance("AX48-1", answer)
        assert await points.boot(garage.charge_point_id, report) is answer
        assert (await ChargePointRow.get(id=garage.charge_point_id)).acceptance is answer
    with pytest.raises(Refusal) as refused:
        await registration.set_acceptance("AX48-9", Acceptance.PENDING)
    assert refused.value.code is ErrorCode.NOT_FOUND


async def test_b4_a_connector_that_reports_itself_becomes_a_port_like_its_sibling(garage: Garage) -> None:
    report = StatusReport(
        connector_id=2, status=PortStatus.AVAILABLE, error_code=None, info=None, at=garage.clock.now()
    )
    for _ in range(2):
        await garage.house.charge_points.report_status(garage.charge_point_id, report)
    assert await garage.house.charge_points.connectors(garage.charge_point_id) == [1, 2]
    views = {view.port.name: view.port for view in (await garage.house.boards.read(garage.id)).ports}
    assert (views["AX48-1-2"].is_open, views["AX48-1-2"].max_power_w) == (True, views["AX48-1-1"].max_power_w)
    assert await garage.house.charge_points.connectors(garage.other_charge_point_id) == [1]


async def test_x1_after_a_restart_nobody_is_connected_until_they_are(garage: Garage) -> None:
    await garage.house.charge_points.forget_connections()
    board = await garage.house.boards.read(garage.id)
    assert [view.port.status for view in board.ports] == [PortStatus.OFFLINE, PortStatus.OFFLINE]
    await garage.house.charge_points.connected(garage.charge_point_id)
    board = await garage.house.boards.read(garage.id)
    assert [view.port.status for view in board.ports] == [PortStatus.AVAILABLE, PortStatus.OFFLINE]


async def test_signing_in_and_out(garage: Garage) -> None:
    people = garage.house.people
    await garage.house.registration.add_person(
        garage_ids=[garage.id], email="Maria@Example.com", name="Maria", password="a good one", role=Role.ATTENDANT
    )
    signed_in = await people.sign_in(" maria@example.com", "a good one", remote="10.0.0.7")
    assert signed_in.viewer.roles == {garage.id: Role.ATTENDANT}
    assert await people.viewer_of(signed_in.token) == signed_in.viewer
    await people.sign_out(signed_in.token)
    assert await people.viewer_of(signed_in.token) is None


async def test_a_token_ends_with_its_time(garage: Garage) -> None:
    people = garage.house.people
    await garage.house.registration.add_person(
        garage_ids=[garage.id], email="m@example.com", name="Maria", password="a good one", role=Role.POS
    )
    signed_in = await people.sign_in("m@example.com", "a good one", remote="10.0.0.7")
    assert await people.viewer_of(signed_in.token) is not None
    garage.clock.turn(days=8)
    assert await people.viewer_of(signed_in.token) is None


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer_and_soon_none(garage: Garage) -> None:
    people = garage.house.people
    await garage.house.registration.add_person(
        garage_ids=[garage.id], email="m@example.com", name="Maria", password="a good one", role=Role.POS
    )
    answers = []
    for email in ("m@example.com", "nobody@example.com"):
        with pytest.raises(Refusal) as refused:
            await people.sign_in(email, "a bad one", remote="10.0.0.7")
        answers.append((refused.value.code, refused.value.message))
    assert answers[0] == answers[1]
    assert answers[0][0] is ErrorCode.INVALID_CREDENTIALS
    for _ in range(9):
        with pytest.raises(Refusal):
            await people.sign_in("m@example.com", "a bad one", remote="10.0.0.7")
    with pytest.raises(RateLimited):
        await people.sign_in("m@example.com", "a good one", remote="10.0.0.7")
    garage.clock.turn(minutes=2)
    assert (await people.sign_in("m@example.com", "a good one", remote="10.0.0.7")).token


async def test_an_admin_is_admin_in_every_garage_of_the_organisation_and_in_no_other(garage: Garage) -> None:
    registration = garage.house.registration
    second = await registration.add_garage(organization="Midtown Parking", location_id="NYC-035", name="35th Street")
    await registration.add_garage(organization="Someone Else", location_id="NYC-034", name="Elsewhere")
    await registration.add_person(
        garage_ids=[garage.id], email="a@example.com", name="Ada", password="a good one", role=Role.ADMIN
    )
    viewer = (await garage.house.people.sign_in("a@example.com", "a good one", remote="10.0.0.7")).viewer
    assert viewer.roles == {garage.id: Role.ADMIN, second.id: Role.ADMIN}


async def test_what_is_old_is_not_kept_for_ever(garage: Garage) -> None:
    with pytest.raises(NotAdmitted):
        await garage.house.charge_points.admit("AX48-9", user=None, password=None, remote="10.0.0.7")
    await garage.check_in(idempotency_key="tap")
    retention = Retention(garage.clock)
    await retention.tidy()
    assert (await RefusedConnectionRow.all().count(), await IdempotencyRow.all().count()) == (1, 1)
    garage.clock.present += timedelta(days=31)
    await retention.tidy()
    assert (await RefusedConnectionRow.all().count(), await IdempotencyRow.all().count()) == (0, 0)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"identity": "has spaces"}, "An identity has"),
        ({"identity": "has:colon"}, "An identity has"),
        ({"identity": "AX48-1"}, "There is a charge point AX48-1 already."),
        ({"identity": "AX48-7", "connectors": 0}, "A charge point has 1 to 10 connectors."),
    ],
)
async def test_a_registration_that_cannot_be_is_refused(garage: Garage, what: dict[str, object], message: str) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.registration.add_charge_point(garage_id=garage.id, **what)  # type: ignore[arg-type]
    assert message in refused.value.message
