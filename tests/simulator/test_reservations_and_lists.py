"""Who may start here: reservations, the local list, the cache."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evgraph.simulator import Car


def in_(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


async def reserve(central_system, number: int = 7, connector: int = 1, seconds: float = 60, **more) -> str:
    answer = await central_system.send(
        "ReserveNow",
        **{"reservationId": number, "connectorId": connector, "idTag": "GUEST", "expiryDate": in_(seconds), **more},
    )
    return answer["status"]


async def send_list(central_system, version: int, kind: str, *entries) -> str:
    answer = await central_system.send(
        "SendLocalList", listVersion=version, updateType=kind, localAuthorizationList=list(entries)
    )
    return answer["status"]


def entry(id_tag: str, status: str | None = "Accepted", **more) -> dict:
    return {"idTag": id_tag} if status is None else {"idTag": id_tag, "idTagInfo": {"status": status, **more}}


async def test_a_reserved_connector_waits_for_its_id_tag_alone(charge_point, central_system):
    assert await reserve(central_system) == "Accepted"
    await charge_point.told_everything()
    assert central_system.statuses(1)[-1] == "Reserved"
    start = {"connectorId": 1}
    assert await central_system.send("RemoteStartTransaction", idTag="OTHER", **start) == {"status": "Rejected"}
    assert not await charge_point.start_locally(1, "OTHER")
    assert await central_system.send("RemoteStartTransaction", idTag="guest", **start) == {"status": "Accepted"}
    await charge_point.plug_in()
    assert (await central_system.came("StartTransaction"))["reservationId"] == 7
    await charge_point.unplug()
    await charge_point.told_everything()
    assert central_system.statuses(1)[-1] == "Available"


async def test_a_reservation_can_be_cancelled(charge_point, central_system):
    await reserve(central_system)
    await charge_point.wait_for_status(1, "Reserved")
    assert await central_system.send("CancelReservation", reservationId=8) == {"status": "Rejected"}
    assert await central_system.send("CancelReservation", reservationId=7) == {"status": "Accepted"}
    await charge_point.wait_for_status(1, "Available")


async def test_a_reservation_expires(charge_point, central_system):
    assert await reserve(central_system, seconds=0.1) == "Accepted"
    await charge_point.wait_for_status(1, "Reserved")
    await charge_point.wait_for_status(1, "Available")


async def test_a_reservation_is_refused_where_it_cannot_be_kept(charge_point, central_system):
    assert await reserve(central_system, connector=0) == "Rejected"
    assert await reserve(central_system, connector=9) == "Rejected"
    assert await reserve(central_system, seconds=-5) == "Rejected"
    assert await reserve(central_system) == "Accepted"
    assert await reserve(central_system, number=8) == "Occupied"
    assert await reserve(central_system, number=7) == "Accepted"
    await central_system.send("CancelReservation", reservationId=7)
    await charge_point.plug_in()
    assert await reserve(central_system) == "Occupied"
    await charge_point.unplug()
    await charge_point.fault()
    assert await reserve(central_system) == "Faulted"
    await charge_point.clear_fault()
    await central_system.send("ChangeAvailability", connectorId=1, type="Inoperative")
    assert await reserve(central_system) == "Unavailable"


async def test_a_group_shares_a_reservation(charge_point, central_system):
    await send_list(central_system, 1, "Full", entry("MEMBER", parentIdTag="FAMILY"), entry("STRANGER"))
    await reserve(central_system, parentIdTag="FAMILY")
    await charge_point.wait_for_status(1, "Reserved")
    assert not await charge_point.start_locally(1, "STRANGER")
    assert await charge_point.start_locally(1, "MEMBER")


async def test_a_local_list_is_replaced_and_amended(charge_point, central_system):
    version = "GetLocalListVersion"
    assert await central_system.send(version) == {"listVersion": 0}
    assert await send_list(central_system, 3, "Full", entry("ONE"), entry("TWO")) == "Accepted"
    assert await send_list(central_system, 3, "Differential", entry("THREE")) == "VersionMismatch"
    assert await send_list(central_system, 4, "Differential", entry("ONE", None), entry("THREE")) == "Accepted"
    assert await central_system.send(version) == {"listVersion": 4}
    assert await send_list(central_system, 0, "Full") == "Failed"
    await central_system.send("ChangeConfiguration", key="LocalAuthListEnabled", value="false")
    assert await central_system.send(version) == {"listVersion": -1}
    assert await send_list(central_system, 5, "Full") == "NotSupported"


@pytest.mark.parametrize(
    ("card", "starts"), [("listed", True), ("BLOCKED", False), ("EXPIRED", False), ("STRANGER", False)]
)
async def test_offline_the_local_list_says_who_starts(charge_point, central_system, card, starts):
    await send_list(
        central_system,
        1,
        "Full",
        entry("LISTED"),
        entry("BLOCKED", "Blocked"),
        entry("EXPIRED", expiryDate=in_(-60)),
    )
    await central_system.send("ChangeConfiguration", key="AllowOfflineTxForUnknownId", value="false")
    await charge_point.go_offline()
    await charge_point.plug_in(1, Car(state_of_charge=0.1))
    assert await charge_point.start_locally(1, card) is starts


async def test_the_cache_knows_a_card_until_it_is_cleared(charge_point, central_system):
    await central_system.send("ChangeConfiguration", key="AllowOfflineTxForUnknownId", value="false")
    assert await charge_point.start_locally(1, "CARD")
    await charge_point.plug_in()
    await charge_point.wait_for_status(1, "Charging")
    await charge_point.unplug()
    await charge_point.told_everything()
    await charge_point.go_offline()
    assert await charge_point.start_locally(1, "CARD")
    await charge_point.plug_in()
    await charge_point.wait_for_status(1, "Charging")
    await charge_point.unplug()
    await charge_point.come_back()
    await charge_point.told_everything()
    assert await central_system.send("ClearCache") == {"status": "Accepted"}
    await charge_point.go_offline()
    assert not await charge_point.start_locally(1, "CARD")
