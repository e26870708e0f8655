"""Firmwares that write what they mean in a form of their own, or take no advice."""

from __future__ import annotations

from evgraph.simulator.configuration import Key, is_boolean, is_whole_number
from evgraph.simulator.dialects.dialect import Dialect, Payload
from evgraph.simulator.dialects.metering import registers


class FloatRegisters(Dialect):
    name = "float-registers"
    summary = "Writes meterStop as 12.0, values as numbers, a reason that nobody knows, and fields of its own."

    def writes(self, action: str, payload: Payload) -> Payload:
        for name in ("meterStart", "meterStop"):
            if name in payload:
                payload[name] = float(payload[name])
        for _, sample in registers(payload):
            sample["value"] = float(sample["value"])
        if action == "StopTransaction":
            payload["reason"] = "PlugOutByDriver"
        if action in ("StartTransaction", "StopTransaction", "MeterValues", "StatusNotification"):
            payload["firmwareTicks"] = 48_000
        return payload


class RefusesKeys(Dialect):
    """One key for each way in which firmwares say no (section 5.3, errata 3.14.4)."""

    name = "refuses-keys"
    summary = "Refuses configuration keys: rejected, read-only, unknown, after a reboot; samples the register alone."

    def set_keys(self, keys: dict[str, Key]) -> None:
        keys["HeartbeatInterval"] = Key("600", lambda _: False)
        keys["StopTransactionOnEVSideDisconnect"] = Key("true")
        keys["WebSocketPingInterval"] = Key("20", is_whole_number, is_known=False)
        keys["MeterValueSampleInterval"] = Key(
            keys["MeterValueSampleInterval"].value, is_whole_number, needs_reboot=True
        )
        keys["MeterValuesSampledData"] = Key(
            "Energy.Active.Import.Register", lambda text: text == "Energy.Active.Import.Register"
        )
        keys["AuthorizeRemoteTxRequests"] = Key("true", is_boolean, needs_reboot=True)


class Autostart(Dialect):
    """Nobody has to hold a card to it, and what its idTag is answered does not matter to it."""

    name = "autostart"
    summary = "A cable begins a transaction by itself, with an idTag of the firmware's own."
    id_tag_at_plug_in = "AUTOSTART"
    heeds_refusals = False
