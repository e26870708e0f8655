"""Every CALL that a central system sends, over a real socket: what goes out, what comes back, and every kind of no."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from ocpp.messages import MessageType, get_validator

from evgraph.domain import asks
from evgraph.domain.asks import Ask
from evgraph.domain.charge_point import Acceptance
from evgraph.domain.charging_profile import (
    ChargingProfile,
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    ChargingSchedule,
    RecurrencyKind,
    SchedulePeriod,
)
from evgraph.ocpp.calls.command import WRITERS
from evgraph.ocpp.calls.schemas import ACTIONS
from evgraph.ocpp.gateway import Gateway
from evgraph.services.interfaces import (
    BadCall,
    ChargerNotAccepted,
    ChargerOffline,
    ChargerRejected,
    ChargerTimeout,
)
from tests.ocpp.conftest import CentralSystem, Charger

NEW_YORK = timezone(timedelta(hours=-5))
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=NEW_YORK)
NO = ChargerRejected

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
HASH = asks.CertificateHash(algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="01")
HASH_SENT = {"hashAlgorithm": "SHA256", "issuerNameHash": "aa", "issuerKeyHash": "bb", "serialNumber": "01"}
PROFILE = ChargingProfile(
    id=7,
    stack_level=2,
    purpose=ChargingProfilePurpose.TX_PROFILE,
    kind=ChargingProfileKind.RECURRING,
    recurrency=RecurrencyKind.DAILY,
    valid_from=NOON,
    valid_to=NOON + timedelta(days=30),
    transaction_id=1001,
    schedule=ChargingSchedule(
        unit=ChargingRateUnit.A,
        periods=(
            SchedulePeriod(start_s=0, limit=Decimal(32)),
            SchedulePeriod(start_s=3600, limit=Decimal("16.1"), phases=1),
        ),
        duration_s=86_400,
        starts_at=NOON,
        min_rate=Decimal("6.0"),
    ),
)
PROFILE_SENT = {
    "chargingProfileId": 7,
    "transactionId": 1001,
    "stackLevel": 2,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Daily",
    "validFrom": "2026-11-22T17:00:00.000Z",
    "validTo": "2026-12-22T17:00:00.000Z",
    "chargingSchedule": {
        "duration": 86400,
        "startSchedule": "2026-11-22T17:00:00.000Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 32},
            {"startPeriod": 3600, "limit": 16.1, "numberPhases": 1},
        ],
        "minChargingRate": 6,
    },
}


def status(wanted: str, *others: str) -> tuple[tuple[Any, Any], ...]:
    """What holds of every answer that is a status: each of its words, in any case, and nothing that is no word."""
    words = [({"status": word}, word) for word in (wanted, *others)]
    odd = [
        ({"status": wanted.upper(), "extra": [1]}, wanted),
        ({"status": f" {wanted.lower()} "}, wanted),
        ({"status": "Perhaps"}, "Perhaps"),
    ]
    unreadable = [({"status": told}, NO) for told in (None, "", "  ", 1, True, [wanted], {"status": wanted})]
    return (*words, *odd, *unreadable, ({}, NO), ({"Status": wanted}, NO))


@dataclass(frozen=True)
class Exchange:
    """`answers`: CALLRESULT payloads, and what is read of each; ChargerRejected for what cannot be read."""

    action: str
    asked: Ask[Any] | Callable[[Gateway], Awaitable[Any]]
    sent: dict[str, Any]
    answers: tuple[tuple[Any, Any], ...]

    def ask(self, gateway: Gateway) -> "asyncio.Task[Any]":
        asked = self.asked
        return asyncio.ensure_future(
            gateway.ask("CP1", asked) if isinstance(asked, Ask) else asked(gateway)  # type: ignore[arg-type]
        )


ACCEPTED_ALONE = (
    ({"status": "Accepted"}, None),
    ({"status": " ACCEPTED "}, None),
    *(({"status": told}, NO) for told in ("Rejected", "NotImplemented", "Yes", "", None, True, 1, ["Accepted"])),
    ({}, NO),
)

EXCHANGES = [
    Exchange(
        "RemoteStartTransaction",
        lambda gateway: gateway.remote_start("CP1", connector_id=2, id_tag="EV2345"),
        {"connectorId": 2, "idTag": "EV2345"},
        ACCEPTED_ALONE,
    ),
    Exchange(
        "RemoteStopTransaction",
        lambda gateway: gateway.remote_stop("CP1", transaction_id=1001),
        {"transactionId": 1001},
        ACCEPTED_ALONE,
    ),
    Exchange("Reset", asks.Reset(asks.ResetKind.HARD), {"type": "Hard"}, status("Accepted", "Rejected")),
    Exchange("Reset", asks.Reset(asks.ResetKind.SOFT), {"type": "Soft"}, status("Accepted", "Rejected")),
    Exchange(
        "UnlockConnector",
        asks.UnlockConnector(2),
        {"connectorId": 2},
        status("Unlocked", "UnlockFailed", "NotSupported"),
    ),
    Exchange(
        "ChangeAvailability",
        asks.ChangeAvailability(0, is_operative=False),
        {"connectorId": 0, "type": "Inoperative"},
        status("Accepted", "Rejected", "Scheduled"),
    ),
    Exchange(
        "ChangeAvailability",
        asks.ChangeAvailability(1, is_operative=True),
        {"connectorId": 1, "type": "Operative"},
        status("Scheduled"),
    ),
    Exchange(
        "GetConfiguration",
        asks.GetConfiguration(),
        {},
        (
            ({}, asks.Configuration((), ())),
            (
                {
                    "configurationKey": [
                        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
                        {"key": "NumberOfConnectors", "readonly": "True", "value": 2},
                        {"key": "LocalPreAuthorize", "value": False},
                        {"key": "AuthorizationKey", "readonly": 1, "value": None},
                        {"key": "CpoName", "value": ""},
                        {"key": "HeartbeatInterval", "readonly": False, "value": "60"},
                        None,
                        "junk",
                        {"key": None, "value": "1"},
                        {"key": "Strange", "value": {"a": 1}},
                        {"value": "of nothing"},
                    ],
                    "unknownKey": ["Wish", 7, None, "Wish"],
                },
                asks.Configuration(
                    keys=(
                        asks.ConfigurationKey("HeartbeatInterval", "60", is_readonly=False),
                        asks.ConfigurationKey("NumberOfConnectors", "2", is_readonly=True),
                        asks.ConfigurationKey("LocalPreAuthorize", "false", is_readonly=False),
                        asks.ConfigurationKey("AuthorizationKey", None, is_readonly=True),
                        asks.ConfigurationKey("CpoName", "", is_readonly=False),
                    ),
                    unknown=("Wish",),
                ),
            ),
            (
                {"configurationKey": {"key": "Alone", "value": "1"}, "unknownKey": None},
                asks.Configuration((asks.ConfigurationKey("Alone", "1", is_readonly=False),), ()),
            ),
            ({"configurationKey": "none"}, NO),
            ({"configurationKey": [1, 2]}, NO),
            ({"configurationKey": [{"name": "HeartbeatInterval"}]}, NO),
        ),
    ),
    Exchange(
        "GetConfiguration",
        asks.GetConfiguration(("HeartbeatInterval", "Wish")),
        {"key": ["HeartbeatInterval", "Wish"]},
        (({"unknownKey": ["HeartbeatInterval", "Wish"]}, asks.Configuration((), ("HeartbeatInterval", "Wish"))),),
    ),
    Exchange(
        "ChangeConfiguration",
        asks.ChangeConfiguration("MeterValueSampleInterval", "15"),
        {"key": "MeterValueSampleInterval", "value": "15"},
        status("Accepted", "Rejected", "RebootRequired", "NotSupported"),
    ),
    Exchange("ClearCache", asks.ClearCache(), {}, status("Accepted", "Rejected")),
    Exchange(
        "DataTransfer",
        asks.DataTransfer("com.phihong", "Light", "off"),
        {"vendorId": "com.phihong", "messageId": "Light", "data": "off"},
        (
            ({"status": "Accepted", "data": "done"}, asks.VendorAnswer("Accepted", "done")),
            ({"status": "accepted", "data": 7}, asks.VendorAnswer("Accepted", "7")),
            ({"status": "Accepted", "data": {"light": [0.5]}}, asks.VendorAnswer("Accepted", '{"light": ["0.5"]}')),
            ({"status": "UnknownVendorId"}, asks.VendorAnswer("UnknownVendorId", None)),
            ({"status": "UnknownMessageId", "data": None}, asks.VendorAnswer("UnknownMessageId", None)),
            ({"data": "done"}, NO),
            ({"status": 1}, NO),
        ),
    ),
    Exchange("DataTransfer", asks.DataTransfer("com.phihong"), {"vendorId": "com.phihong"}, (({"status": ""}, NO),)),
    Exchange(
        "TriggerMessage",
        asks.TriggerMessage("MeterValues", 1),
        {"requestedMessage": "MeterValues", "connectorId": 1},
        status("Accepted", "Rejected", "NotImplemented"),
    ),
    Exchange(
        "TriggerMessage",
        lambda gateway: gateway.trigger_status("CP1", connector_id=None),
        {"requestedMessage": "StatusNotification"},
        ACCEPTED_ALONE,
    ),
    Exchange(
        "GetDiagnostics",
        asks.GetDiagnostics(
            location="ftp://10.0.0.5/up",
            retries=3,
            retry_interval_s=60,
            since=NOON,
            until=NOON + timedelta(hours=1),
        ),
        {
            "location": "ftp://10.0.0.5/up",
            "retries": 3,
            "retryInterval": 60,
            "startTime": "2026-11-22T17:00:00.000Z",
            "stopTime": "2026-11-22T18:00:00.000Z",
        },
        (
            ({"fileName": "diag.zip"}, "diag.zip"),
            ({"fileName": 20261122}, "20261122"),
            ({}, None),
            ({"fileName": None}, None),
            ({"fileName": ""}, None),
            ({"fileName": ["diag.zip"]}, NO),
        ),
    ),
    Exchange("GetDiagnostics", asks.GetDiagnostics(location="ftp://h/"), {"location": "ftp://h/"}, (({}, None),)),
    Exchange(
        "UpdateFirmware",
        asks.UpdateFirmware(location="https://h/fw.bin", retrieve_at=NOON, retries=1, retry_interval_s=5),
        {
            "location": "https://h/fw.bin",
            "retrieveDate": "2026-11-22T17:00:00.000Z",
            "retries": 1,
            "retryInterval": 5,
        },
        (
            ({}, None),
            (None, None),
            ({"status": "Accepted"}, None),
            ({"status": "Rejected"}, NO),
            ({"status": 0}, NO),
        ),
    ),
    Exchange(
        "GetLocalListVersion",
        asks.GetLocalListVersion(),
        {},
        (
            ({"listVersion": 4}, 4),
            ({"listVersion": "4"}, 4),
            ({"listVersion": 4.0}, 4),
            ({"listVersion": 0}, 0),
            ({"listVersion": -1}, -1),
            *(({"listVersion": told}, NO) for told in (None, "", "four", 4.5, True, [4], 2**31)),
            ({}, NO),
        ),
    ),
    Exchange(
        "SendLocalList",
        asks.SendLocalList(
            version=5,
            is_full=False,
            entries=(
                asks.LocalListEntry(id_tag="STAFF-1", status="Accepted", expires_at=NOON, parent_id_tag="STAFF"),
                asks.LocalListEntry(id_tag="STAFF-2", status="Blocked"),
                asks.LocalListEntry(id_tag="STAFF-3", status=None),
            ),
        ),
        {
            "listVersion": 5,
            "updateType": "Differential",
            "localAuthorizationList": [
                {
                    "idTag": "STAFF-1",
                    "idTagInfo": {
                        "status": "Accepted",
                        "expiryDate": "2026-11-22T17:00:00.000Z",
                        "parentIdTag": "STAFF",
                    },
                },
                {"idTag": "STAFF-2", "idTagInfo": {"status": "Blocked"}},
                {"idTag": "STAFF-3"},
            ],
        },
        status("Accepted", "Failed", "NotSupported", "VersionMismatch"),
    ),
    Exchange(
        "SendLocalList",
        asks.SendLocalList(version=6, is_full=True, entries=()),
        {"listVersion": 6, "updateType": "Full", "localAuthorizationList": []},
        status("Accepted"),
    ),
    Exchange(
        "ReserveNow",
        asks.ReserveNow(reservation_id=9, connector_id=1, id_tag="STAFF-1", expires_at=NOON, parent_id_tag="STAFF"),
        {
            "reservationId": 9,
            "connectorId": 1,
            "idTag": "STAFF-1",
            "expiryDate": "2026-11-22T17:00:00.000Z",
            "parentIdTag": "STAFF",
        },
        status("Accepted", "Faulted", "Occupied", "Rejected", "Unavailable"),
    ),
    Exchange("CancelReservation", asks.CancelReservation(9), {"reservationId": 9}, status("Accepted", "Rejected")),
    Exchange(
        "SetChargingProfile",
        asks.SetChargingProfile(1, PROFILE),
        {"connectorId": 1, "csChargingProfiles": PROFILE_SENT},
        status("Accepted", "Rejected", "NotSupported"),
    ),
    Exchange("ClearChargingProfile", asks.ClearChargingProfile(), {}, status("Accepted", "Unknown")),
    Exchange(
        "ClearChargingProfile",
        asks.ClearChargingProfile(
            profile_id=7, connector_id=0, purpose=ChargingProfilePurpose.TX_DEFAULT_PROFILE, stack_level=0
        ),
        {"id": 7, "connectorId": 0, "chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0},
        status("Accepted", "Unknown"),
    ),
    Exchange(
        "GetCompositeSchedule",
        asks.GetCompositeSchedule(connector_id=1, duration_s=3600, unit=ChargingRateUnit.W),
        {"connectorId": 1, "duration": 3600, "chargingRateUnit": "W"},
        (
            (
                {
                    "status": "Accepted",
                    "connectorId": "1",
                    "scheduleStart": "2026-11-22T17:00:00",
                    "chargingSchedule": {
                        "duration": 3600.0,
                        "startSchedule": "2026-11-22T12:00:00-05:00",
                        "chargingRateUnit": "w",
                        "chargingSchedulePeriod": [
                            {"startPeriod": 0, "limit": 11000},
                            {"startPeriod": "1800", "limit": "7360.5", "numberPhases": 1},
                            None,
                        ],
                        "minChargingRate": 1380.0,
                    },
                },
                asks.CompositeSchedule(
                    status="Accepted",
                    connector_id=1,
                    starts_at=NOON.astimezone(UTC),
                    schedule=ChargingSchedule(
                        unit=ChargingRateUnit.W,
                        periods=(
                            SchedulePeriod(start_s=0, limit=Decimal(11000)),
                            SchedulePeriod(start_s=1800, limit=Decimal("7360.5"), phases=1),
                        ),
                        duration_s=3600,
                        starts_at=NOON.astimezone(UTC),
                        min_rate=Decimal(1380),
                    ),
                ),
            ),
            (
                {"status": "Rejected"},
                asks.CompositeSchedule(status="Rejected", connector_id=None, starts_at=None, schedule=None),
            ),
            (
                {"status": "Accepted", "scheduleStart": "soon", "chargingSchedule": None},
                asks.CompositeSchedule(status="Accepted", connector_id=None, starts_at=None, schedule=None),
            ),
            ({}, NO),
            ({"status": "Accepted", "connectorId": "one"}, NO),
            ({"status": "Accepted", "chargingSchedule": "none"}, NO),
            ({"status": "Accepted", "chargingSchedule": {"chargingRateUnit": "kW"}}, NO),
            *(
                ({"status": "Accepted", "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": p}}, NO)
                for p in ("all", [1], [{"startPeriod": 0}], [{"limit": 6}], [{"startPeriod": 0, "limit": "much"}])
            ),
        ),
    ),
    Exchange(
        "ExtendedTriggerMessage",
        asks.ExtendedTriggerMessage("SignChargePointCertificate"),
        {"requestedMessage": "SignChargePointCertificate"},
        status("Accepted", "Rejected", "NotImplemented"),
    ),
    Exchange(
        "ExtendedTriggerMessage",
        asks.ExtendedTriggerMessage("StatusNotification", 1),
        {"requestedMessage": "StatusNotification", "connectorId": 1},
        status("Accepted"),
    ),
    Exchange(
        "GetLog",
        asks.GetLog(
            request_id=3,
            kind="SecurityLog",
            location="https://h/logs",
            since=NOON,
            until=NOON + timedelta(hours=1),
            retries=2,
            retry_interval_s=30,
        ),
        {
            "logType": "SecurityLog",
            "requestId": 3,
            "log": {
                "remoteLocation": "https://h/logs",
                "oldestTimestamp": "2026-11-22T17:00:00.000Z",
                "latestTimestamp": "2026-11-22T18:00:00.000Z",
            },
            "retries": 2,
            "retryInterval": 30,
        },
        (
            ({"status": "Accepted", "filename": "log.txt"}, asks.LogAnswer("Accepted", "log.txt")),
            ({"status": "AcceptedCanceled"}, asks.LogAnswer("AcceptedCanceled", None)),
            ({"status": "Rejected", "filename": ""}, asks.LogAnswer("Rejected", None)),
            ({"filename": "log.txt"}, NO),
            ({"status": "Accepted", "filename": {}}, NO),
        ),
    ),
    Exchange(
        "CertificateSigned",
        asks.CertificateSigned(PEM),
        {"certificateChain": PEM},
        status("Accepted", "Rejected"),
    ),
    Exchange(
        "InstallCertificate",
        asks.InstallCertificate("CentralSystemRootCertificate", PEM),
        {"certificateType": "CentralSystemRootCertificate", "certificate": PEM},
        status("Accepted", "Rejected", "Failed"),
    ),
    Exchange(
        "DeleteCertificate",
        asks.DeleteCertificate(HASH),
        {"certificateHashData": HASH_SENT},
        status("Accepted", "Failed", "NotFound"),
    ),
    Exchange(
        "GetInstalledCertificateIds",
        asks.GetInstalledCertificateIds("ManufacturerRootCertificate"),
        {"certificateType": "ManufacturerRootCertificate"},
        (
            (
                {"status": "Accepted", "certificateHashData": [HASH_SENT, None, {"hashAlgorithm": "SHA256"}]},
                asks.InstalledCertificates("Accepted", (HASH,)),
            ),
            (
                {"status": "accepted", "certificateHashData": HASH_SENT | {"serialNumber": 1}},
                asks.InstalledCertificates(
                    "Accepted",
                    (
                        asks.CertificateHash(
                            algorithm="SHA256", issuer_name_hash="aa", issuer_key_hash="bb", serial_number="1"
                        ),
                    ),
                ),
            ),
            ({"status": "NotFound"}, asks.InstalledCertificates("NotFound", ())),
            ({"status": "Accepted", "certificateHashData": [{"serialNumber": []}]}, NO),
            ({"status": "Accepted", "certificateHashData": "01"}, NO),
            ({"certificateHashData": [HASH_SENT]}, NO),
        ),
    ),
    Exchange(
        "SignedUpdateFirmware",
        asks.SignedUpdateFirmware(
            request_id=4,
            location="https://h/fw.bin",
            retrieve_at=NOON,
            install_at=NOON + timedelta(hours=1),
            signing_certificate=PEM,
            signature="c2lnbmVk",
            retries=1,
            retry_interval_s=60,
        ),
        {
            "requestId": 4,
            "firmware": {
                "location": "https://h/fw.bin",
                "retrieveDateTime": "2026-11-22T17:00:00.000Z",
                "installDateTime": "2026-11-22T18:00:00.000Z",
                "signingCertificate": PEM,
                "signature": "c2lnbmVk",
            },
            "retries": 1,
            "retryInterval": 60,
        },
        status("Accepted", "Rejected", "AcceptedCanceled", "InvalidCertificate", "RevokedCertificate"),
    ),
]
NAMED = [pytest.param(exchange, id=f"{exchange.action}-{at}") for at, exchange in enumerate(EXCHANGES)]


def test_every_ask_of_the_domain_and_every_action_is_in_the_table() -> None:
    assert {exchange.action for exchange in EXCHANGES} == ACTIONS
    in_table = {type(exchange.asked) for exchange in EXCHANGES if isinstance(exchange.asked, Ask)}
    assert in_table == set(WRITERS)
    assert in_table == {kind for kind in vars(asks).values() if _is_ask(kind)}


def _is_ask(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Ask) and kind is not Ask


async def _answered(exchange: Exchange, central: CentralSystem, charger: Charger, *answer: Any) -> Any:
    """What the asking comes to; `answer`: what follows the id in the charger's frame, its message type first."""
    asking = exchange.ask(central.gateway)
    call = await charger.receive()
    assert call[0] == 2
    assert call[2] == exchange.action
    assert call[3] == exchange.sent
    get_validator(MessageType.Call, exchange.action, "1.6", parse_float=Decimal).validate(
        json.loads(json.dumps(call[3]), parse_float=Decimal)
    )
    await charger.send([answer[0], call[1], *answer[1:]])
    return (await asyncio.gather(asking, return_exceptions=True))[0]


