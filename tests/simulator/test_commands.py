"""The commands of the central system, beyond starting and stopping."""

from __future__ import annotations

import pytest

from evgraph.simulator import Car
from evgraph.simulator.library import call


async def change(central_system, key: str, value: str) -> str:
    return (await central_system.send("ChangeConfiguration", key=key, value=value))["status"]


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("MeterValueSampleInterval", "15", "Accepted"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
        ("MeterValueSampleInterval", "soon", "Rejected"),
        ("WebSocketPingInterval", "0", "Accepted"),
        ("WebSocketPingInterval", "-5", "Rejected"),
        ("StopTransactionOnEVSideDisconnect", "true", "Accepted"),
        ("StopTransactionOnEVSideDisconnect", "yes", "Rejected"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Power.Active.Import", "Accepted"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,SoC", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("AuthorizationKey", "short", "Rejected"),
        ("AuthorizationKey", "0123456789abcdef", "Accepted"),
        ("Nonsense", "1", "NotSupported"),
    ],
)
async def test_change_configuration(charge_point, central_system, key, value, status):
    assert await change(central_system, key, value) == status


async def test_get_configuration_reads_back_what_was_changed(charge_point, central_system):
    await change(central_system, "MeterValueSampleInterval", "20")
    answer = await central_system.send(
        "GetConfiguration", key=["MeterValueSampleInterval", "NumberOfConnectors", "Nonsense"]
    )
    assert answer["configurationKey"] == [
        {"key": "MeterValueSampleInterval", "readonly": False, "value": "20"},
        {"key": "NumberOfConnectors", "readonly": True, "value": "1"},
    ]
    assert answer["unknownKey"] == ["Nonsense"]


async def test_get_configuration_of_everything_keeps_the_secret(charge_point, central_system):
    answer = await central_system.send("GetConfiguration")
    names = [key["key"] for key in answer["configurationKey"]]
    assert "HeartbeatInterval" in names
    assert "AuthorizationKey" not in names


async def test_a_new_authorization_key_is_used_at_the_next_connection(charge_point, central_system):
    await change(central_system, "AuthorizationKey", "0123456789abcdef")
    await central_system.hang_up()
    await charge_point.disconnected()
    await charge_point.connected()
    assert "Authorization" not in central_system.requests[0].headers
    assert "Authorization" in central_system.requests[1].headers


async def test_only_the_wished_measurands_are_sampled(charge_point, central_system):
    await change(central_system, "MeterValuesSampledData", "Energy.Active.Import.Register")
    await charge_point.plug_in(1, Car(state_of_charge=0.1))
    await charge_point.start_locally(1, "CARD")
    sample = await central_system.came("MeterValues")
    [value] = sample["meterValue"][0]["sampledValue"]
    assert value["measurand"] == "Energy.Active.Import.Register"


async def test_a_sample_interval_below_a_second_is_kept(make_charge_point, central_system):
    async with make_charge_point(speed=1.0, sample_interval=0.05) as charge_point:
        await charge_point.told_everything()
        assert await change(central_system, "MeterValueSampleInterval", "15") == "Accepted"
        await charge_point.plug_in(1, Car(state_of_charge=0.1))
        await charge_point.start_locally(1, "CARD")
        await central_system.came("MeterValues", times=3)


@pytest.mark.parametrize("action", ["BootNotification", "Heartbeat", "StatusNotification", "MeterValues"])
async def test_trigger_message(charge_point, central_system, action):
    before = len(central_system.calls)
    answer = await central_system.send("TriggerMessage", requestedMessage=action)
    assert answer == {"status": "Accepted"}
    await charge_point.told_everything()
    assert {call.action for call in central_system.calls[before:]} == {action}


async def test_a_triggered_reading_says_so_and_names_the_transaction(charge_point, central_system):
    await change(central_system, "MeterValueSampleInterval", "0")
    await charge_point.plug_in(1)
    await charge_point.start_locally(1, "CARD")
    await charge_point.told_everything()
    await central_system.send("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
    reading = await central_system.came("MeterValues")
    assert reading["transactionId"] == 1001
    assert reading["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({"requestedMessage": "FirmwareStatusNotification"}, "Accepted"),
        ({"requestedMessage": "StatusNotification", "connectorId": 9}, "Rejected"),
        ({"requestedMessage": "StatusNotification", "connectorId": 1}, "Accepted"),
    ],
)
async def test_trigger_message_knows_its_limits(charge_point, central_system, payload, status):
    assert await central_system.send("TriggerMessage", **payload) == {"status": status}


