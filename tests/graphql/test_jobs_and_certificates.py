"""What operators see of jobs, certificates and security events, and what they do with them."""

import asyncio
from typing import Any

import pytest

from evgraph.domain.asks import (
    CertificateHash,
    ChangeConfiguration,
    DeleteCertificate,
    ExtendedTriggerMessage,
    GetConfiguration,
    GetInstalledCertificateIds,
    GetLog,
    InstalledCertificates,
    LogAnswer,
    SignedUpdateFirmware,
    UpdateFirmware,
)
from evgraph.domain.charge_point import CertificateState, JobKind
from evgraph.domain.people import Role
from evgraph.models import CertificateRow, ChargePointJobRow
from evgraph.schema.global_ids import encode
from evgraph.services.interfaces import ChargerOffline

JOB = "id kind status location fileName askedBy endedAt chargePoint { identity }"
LISTED = """query($first: Int, $after: String) { chargePoint(identity: "AX48-NYC-034") {
    jobs(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id status } } }
    securityEvents(first: $first) { totalCount edges { node { kind techInfo at } } }
    certificates { id serial state }
    securityProfile } }"""


def _point(world: Any) -> str:
    return encode("ChargePoint", world.garage.charge_point_key)


async def _hear(world: Any, kind: JobKind, status: str, request_id: int | None = None) -> None:
    world.clock.turn(seconds=1)
    await world.house.jobs.heard(world.garage.charge_point_key, kind, status, request_id)


async def test_firmware_is_asked_for_and_followed(world, connect):
    operator = await world.sign_in(Role.OPERATOR)
    world.chargers.answers[UpdateFirmware] = None
    async with connect(operator.token) as socket:
        await socket.subscribe(
            "subscription($id: ID!) { chargePointJobUpdated(chargePointId: $id) { status endedAt } }", id=_point(world)
        )
        # The subscription is open once its feed is: the first event proves it.
        while not world.house.bus.reader_count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        payload = await operator.do(
            "updateFirmware",
            f"job {{ {JOB} }}",
            chargePointId=_point(world),
            location="https://me:secret@files.test/ax48.bin?token=secret",
        )
        assert payload["errors"] == []
        assert payload["job"] | {"id": ""} == {
            "id": "",
            "kind": "FIRMWARE",
            "status": "Accepted",
            "location": "https://me:***@files.test/ax48.bin?***",
            "fileName": None,
            "askedBy": "Operator",
            "endedAt": None,
            "chargePoint": {"identity": "AX48-NYC-034"},
        }
        for status in ("Downloading", "Installed"):
            await _hear(world, JobKind.FIRMWARE, status)
        told = [(await socket.next())["chargePointJobUpdated"] for _ in range(4)]
    assert [job["status"] for job in told] == ["Asked", "Accepted", "Downloading", "Installed"]
    assert [job["endedAt"] is None for job in told] == [True, True, True, False]
    node = await operator.data(
        "query($id: ID!) { node(id: $id) { id ... on ChargePointJob { status } } }", id=payload["job"]["id"]
    )
    assert node["node"] == {"id": payload["job"]["id"], "status": "Installed"}


async def test_who_joins_late_is_told_what_is_open(world, connect):
    operator = await world.sign_in(Role.OPERATOR)
    world.chargers.answers[GetLog] = LogAnswer("Accepted", "security.log")
    given = {"chargePointId": _point(world), "kind": "SECURITY", "location": "ftp://a.test/"}
    assert (await operator.do("getLog", "job { fileName }", **given))["job"] == {"fileName": "security.log"}
    async with connect(operator.token) as socket:
        await socket.subscribe(
            "subscription($id: ID!) { chargePointJobUpdated(garageId: $id) { status kind } }", id=world.garage.id
        )
        assert (await socket.next())["chargePointJobUpdated"] == {"status": "Accepted", "kind": "LOG"}
        row = await ChargePointJobRow.get()
        await _hear(world, JobKind.LOG, "Uploaded", row.id)
        assert (await socket.next())["chargePointJobUpdated"]["status"] == "Uploaded"