@pytest.mark.parametrize("exchange", NAMED)
async def test_c5_what_is_sent_fits_its_schema_and_the_answer_is_read(
    central: CentralSystem, exchange: Exchange
) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        for told, read in exchange.answers:
            found = await _answered(exchange, central, charger, 3, told)
            if read is NO:
                assert isinstance(found, ChargerRejected), (told, found)
            else:
                assert found == read, told
                assert type(found) is type(read)
        assert await charger.is_alive()


@pytest.mark.parametrize("exchange", NAMED)
async def test_c5_no_error_and_no_unreadable_answer_is_a_success(central: CentralSystem, exchange: Exchange) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        for error in (
            ("NotImplemented", "", {}),
            ("NotSupported", "no"),
            ("GenericError",),
            (),
            (17, None, []),
            ("InternalError", "x" * 5000, {"a": {"b": 1}}, "more"),
        ):
            assert isinstance(await _answered(exchange, central, charger, 4, *error), ChargerRejected), error
        for payload in (["Accepted"], "Accepted", 1, True):
            assert isinstance(await _answered(exchange, central, charger, 3, payload), ChargerRejected), payload
        assert await charger.is_alive()


@pytest.mark.parametrize("exchange", NAMED)
async def test_c5_silence_absence_and_a_charge_point_not_accepted_are_told_apart(
    central: CentralSystem, exchange: Exchange
) -> None:
    with pytest.raises(ChargerOffline):
        await exchange.ask(central.gateway)
    async with central.charger() as charger:
        await central.until_told("connected")
        impatient = Gateway(central.registry, deadline=0.03)
        with pytest.raises(ChargerTimeout):
            await exchange.ask(impatient)
        late = await charger.receive()
        await charger.send([3, late[1], {"status": "Accepted"}])
        central.gateway.accept("CP1", Acceptance.PENDING)
        with pytest.raises(ChargerNotAccepted):
            await exchange.ask(central.gateway)
        assert await charger.hears_nothing(0.01)


