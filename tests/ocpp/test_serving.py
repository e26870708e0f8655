"""B1, B4, B5, C8: what a charge point is answered, and what the services are told."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from tortoise.exceptions import IntegrityError

from evgraph.domain.asks import GetLocalListVersion
from evgraph.domain.charge_point import Acceptance, BootReport
from evgraph.domain.charging_session import StopReason
from evgraph.domain.energy import Reading
from evgraph.domain.port import PortStatus
from evgraph.models.failures import DatabaseTimeout, DatabaseUnavailable
from evgraph.ocpp.calls.remote_start_transaction import remote_start_transaction
from evgraph.services.interfaces import BadCall, ChargerNotAccepted
from tests.ocpp.conftest import NOW, CentralSystem, Charger

BOOT = {"chargePointVendor": "Phihong", "chargePointModel": "AX48"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": "2026-03-01T11:59:00Z"}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": "2026-03-01T11:59:00Z"}
STOP = {"transactionId": 7, "meterStop": 2000, "timestamp": "2026-03-01T11:59:00Z"}
METER_VALUES = {
    "connectorId": 1,
    "transactionId": 7,
    "meterValue": [{"timestamp": "2026-03-01T11:59:00Z", "sampledValue": [{"value": "1500"}]}],
}
PRECIOUS = [
    ("BootNotification", BOOT, "boot"),
    ("StatusNotification", STATUS, "status"),
    ("StartTransaction", START, "start"),
    ("StopTransaction", STOP, "stop"),
    ("MeterValues", METER_VALUES, "record"),
]


async def test_b1_a_boot_is_accepted_with_the_time_in_utc_with_z(central: CentralSystem) -> None:
    async with central.charger() as charger:
        answer = await charger.call("BootNotification", BOOT, "b")
    assert answer == [3, "b", {"status": "Accepted", "currentTime": "2026-03-01T12:00:00.000Z", "interval": 300}]
    assert central.services.all("boot") == [
        BootReport(vendor="Phihong", model="AX48", serial_number=None, firmware_version=None)
    ]


@pytest.mark.parametrize("acceptance", [Acceptance.PENDING, Acceptance.REJECTED])
async def test_b1_until_it_is_accepted_other_calls_get_a_security_error(
    central: CentralSystem, acceptance: Acceptance
) -> None:
    central.services.acceptance = acceptance
    async with central.charger() as charger:
        for action in ("Heartbeat", "StopTransaction", "Authorize", "MakeCoffee"):
            assert (await charger.call(action, {}))[2] == "SecurityError"
        assert (await charger.call("BootNotification", BOOT))[2]["status"] == acceptance.value
        assert (await charger.call("Heartbeat", {}))[2] == "SecurityError"
        # It refused nothing: it was not asked.
        for ask in (
            central.gateway.remote_start("CP1", connector_id=1, id_tag="TAG"),
            central.gateway.remote_stop("CP1", transaction_id=7),
            central.gateway.trigger_status("CP1", connector_id=1),
            central.gateway.ask("CP1", GetLocalListVersion()),
            central.gateway.call("CP1", "ClearCache", {}),
        ):
            with pytest.raises(ChargerNotAccepted, match="was not sent"):
                await ask
        central.services.acceptance = Acceptance.ACCEPTED
        assert (await charger.call("BootNotification", BOOT))[2]["status"] == "Accepted"
        assert (await charger.call("StopTransaction", STOP))[0] == 3


async def test_b1_what_it_says_of_a_transaction_of_ours_is_served_also_before(central: CentralSystem) -> None:
    central.services.acceptance = Acceptance.REJECTED
    central.services.known_transactions = {7}
    async with central.charger() as charger:
        assert (await charger.call("StopTransaction", STOP))[0] == 3
        assert (await charger.call("MeterValues", METER_VALUES))[0] == 3
        for payload in (STOP | {"transactionId": 8}, STOP | {"transactionId": None}):
            assert (await charger.call("StopTransaction", payload))[2] == "SecurityError"
        assert (await charger.call("StartTransaction", START))[2] == "SecurityError"


async def test_b1_a_reconnect_without_a_boot_is_served_at_once_in_both_directions(central: CentralSystem) -> None:
    async with central.charger() as charger:
        assert (await charger.call("StopTransaction", STOP))[0] == 3
        asking = asyncio.create_task(central.gateway.remote_start("CP1", connector_id=1, id_tag="TAG"))
        await charger.send([3, (await charger.receive())[1], {"status": "Accepted"}])
        await asking


async def test_a_security_error_is_not_replayed_once_it_is_accepted(central: CentralSystem) -> None:
    central.services.acceptance = Acceptance.PENDING
    async with central.charger() as charger:
        assert (await charger.call("StopTransaction", STOP, "same"))[2] == "SecurityError"
        central.services.acceptance = Acceptance.ACCEPTED
        await charger.call("BootNotification", BOOT)
        assert await charger.call("StopTransaction", STOP, "same") == [3, "same", {}]


async def test_heartbeat_tells_the_time_and_that_it_lives(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await charger.call("Heartbeat", {})
        central.clock.time += timedelta(seconds=7)
        assert (await charger.call("Heartbeat", None, "h")) == [3, "h", {"currentTime": "2026-03-01T12:00:07.000Z"}]
        assert central.gateway.last_seen("CP1") == NOW + timedelta(seconds=7)
    assert central.services.all("heartbeat") == [1, 1]


async def test_authorize_answers_what_the_service_says(central: CentralSystem) -> None:
    async with central.charger() as charger:
        assert (await charger.call("Authorize", {"idTag": "x" * 25}))[2] == {"idTagInfo": {"status": "Accepted"}}
        assert (await charger.call("Authorize", {"idTag": None}))[2] == "TypeConstraintViolation"
    assert central.services.all("authorize") == ["x" * 20]


async def test_b4_a_status_of_a_connector_is_told_and_so_is_one_of_the_charge_point(central: CentralSystem) -> None:
    async with central.charger() as charger:
        assert (await charger.call("StatusNotification", STATUS))[2] == {}
        of_all = STATUS | {"connectorId": 0, "errorCode": "Mode3Error", "vendorErrorCode": "E-17"}
        assert (await charger.call("StatusNotification", of_all))[2] == {}
    report, whole = central.services.all("status")
    assert (whole.connector_id, whole.error_code, whole.vendor_error_code) == (0, "Mode3Error", "E-17")
    assert (report.connector_id, report.status, report.error_code) == (1, PortStatus.PREPARING, None)
    assert report.at == NOW - timedelta(minutes=1)


async def test_a_transaction_is_translated_and_answered(central: CentralSystem) -> None:
    async with central.charger() as charger:
        answer = await charger.call("StartTransaction", START)
        assert answer[2] == {"transactionId": 1001, "idTagInfo": {"status": "Accepted"}}
        assert (await charger.call("MeterValues", METER_VALUES))[2] == {}
        assert (await charger.call("StopTransaction", STOP))[2] == {}
        told = STOP | {"idTag": "TAG", "reason": "EVDisconnected", "transactionData": METER_VALUES["meterValue"]}
        assert (await charger.call("StopTransaction", told))[2] == {"idTagInfo": {"status": "Accepted"}}
    (start,) = central.services.all("start")
    assert (start.id_tag, start.meter_start_wh, start.reported_at) == ("TAG", 1000, "2026-03-01T11:59:00Z")
    at = NOW - timedelta(minutes=1)
    reading = Reading(at=at, register_wh=1500, received_at=NOW, reported_at=at)
    assert central.services.all("record") == [(1, 7, (reading,))]
    bare, full = central.services.all("stop")
    assert (bare.transaction_id, bare.id_tag, bare.meter_stop_wh, bare.reason) == (7, None, 2000, StopReason.LOCAL)
    assert (full.reason, full.readings) == (StopReason.EV_DISCONNECTED, (reading,))
    assert json.loads(full.raw)[3] == told


async def test_data_transfer_of_any_vendor_is_unknown(central: CentralSystem) -> None:
    async with central.charger() as charger:
        assert (await charger.call("DataTransfer", {"vendorId": "ACME"}))[2] == {"status": "UnknownVendorId"}


@pytest.mark.parametrize(
    ("action", "payload", "service"),
    [
        ("BootNotification", BOOT | {"chargePointModel": {"name": "AX48"}}, "boot"),
        ("StatusNotification", STATUS | {"status": "Occupied"}, None),
        ("StatusNotification", STATUS | {"connectorId": "left"}, None),
        ("StatusNotification", STATUS | {"connectorId": 2_000_000}, None),
        ("StartTransaction", START | {"meterStart": "abc"}, "start"),
        ("StartTransaction", START | {"connectorId": None}, "start"),
        ("StopTransaction", STOP | {"meterStop": "abc"}, "stop"),
        ("StopTransaction", STOP | {"transactionId": {}}, "stop"),
        ("StopTransaction", STOP | {"transactionData": "none"}, "stop"),
        ("MeterValues", METER_VALUES | {"connectorId": "left"}, "record"),
        ("MeterValues", {**METER_VALUES, "connectorId": "left", "transactionId": None}, None),
        ("MeterValues", METER_VALUES | {"meterValue": [{"sampledValue": [{"value": "n/a"}]}]}, "record"),
        ("MeterValues", METER_VALUES | {"meterValue": "full"}, None),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_c8_what_makes_no_sense_is_kept_with_its_frame_and_still_answered(
    central: CentralSystem, action: str, payload: dict[str, Any], service: str | None
) -> None:
    async with central.charger() as charger:
        assert (await charger.call(action, payload, "m"))[:2] == [3, "m"]
    ((kept_action, raw, why),) = central.services.all("quarantine")
    assert (kept_action, json.loads(raw)) == (action, [2, "m", action, payload])
    assert why
    told = [kind for kind, _ in central.services.told if kind not in ("connected", "disconnected", "quarantine")]
    assert told == ([service] if service else [])


@pytest.mark.parametrize("part", [{"meterStart": "abc"}, {"idTag": {}}, {"connectorId": None}])
async def test_c8_s6_a_start_of_which_a_part_cannot_be_read_is_a_start(
    central: CentralSystem, part: dict[str, Any]
) -> None:
    async with central.charger() as charger:
        answer = await charger.call("StartTransaction", START | part)
    assert answer[2] == {"transactionId": 1001, "idTagInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("BootNotification", BOOT | {"chargeBoxSerialNumber": "S" * 99, "x": 1, "meterType": None, "imsi": ""}),
        ("StatusNotification", STATUS | {"errorCode": "Flood", "info": None, "vendorId": "V" * 999, "x": []}),
        ("StatusNotification", {"connectorId": "1", "status": "Available"}),
        ("StartTransaction", START | {"meterStart": "1000", "reservationId": None, "timestamp": "yesterday"}),
        ("StopTransaction", STOP | {"meterStop": 12.0, "reason": "MagicSmoke", "idTag": None, "x": {}}),
        ("StopTransaction", STOP | {"transactionId": None, "transactionData": []}),
        ("StopTransaction", STOP | {"transactionId": 2**40, "timestamp": None}),
        ("MeterValues", METER_VALUES | {"transactionId": None}),
        ("MeterValues", METER_VALUES | {"transactionId": -16, "meterValue": []}),
        ("MeterValues", METER_VALUES | {"meterValue": [{"sampledValue": [{"value": 5, "unit": "Celcius"}]}]}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_c8_what_only_breaks_the_form_is_answered(
    central: CentralSystem, action: str, payload: dict[str, Any]
) -> None:
    async with central.charger() as charger:
        assert (await charger.call(action, payload, "m"))[:2] == [3, "m"]


@pytest.mark.parametrize(("action", "payload", "service"), PRECIOUS)
async def test_c8_missing_altogether_is_refused_and_kept(
    central: CentralSystem, action: str, payload: dict[str, Any], service: str
) -> None:
    async with central.charger() as charger:
        answer = await charger.call(action, {}, "m")
        assert answer[:3] == [4, "m", "OccurenceConstraintViolation"]
    assert central.services.all("quarantine")[0][:2] == (action, f'[2, "m", "{action}", {{}}]')
    assert central.services.all(service) == []


@pytest.mark.parametrize(
    "failure",
    [
        DatabaseTimeout("database is locked"),
        DatabaseUnavailable("gone"),
        IntegrityError("twice"),
        OSError("disk full"),
        KeyError("a bug"),
        asyncio.CancelledError(),
    ],
    ids=repr,
)
@pytest.mark.parametrize(("action", "payload", "service"), PRECIOUS)
async def test_a_message_that_could_not_be_saved_is_not_answered_and_taken_when_it_comes_again(
    central: CentralSystem, action: str, payload: dict[str, Any], service: str, failure: BaseException
) -> None:
    async with central.charger() as charger:
        central.services.failing[service] = failure
        await charger.send([2, "same", action, payload])
        assert await charger.hears_nothing(0.05)
        del central.services.failing[service]
        assert (await charger.call(action, payload, "same"))[:2] == [3, "same"]
    assert len(central.services.all(service)) == 1


async def test_a_message_that_could_not_be_kept_in_quarantine_is_not_answered(central: CentralSystem) -> None:
    central.services.failing["quarantine"] = DatabaseTimeout("database is locked")
    async with central.charger() as charger:
        await charger.send([2, "m", "StopTransaction", STOP | {"meterStop": "abc"}])
        assert await charger.hears_nothing(0.05)


@pytest.mark.parametrize(("action", "service"), [("Heartbeat", "heartbeat"), ("Authorize", "authorize")])
async def test_other_messages_are_not_answered_while_the_database_is_out_of_reach(
    central: CentralSystem, action: str, service: str
) -> None:
    central.services.failing[service] = DatabaseTimeout("database is locked")
    async with central.charger() as charger:
        await charger.send([2, "m", action, {"idTag": "TAG"}])
        assert await charger.hears_nothing(0.05)
        central.services.failing.clear()
        assert (await charger.call(action, {"idTag": "TAG"}, "m"))[0] == 3


@pytest.mark.parametrize(("action", "service"), [("Heartbeat", "heartbeat"), ("Authorize", "authorize")])
async def test_other_messages_get_an_internal_error_for_a_bug_of_ours(
    central: CentralSystem, action: str, service: str
) -> None:
    central.services.failing[service] = KeyError("secret_column")
    async with central.charger() as charger:
        answer = await charger.call(action, {"idTag": "TAG"}, "m")
        assert answer[:3] == [4, "m", "InternalError"]
        assert "secret_column" not in answer[3]
        central.services.failing.clear()
        assert (await charger.call(action, {"idTag": "TAG"}, "m"))[0] == 3


class TestReconnect:
    """B5."""

    @pytest.fixture
    def boot_wait(self) -> float:
        return 0.1

    @staticmethod
    async def _triggers(charger: Charger, answers: list[Any]) -> list[Any]:
        asked = []
        for answer in answers:
            call = await charger.receive()
            asked.append(call[2:])
            await charger.send([answer[0], call[1], *answer[1:]])
        return asked

    async def test_b5_without_a_boot_the_status_of_every_connector_is_asked_for(self, central: CentralSystem) -> None:
        central.services.known_connectors = [1, 2, 3]
        async with central.charger() as charger:
            answers = [[3, {"status": "Accepted"}], [3, {"status": "Rejected"}], [4, "NotSupported"]]
            asked = await self._triggers(charger, answers)
            assert await charger.hears_nothing()
        wish = {"requestedMessage": "StatusNotification"}
        assert asked == [["TriggerMessage", wish | {"connectorId": number}] for number in (1, 2, 3)]

    async def test_b5_without_a_known_connector_all_are_asked(self, central: CentralSystem) -> None:
        async with central.charger() as charger:
            (asked,) = await self._triggers(charger, [[3, {"status": "Accepted"}]])
        assert asked == ["TriggerMessage", {"requestedMessage": "StatusNotification"}]

    async def test_b5_after_a_boot_nothing_is_asked(self, central: CentralSystem) -> None:
        central.services.known_connectors = [1]
        async with central.charger() as charger:
            await charger.call("BootNotification", BOOT)
            assert await charger.hears_nothing(0.3)

    async def test_b5_a_charge_point_that_is_not_accepted_is_not_asked(self, central: CentralSystem) -> None:
        central.services.acceptance = Acceptance.PENDING
        async with central.charger() as charger:
            assert await charger.hears_nothing(0.3)

    async def test_b5_a_connection_that_closes_meanwhile_leaves_nothing_behind(self, central: CentralSystem) -> None:
        central.services.known_connectors = [1]
        async with central.charger() as charger:
            await charger.receive()
        await central.until_told("disconnected")
        names = [task.get_coro().__qualname__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
        assert not [name for name in names if name.startswith(("Endpoint.", "Connection."))]


@pytest.mark.parametrize("id_tag", ["x" * 21, 5, None])
def test_what_we_send_is_held_to_the_schema(id_tag: Any) -> None:
    with pytest.raises(BadCall):
        remote_start_transaction(connector_id=1, id_tag=id_tag)


async def test_secrets_are_not_logged(central: CentralSystem, capsys: pytest.CaptureFixture[str]) -> None:
    central.services.keys["CP1"] = b"hunter2hunter2"
    async with central.charger(basic=b"CP1:hunter2hunter2") as charger:
        await charger.send('[2,"1","DataTransfer",{"vendorId":"x","data":"hunter2"')
        await charger.call("DataTransfer", {"vendorId": "x", "data": "hunter2"})
    assert "hunter2" not in capsys.readouterr().out