async def test_change_availability_of_a_free_connector(charge_point, central_system):
    answer = await central_system.send("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == {"status": "Accepted"}
    await charge_point.wait_for_status(1, "Unavailable")
    start = await central_system.send("RemoteStartTransaction", idTag="TAG", connectorId=1)
    assert start == {"status": "Rejected"}
    await charge_point.power_cycle()
    await charge_point.told_everything()
    assert central_system.statuses(1)[-1] == "Unavailable"
    await central_system.send("ChangeAvailability", connectorId=1, type="Operative")
    await charge_point.wait_for_status(1, "Available")


async def test_change_availability_waits_for_the_transaction(charge_point, central_system):
    await charge_point.plug_in(1)
    await charge_point.start_locally(1, "CARD")
    await charge_point.wait_for_status(1, "Charging")
    answer = await central_system.send("ChangeAvailability", connectorId=0, type="Inoperative")
    assert answer == {"status": "Scheduled"}
    assert charge_point.connector(1).status == "Charging"
    await charge_point.unplug(1)
    await charge_point.wait_for_status(1, "Unavailable")
    await charge_point.told_everything()
    assert central_system.statuses(0)[-1] == "Unavailable"


async def test_unlock_ends_the_transaction_first(charge_point, central_system):
    await charge_point.plug_in(1)
    await charge_point.start_locally(1, "CARD")
    await charge_point.wait_for_status(1, "Charging")
    assert await central_system.send("UnlockConnector", connectorId=1) == {"status": "Unlocked"}
    assert (await central_system.came("StopTransaction"))["reason"] == "UnlockCommand"
    assert await central_system.send("UnlockConnector", connectorId=4) == {"status": "NotSupported"}


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
async def test_a_reset_ends_the_transaction_and_boots(charge_point, central_system, kind, reason):
    await charge_point.plug_in(1)
    await charge_point.start_locally(1, "CARD")
    await charge_point.wait_for_status(1, "Charging")
    await charge_point.told_everything()
    assert await central_system.send("Reset", type=kind) == {"status": "Accepted"}
    await central_system.came("BootNotification", times=2)
    assert (await central_system.came("StopTransaction"))["reason"] == reason
    stop = [call for call in central_system.calls if call.action == "StopTransaction"][-1]
    assert stop.connection == (1 if kind == "Soft" else 2)


async def test_what_is_no_command_of_ours_is_not_implemented(charge_point, central_system):
    answer = await central_system.send_raw("BootNotification", {})
    assert (answer[0], answer[2]) == (4, "NotImplemented")


async def test_a_fault_of_the_charge_point_itself_is_told_for_connector_0(charge_point, central_system):
    await charge_point.fault(0, "InternalError")
    await charge_point.told_everything()
    status = central_system.payloads("StatusNotification")[-1]
    assert (status["connectorId"], status["status"], status["errorCode"]) == (0, "Faulted", "InternalError")
    await charge_point.clear_fault(0)
    await charge_point.told_everything()
    assert central_system.statuses(0)[-1] == "Available"


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        (
            {"vendorId": "Phihong Technology", "messageId": "Echo", "data": "ho"},
            {"status": "Accepted", "data": "ho"},
        ),
        ({"vendorId": "Phihong Technology", "messageId": "Other"}, {"status": "UnknownMessageId"}),
        ({"vendorId": "Acme"}, {"status": "UnknownVendorId"}),
    ],
)
async def test_data_transfer(charge_point, central_system, payload, answer):
    assert await central_system.send("DataTransfer", **payload) == answer


async def test_it_transfers_data_itself(charge_point, central_system):
    central_system.answers["DataTransfer"] = lambda payload: {"status": "Accepted", "data": payload["data"]}
    answer = await charge_point.transfer_data("Phihong Technology", "Hello", "48")
    assert (answer.status, answer.data) == ("Accepted", "48")


async def test_it_tells_of_security_events(charge_point, central_system):
    charge_point.security_event("TamperDetectionActivated", "cover")
    event = await central_system.came("SecurityEventNotification")
    assert (event["type"], event["techInfo"]) == ("TamperDetectionActivated", "cover")


CALLS = {
    "CancelReservation": {"reservationId": 1},
    "CertificateSigned": {"certificateChain": "none"},
    "ChangeAvailability": {"connectorId": 1, "type": "Operative"},
    "ChangeConfiguration": {"key": "HeartbeatInterval", "value": "300"},
    "ClearCache": {},
    "ClearChargingProfile": {},
    "DataTransfer": {"vendorId": "Acme"},
    "DeleteCertificate": {
        "certificateHashData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "0",
            "issuerKeyHash": "0",
            "serialNumber": "1",
        }
    },
    "ExtendedTriggerMessage": {"requestedMessage": "Heartbeat"},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 60},
    "GetConfiguration": {},
    "GetDiagnostics": {"location": "ftp://x.example/"},
    "GetInstalledCertificateIds": {"certificateType": "CentralSystemRootCertificate"},
    "GetLocalListVersion": {},
    "GetLog": {"logType": "SecurityLog", "requestId": 1, "log": {"remoteLocation": "ftp://x.example/"}},
    "InstallCertificate": {"certificateType": "CentralSystemRootCertificate", "certificate": "none"},
    "RemoteStartTransaction": {"idTag": "TAG"},
    "RemoteStopTransaction": {"transactionId": 1},
    "ReserveNow": {"connectorId": 1, "expiryDate": "2020-01-01T00:00:00Z", "idTag": "TAG", "reservationId": 1},
    "Reset": {"type": "Soft"},
    "SendLocalList": {"listVersion": 1, "updateType": "Full"},
    "SetChargingProfile": {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.5}],
            },
        },
    },
    "SignedUpdateFirmware": {
        "requestId": 1,
        "firmware": {
            "location": "ftp://x.example/",
            "retrieveDateTime": "2030-01-01T00:00:00Z",
            "signingCertificate": "none",
            "signature": "none",
        },
    },
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "UnlockConnector": {"connectorId": 1},
    "UpdateFirmware": {"location": "ftp://x.example/", "retrieveDate": "2030-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("action", CALLS)
async def test_every_call_of_a_central_system_has_an_answer(charge_point, central_system, action):
    answer = await central_system.send_raw(action, CALLS[action])
    assert answer[0] == 3, answer


def test_no_call_is_left_out():
    from_the_charge_point = {"Authorize", "BootNotification", "Heartbeat", "MeterValues", "SignCertificate"}
    every = {
        name
        for name, kind in vars(call).items()
        if isinstance(kind, type)
        and kind.__module__ == call.__name__
        and not name.endswith(("Notification", "Payload"))
        and name not in from_the_charge_point | {"StartTransaction", "StopTransaction"}
    }
    assert set(CALLS) == every