async def test_c5_an_answer_that_is_nested_without_end_is_no_success(central: CentralSystem) -> None:
    deep = "[" * 900 + "]" * 900
    async with central.charger() as charger:
        await central.until_told("connected")
        for exchange in EXCHANGES:
            asking = exchange.ask(central.gateway)
            call = await charger.receive()
            fields = ("status", "data", "listVersion", "fileName", "configurationKey", "readonly")
            told = ",".join(f'"{name}":{deep}' for name in fields)
            await charger.send(f'[3,"{call[1]}",{{{told}}}]')
            found = (await asyncio.gather(asking, return_exceptions=True))[0]
            assert isinstance(found, ChargerRejected), exchange.action
        assert await charger.is_alive()


def test_c5_nesting_beyond_what_python_can_print_is_unreadable_too() -> None:
    endless: list[Any] = []
    for _ in range(100_000):
        endless = [endless]
    command = WRITERS[asks.DataTransfer](asks.DataTransfer("com.phihong"))
    with pytest.raises(ChargerRejected, match="nested without end"):
        command.read({"status": "Accepted", "data": endless})
    with pytest.raises(ChargerRejected, match="nested without end"):
        command.read({"status": endless})


# Raw calls


@pytest.mark.parametrize("exchange", NAMED)
async def test_any_call_goes_out_as_it_is_and_its_result_comes_back(central: CentralSystem, exchange: Exchange) -> None:
    raw = Exchange(
        exchange.action,
        lambda gateway: gateway.call("CP1", exchange.action, exchange.sent),
        exchange.sent,
        (),
    )
    async with central.charger() as charger:
        await central.until_told("connected")
        for told in ({}, {"status": "Rejected"}, {"odd": [1, 2.5, None, {"status": "x"}]}):
            assert await _answered(raw, central, charger, 3, told) == told
        assert isinstance(await _answered(raw, central, charger, 4, "NotSupported", "", {}), ChargerRejected)


