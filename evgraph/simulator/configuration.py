"""The configuration keys of a charge point (OCPP 1.6 section 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evgraph.simulator.library import enums

SUPPORTED_MEASURANDS = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
)
LONGEST_LIST = 8
LONGEST_NAME = 500


@dataclass
class Key:
    """`accepts` is None for one that is read-only. One that is not known works, and is denied when asked about.
    `pending` comes into force with the next boot, where a change needs one."""

    value: str
    accepts: Callable[[str], bool] | None = None
    is_readable: bool = True
    is_known: bool = True
    needs_reboot: bool = False
    pending: str | None = None

    @property
    def is_read_only(self) -> bool:
        return self.accepts is None


def is_whole_number(text: str) -> bool:
    """Whole and not negative: a negative WebSocketPingInterval is to be rejected (OCPP-J 6)."""
    return text.isascii() and text.isdigit()


def is_boolean(text: str) -> bool:
    return text.lower() in {"true", "false"}


def _is_list_of_measurands(text: str) -> bool:
    """One measurand that is not supported refuses the whole list (errata 3.14.4)."""
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    return len(wanted) <= LONGEST_LIST and all(name in SUPPORTED_MEASURANDS for name in wanted)


def _is_authorization_key(text: str) -> bool:
    return 16 <= len(text) <= 40


class Configuration:
    """Survives a power loss, as it does on a real charge point."""

    def __init__(
        self,
        *,
        connectors: int,
        sample_interval: float,
        retry_interval: float,
        key: str | None,
        security_profile: int = 0,
        set_keys: Callable[[dict[str, Key]], None] = lambda _: None,
    ) -> None:
        self._keys = {
            "AdditionalRootCertificateCheck": Key("false"),
            "AllowOfflineTxForUnknownId": Key("true", is_boolean),
            "AuthorizationCacheEnabled": Key("true", is_boolean),
            "AuthorizationKey": Key(key or "", _is_authorization_key, is_readable=False),
            "AuthorizeRemoteTxRequests": Key("true", is_boolean),
            "CertificateSignedMaxChainSize": Key("10000"),
            "CertificateStoreMaxLength": Key("8"),
            "ChargeProfileMaxStackLevel": Key("8"),
            "ChargingScheduleAllowedChargingRateUnit": Key("Current,Power"),
            "ChargingScheduleMaxPeriods": Key("24"),
            "ClockAlignedDataInterval": Key("0", is_whole_number),
            "ConnectionTimeOut": Key("180", is_whole_number),
            "CpoName": Key("", lambda text: len(text) <= LONGEST_NAME),
            "GetConfigurationMaxKeys": Key("50"),
            "HeartbeatInterval": Key("300", is_whole_number),
            "LocalAuthListEnabled": Key("true", is_boolean),
            "LocalAuthListMaxLength": Key("1000"),
            "LocalAuthorizeOffline": Key("true", is_boolean),
            "LocalPreAuthorize": Key("false", is_boolean),
            "MaxChargingProfilesInstalled": Key("10"),
            "MeterValueSampleInterval": Key(str(max(1, round(sample_interval))), is_whole_number),
            "MeterValuesAlignedData": Key("", _is_list_of_measurands),
            "MeterValuesSampledData": Key("Energy.Active.Import.Register,Power.Active.Import", _is_list_of_measurands),
            "MeterValuesSampledDataMaxLength": Key(str(LONGEST_LIST)),
            "NumberOfConnectors": Key(str(connectors)),
            "ReserveConnectorZeroSupported": Key("false"),
            "ResetRetries": Key("0", is_whole_number),
            "SecurityProfile": Key(str(security_profile)),
            "SendLocalListMaxLength": Key("250"),
            "StopTransactionOnEVSideDisconnect": Key("true", is_boolean),
            "StopTransactionOnInvalidId": Key("true", is_boolean),
            "StopTxnAlignedData": Key("", _is_list_of_measurands),
            "StopTxnSampledData": Key("", _is_list_of_measurands),
            "SupportedFeatureProfiles": Key(
                "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
            ),
            "SupportedFileTransferProtocols": Key("FTP,FTPS,HTTP,HTTPS,SFTP"),
            "TransactionMessageAttempts": Key("3", is_whole_number),
            "TransactionMessageRetryInterval": Key(str(max(1, round(retry_interval))), is_whole_number),
            "UnlockConnectorOnEVSideDisconnect": Key("false"),
            "WebSocketPingInterval": Key("20", is_whole_number),
        }
        set_keys(self._keys)
        self._fractions = {
            name: seconds
            for name, seconds in (
                ("MeterValueSampleInterval", sample_interval),
                ("TransactionMessageRetryInterval", retry_interval),
            )
            if 0 < seconds < 1
        }

    def text(self, name: str) -> str:
        return self._keys[name].value

    def is_true(self, name: str) -> bool:
        return self._keys[name].value.lower() == "true"

    def seconds(self, name: str) -> float:
        """A key in simulated seconds.

        The keys hold whole seconds. An interval below one second that the charge point was made with
        stays in force whatever the key is set to, short of 0, which switches it off.
        """
        whole = int(self._keys[name].value)
        return self._fractions.get(name, float(whole)) if whole else 0.0

    def number(self, name: str) -> int:
        return int(self._keys[name].value)

    def measurands(self, name: str) -> list[str]:
        return [measurand.strip() for measurand in self.text(name).split(",") if measurand.strip()]

    def change(self, name: str, value: str) -> str:
        """OCPP 1.6 section 5.3: Accepted, RebootRequired, Rejected or NotSupported; only Accepted changes the value
        at once."""
        key = self._keys.get(name)
        if key is None or not key.is_known:
            return str(enums.ConfigurationStatus.not_supported)
        if key.accepts is None or not key.accepts(value):
            return str(enums.ConfigurationStatus.rejected)
        if key.needs_reboot:
            key.pending = value
            return str(enums.ConfigurationStatus.reboot_required)
        key.value = value
        return str(enums.ConfigurationStatus.accepted)

    def rebooted(self) -> None:
        """What waited for a boot comes into force."""
        for key in self._keys.values():
            if key.pending is not None:
                key.value, key.pending = key.pending, None

    def read(self, names: list[str] | None) -> tuple[dict[str, Key], list[str]]:
        """The keys asked for (all of them when none is named), and the names that are unknown."""
        readable = {name: key for name, key in self._keys.items() if key.is_readable and key.is_known}
        if not names:
            return readable, []
        known = {name: readable[name] for name in names if name in readable}
        return known, [name for name in names if name not in readable]
