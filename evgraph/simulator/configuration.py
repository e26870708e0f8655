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


@dataclass
class Key:
    value: str
    accepts: Callable[[str], bool] | None = None
    is_readable: bool = True

    @property
    def is_read_only(self) -> bool:
        return self.accepts is None


def _is_whole_number(text: str) -> bool:
    """Whole and not negative: a negative WebSocketPingInterval is to be rejected (OCPP-J 6)."""
    return text.isascii() and text.isdigit()


def _is_boolean(text: str) -> bool:
    return text.lower() in {"true", "false"}


def _is_list_of_measurands(text: str) -> bool:
    """One measurand that is not supported refuses the whole list (errata 3.14.4)."""
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    return len(wanted) <= LONGEST_LIST and all(name in SUPPORTED_MEASURANDS for name in wanted)


def _is_authorization_key(text: str) -> bool:
    return 16 <= len(text) <= 40


class Configuration:
    """Survives a power loss, as it does on a real charge point."""

    def __init__(self, *, connectors: int, sample_interval: float, retry_interval: float, key: str | None) -> None:
        self._keys = {
            "AllowOfflineTxForUnknownId": Key("true", _is_boolean),
            "AuthorizationKey": Key(key or "", _is_authorization_key, is_readable=False),
            "AuthorizeRemoteTxRequests": Key("true", _is_boolean),
            "ClockAlignedDataInterval": Key("0", _is_whole_number),
            "ConnectionTimeOut": Key("180", _is_whole_number),
            "GetConfigurationMaxKeys": Key("50"),
            "HeartbeatInterval": Key("300", _is_whole_number),
            "LocalAuthorizeOffline": Key("true", _is_boolean),
            "LocalPreAuthorize": Key("false", _is_boolean),
            "MeterValueSampleInterval": Key(str(max(1, round(sample_interval))), _is_whole_number),
            "MeterValuesAlignedData": Key("", _is_list_of_measurands),
            "MeterValuesSampledData": Key("Energy.Active.Import.Register,Power.Active.Import", _is_list_of_measurands),
            "MeterValuesSampledDataMaxLength": Key(str(LONGEST_LIST)),
            "NumberOfConnectors": Key(str(connectors)),
            "ResetRetries": Key("0", _is_whole_number),
            "StopTransactionOnEVSideDisconnect": Key("true", _is_boolean),
            "StopTransactionOnInvalidId": Key("true", _is_boolean),
            "StopTxnAlignedData": Key("", _is_list_of_measurands),
            "StopTxnSampledData": Key("", _is_list_of_measurands),
            "SupportedFeatureProfiles": Key("Core,RemoteTrigger"),
            "TransactionMessageAttempts": Key("3", _is_whole_number),
            "TransactionMessageRetryInterval": Key(str(max(1, round(retry_interval))), _is_whole_number),
            "UnlockConnectorOnEVSideDisconnect": Key("false"),
            "WebSocketPingInterval": Key("20", _is_whole_number),
        }
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
        """OCPP 1.6 section 5.3: Accepted, Rejected or NotSupported; only Accepted changes the value."""
        key = self._keys.get(name)
        if key is None:
            return str(enums.ConfigurationStatus.not_supported)
        if key.accepts is None or not key.accepts(value):
            return str(enums.ConfigurationStatus.rejected)
        key.value = value
        return str(enums.ConfigurationStatus.accepted)

    def read(self, names: list[str] | None) -> tuple[dict[str, Key], list[str]]:
        """The keys asked for (all of them when none is named), and the names that are unknown."""
        readable = {name: key for name, key in self._keys.items() if key.is_readable}
        if not names:
            return readable, []
        known = {name: readable[name] for name in names if name in readable}
        return known, [name for name in names if name not in readable]