def _profile(**schedule: Any) -> dict[str, Any]:
    sent = dict(PROFILE_SENT)
    sent["chargingSchedule"] = {**PROFILE_SENT["chargingSchedule"], **schedule}  # type: ignore[dict-item]
    return {"connectorId": 1, "csChargingProfiles": sent}


BAD = [
    ("Nonsense", {}, "action", "There is no Nonsense that a central system sends."),
    ("../v201/schemas/ResetRequest", {}, "action", "There is no ../v201/schemas/ResetRequest"),
    ("ResetResponse", {"status": "Accepted"}, "action", "There is no ResetResponse"),
    ("BootNotification", {}, "action", "There is no BootNotification"),
    ("reset", {"type": "Hard"}, "action", "There is no reset"),
    ("", {}, "action", "There is no  that"),
    ("Reset", {}, "payload", "Reset lacks type."),
    ("Reset", {"type": "Medium"}, "payload", "Reset.type must be one of Hard, Soft."),
    ("Reset", {"type": None}, "payload", "Reset.type must be a text."),
    ("Reset", {"type": "Hard", "now": True}, "payload", "Reset has no field now; it may have type."),
    ("ClearCache", {"a": 1, "b": 2}, "payload", "ClearCache has no field a and b; it has no fields."),
    ("UnlockConnector", {"connectorId": "1"}, "payload", "UnlockConnector.connectorId must be a whole number."),
    ("UnlockConnector", {"connectorId": 1.5}, "payload", "UnlockConnector.connectorId must be a whole number."),
    ("UnlockConnector", {"connectorId": 2**31}, "payload", "is beyond what a charge point can hold (int32)."),
    ("ChangeConfiguration", {}, "payload", "ChangeConfiguration lacks key and value."),
    ("ChangeConfiguration", {"key": "k" * 51, "value": ""}, "payload", "key may have 50 characters at most."),
    ("ChangeConfiguration", {"key": "k", "value": "\x00"}, "payload", "holds characters that cannot be sent."),
    ("ChangeConfiguration", {"key": "k", "value": "\ud800"}, "payload", "holds characters that cannot be sent."),
    ("GetConfiguration", {"key": "all"}, "payload", "GetConfiguration.key must be a list."),
    ("GetConfiguration", {"key": ["a", 1]}, "payload", "GetConfiguration.key[1] must be a text."),
    ("GetDiagnostics", {"location": "here"}, "payload", "location must be an address, such as ftp://10.0.0.5/upload."),
    (
        "UpdateFirmware",
        {"location": "ftp://h/f", "retrieveDate": "2026-11-22T12:00:00"},
        "payload",
        "UpdateFirmware.retrieveDate must be an instant with its zone, such as 2026-11-22T08:48:00Z.",
    ),
    ("SetChargingProfile", {"connectorId": 1}, "payload", "SetChargingProfile lacks csChargingProfiles."),
    (
        "SetChargingProfile",
        _profile(chargingSchedulePeriod=[{"startPeriod": 0, "limit": 16.15}]),
        "payload",
        "chargingSchedulePeriod[0].limit must be a multiple of 0.1.",
    ),
    (
        "SetChargingProfile",
        _profile(chargingSchedulePeriod=[{"startPeriod": 0, "limit": float("nan")}]),
        "payload",
        "limit is not a number that a charge point can hold.",
    ),
    (
        "SetChargingProfile",
        _profile(minChargingRate=float("inf")),
        "payload",
        "minChargingRate is not a number that a charge point can hold.",
    ),
]