async def test_a_subscription_names_one_of_the_two(world, connect):
    operator = await world.sign_in(Role.OPERATOR)
    async with connect(operator.token) as socket:
        await socket.subscribe("subscription { chargePointJobUpdated { status } }")
        message = await socket.receive()
        assert message["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_lists_are_newest_first_and_in_pages(world):
    operator = await world.sign_in(Role.OPERATOR)
    for number in range(3):
        await _hear(world, JobKind.DIAGNOSTICS, f"Vendor{number}")
        await _hear(world, JobKind.DIAGNOSTICS, "Uploaded")
        at = world.clock.now()
        await world.house.security_events.reported(
            world.garage.charge_point_key, kind=f"Event{number}", tech_info=None, at=at
        )
    found = (await operator.data(LISTED, first=2))["chargePoint"]
    assert found["jobs"]["totalCount"] == found["securityEvents"]["totalCount"] == 3
    assert [edge["node"]["kind"] for edge in found["securityEvents"]["edges"]] == ["Event2", "Event1"]
    first = [edge["node"]["id"] for edge in found["jobs"]["edges"]]
    assert found["jobs"]["pageInfo"]["hasNextPage"]
    rest = (await operator.data(LISTED, first=2, after=found["jobs"]["pageInfo"]["endCursor"]))["chargePoint"]["jobs"]
    keys = [encode("ChargePointJob", row.id) for row in await ChargePointJobRow.all().order_by("-id")]
    assert first + [edge["node"]["id"] for edge in rest["edges"]] == keys
    assert not rest["pageInfo"]["hasNextPage"]


async def test_a_board_display_sees_none_of_it(world):
    display = await world.sign_in(Role.DISPLAY)
    for field in ("jobs { totalCount }", "securityEvents { totalCount }", "certificates { id }"):
        answer = await display.ask(f'{{ chargePoint(identity: "AX48-NYC-034") {{ {field} }} }}')
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_refusals_are_told(world):
    operator = await world.sign_in(Role.OPERATOR)
    given = {"chargePointId": _point(world), "location": "https://a.test/f"}
    world.chargers.answers[UpdateFirmware] = ChargerOffline("gone")
    payload = await operator.do("updateFirmware", "job { id }", **given)
    assert [error["code"] for error in payload["errors"]] == ["CHARGER_OFFLINE"]
    payload = await operator.do("updateFirmware", "job { id }", **given | {"location": "file:///etc/passwd"})
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID", ["input", "location"])]
    world.chargers.answers[SignedUpdateFirmware] = "RevokedCertificate"
    payload = await operator.do(
        "signedUpdateFirmware", "job { id }", **given, signingCertificate="PEM", signature="c2ln"
    )
    assert [error["code"] for error in payload["errors"]] == ["CHARGER_REJECTED"]
    listed = (await operator.data(LISTED))["chargePoint"]["jobs"]["edges"]
    assert [edge["node"]["status"] for edge in listed] == ["RevokedCertificate", "NotReached"]


@pytest.mark.parametrize(
    ("mutation", "more"),
    [
        (
            "deleteCertificate",
            {
                "certificate": {
                    "algorithm": "SHA256",
                    "issuerNameHash": "aa",
                    "issuerKeyHash": "bb",
                    "serialNumber": "1f",
                }
            },
        ),
        ("getInstalledCertificateIds", {"use": "CENTRAL_SYSTEM_ROOT"}),
        ("extendedTriggerMessage", {"message": "HEARTBEAT"}),
        ("setConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
        ("getConfiguration", {}),
    ],
)
async def test_an_offline_charger_is_no_fault_of_what_it_was_asked(world, mutation, more):
    operator = await world.sign_in(Role.OPERATOR)
    for ask in (
        ChangeConfiguration,
        DeleteCertificate,
        ExtendedTriggerMessage,
        GetConfiguration,
        GetInstalledCertificateIds,
    ):
        world.chargers.answers[ask] = ChargerOffline("gone")
    payload = await operator.do(mutation, "__typename", chargePointId=_point(world), **more)
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [
        ("CHARGER_OFFLINE", ["input", "chargePointId"])
    ]


async def test_certificates_are_told_deleted_and_revoked(world):
    operator = await world.sign_in(Role.OPERATOR)
    point = _point(world)
    known = CertificateHash(algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1f")
    world.chargers.answers[GetInstalledCertificateIds] = InstalledCertificates("Accepted", (known,))
    payload = await operator.do(
        "getInstalledCertificateIds",
        "certificates { algorithm issuerNameHash issuerKeyHash serialNumber }",
        chargePointId=point,
        use="CENTRAL_SYSTEM_ROOT",
    )
    (told,) = payload["certificates"]
    world.chargers.answers[DeleteCertificate] = "Accepted"
    payload = await operator.do("deleteCertificate", "chargePoint { id }", chargePointId=point, certificate=told)
    assert payload == {"chargePoint": {"id": point}, "errors": []}
    assert world.chargers.all(DeleteCertificate) == [DeleteCertificate(known)]
    row = await CertificateRow.create(
        charge_point_id=world.garage.charge_point_key,
        serial="1f",
        state=CertificateState.ACCEPTED,
        pem="PEM",
        not_before=world.clock.now(),
        not_after=world.clock.now(),
        signed_at=world.clock.now(),
    )
    id_ = encode("ChargePointCertificate", row.id)
    assert (await operator.data(LISTED))["chargePoint"]["certificates"] == [
        {"id": id_, "serial": "1f", "state": "ACCEPTED"}
    ]
    payload = await operator.do("revokeCertificate", "certificate { id state }", certificateId=id_)
    assert payload == {"certificate": {"id": id_, "state": "REVOKED"}, "errors": []}
    assert world.chargers.disconnected == ["AX48-NYC-034"]


async def test_a_profile_is_demanded_by_its_rule(world):
    operator = await world.sign_in(Role.OPERATOR)

    async def demand(profile: int, **more: object) -> tuple[int | None, list[str]]:
        payload = await operator.do(
            "setChargePointSecurityProfile",
            "chargePoint { securityProfile }",
            chargePointId=_point(world),
            profile=profile,
            **more,
        )
        found = payload["chargePoint"]
        return found and found["securityProfile"], [error["code"] for error in payload["errors"]]

    assert await demand(2) == (2, [])
    assert await demand(1) == (None, ["INVALID"])
    assert await demand(3) == (None, ["INVALID"])
    assert await demand(4, force=True) == (None, ["INVALID"])
    assert await demand(0, force=True) == (0, [])


@pytest.mark.parametrize(
    ("message", "answer", "codes"),
    [
        ("LOG_STATUS_NOTIFICATION", "Accepted", []),
        ("HEARTBEAT", "Rejected", ["CHARGER_REJECTED"]),
        ("SIGN_CHARGE_POINT_CERTIFICATE", "NotImplemented", ["CHARGER_REJECTED"]),
    ],
)
async def test_a_message_is_triggered(world, message, answer, codes):
    operator = await world.sign_in(Role.OPERATOR)
    world.chargers.answers[ExtendedTriggerMessage] = answer
    payload = await operator.do(
        "extendedTriggerMessage", "chargePoint { id }", chargePointId=_point(world), message=message
    )
    assert [error["code"] for error in payload["errors"]] == codes


async def test_the_jobs_of_many_charge_points_are_paged_each_by_itself(world):
    operator = await world.sign_in(Role.OPERATOR)
    made, _ = await world.house.registration.add_charge_point(garage_id=world.garage.key, identity="AX48-OTHER")
    for charge_point_id in (world.garage.charge_point_key, made.id):
        for number in range(2):
            await world.house.jobs.heard(charge_point_id, JobKind.LOG, f"Of{charge_point_id}", number + 1)
    document = """query($id: ID!) { garage(id: $id) { chargePoints { identity certificates { id }
        securityEvents { totalCount }
        jobs(first: 1) { totalCount pageInfo { hasNextPage }
            edges { node { status chargePoint { identity } } } } } } }"""
    points = (await operator.data(document, id=world.garage.id))["garage"]["chargePoints"]
    assert len(points) == 2
    for point in points:
        assert (point["jobs"]["totalCount"], point["jobs"]["pageInfo"]["hasNextPage"]) == (2, True)
        (edge,) = point["jobs"]["edges"]
        assert edge["node"]["chargePoint"]["identity"] == point["identity"]
        assert (point["certificates"], point["securityEvents"]["totalCount"]) == ([], 0)