@pytest.mark.parametrize(("action", "payload", "part", "sentence"), BAD)
async def test_a_call_that_ocpp_does_not_allow_is_refused_in_a_sentence(
    central: CentralSystem, action: str, payload: dict[str, Any], part: str, sentence: str
) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        with pytest.raises(BadCall) as refused:
            await central.gateway.call("CP1", action, payload)
        assert sentence in str(refused.value)
        assert str(refused.value).endswith(".")
        assert refused.value.part == part
        assert await charger.hears_nothing(0.01)


async def test_a_call_that_is_nested_without_end_is_refused(central: CentralSystem) -> None:
    endless: dict[str, Any] = {}
    inner = endless
    for _ in range(5000):
        inner["a"] = {}
        inner = inner["a"]
    with pytest.raises(BadCall, match="nested too deeply"):
        await central.gateway.call("CP1", "ClearCache", endless)


@pytest.mark.parametrize("limit", [0, 16, 16.1, 21.4, Decimal("0.3"), 6.0])
async def test_numbers_go_out_exactly_as_they_were_given(central: CentralSystem, limit: Any) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        given = _profile(chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}])
        asking = asyncio.create_task(central.gateway.call("CP1", "SetChargingProfile", given))
        raw = await charger.websocket.recv()
        frame = json.loads(raw, parse_float=Decimal)
        sent = frame[3]["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
        assert Decimal(str(sent)) == Decimal(str(limit))
        await charger.send([3, frame[1], {"status": "Accepted"}])
        assert await asking == {"status": "Accepted"}


async def test_an_ask_that_is_longer_than_ocpp_allows_is_refused_and_not_sent(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await central.until_told("connected")
        with pytest.raises(BadCall, match="value may have 500 characters at most"):
            await central.gateway.ask("CP1", asks.ChangeConfiguration("CpoName", "x" * 501))
        assert await charger.hears_nothing(0.01)
