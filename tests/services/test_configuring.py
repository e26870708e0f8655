"""B3: a charge point's configuration is brought to the wishes, and an operator's own wish wins."""

from dataclasses import dataclass, field, replace

import pytest

from evgraph.domain.asks import ChangeConfiguration, Configuration, ConfigurationKey, GetConfiguration
from evgraph.domain.configuration import ConfigurationSetting
from evgraph.domain.people import Role
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ConfigurationKeyRow
from evgraph.services.interfaces import ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.permissions import Forbidden
from tests.services.conftest import Garage

SET = {
    "MeterValueSampleInterval": "15",
    "MeterValuesSampledData": "Energy.Active.Import.Register,Power.Active.Import",
    "StopTransactionOnEVSideDisconnect": "true",
    "HeartbeatInterval": "300",
    "WebSocketPingInterval": "30",
    "ConnectionTimeOut": "180",
    "StopTxnSampledData": "",
    "StopTxnAlignedData": "",
}
FACTORY = {
    "MeterValueSampleInterval": "60",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
    "StopTransactionOnEVSideDisconnect": "TRUE",
    "HeartbeatInterval": "86400",
    "WebSocketPingInterval": "30",
    "ConnectionTimeOut": "120",
    "StopTxnSampledData": "Energy.Active.Import.Register,Voltage",
    "StopTxnAlignedData": "",
    "ResetRetries": "3",
}


@dataclass
class Settings:
    """What a charge point holds. `refuses`: what it answers to a change of that key, or to one key=value; `tells_all`
    false: not without names; `at_once`: so many keys in one answer."""

    keys: dict[str, str | None]
    refuses: dict[str, object] = field(default_factory=dict)
    readonly: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    tells_all: bool = True
    at_once: int | None = None

    def install(self, garage: Garage) -> "Settings":
        garage.chargers.answers |= {GetConfiguration: self.get, ChangeConfiguration: self.change}
        return self

    def get(self, ask: GetConfiguration) -> object:
        if not ask.keys and not self.tells_all:
            return ChargerRejected("NotSupported")
        if ask.keys and self.at_once and len(ask.keys) > self.at_once:
            return ChargerRejected("OccurenceConstraintViolation")
        named = ask.keys or tuple(key for key in self.keys if key not in self.hidden)
        known = [key for key in named if key in self.keys]
        if not ask.keys and self.at_once:
            known = known[: self.at_once]
        return Configuration(
            keys=tuple(ConfigurationKey(key, self.keys[key], key in self.readonly) for key in known),
            unknown=tuple(key for key in named if key not in self.keys),
        )

    def change(self, ask: ChangeConfiguration) -> object:
        refusal = self.refuses.get(f"{ask.key}={ask.value}", self.refuses.get(ask.key))
        if refusal is not None:
            return refusal
        if ask.key not in self.keys:
            return "NotSupported"
        self.keys[ask.key] = ask.value
        return "Accepted"


def asked(garage: Garage) -> dict[str, list[str]]:
    changes: dict[str, list[str]] = {}
    for ask in garage.chargers.all(ChangeConfiguration):
        changes.setdefault(ask.key, []).append(ask.value)
    return changes


async def settings(garage: Garage) -> dict[str, ConfigurationSetting]:
    return {one.key: one for one in await garage.house.configurations.settings(garage.charge_point_id)}


async def test_b3_what_differs_is_set_and_nothing_else(garage: Garage) -> None:
    charger = Settings(dict(FACTORY)).install(garage)
    assert await garage.house.onboarding.configure(garage.charge_point_id)
    assert asked(garage) == {
        "HeartbeatInterval": ["300"],
        "MeterValueSampleInterval": ["15"],
        "MeterValuesSampledData": ["Energy.Active.Import.Register,Power.Active.Import"],
        "ConnectionTimeOut": ["180"],
        "StopTxnSampledData": [""],
    }
    assert charger.keys["ResetRetries"] == "3"
    held = await settings(garage)
    assert not any(one.is_drifting for one in held.values())
    interval = held["MeterValueSampleInterval"]
    assert (interval.value, interval.answer, interval.read_at) == ("15", "Accepted", garage.clock.now())
    assert held["ResetRetries"].wish is None


async def test_b3_one_that_is_set_as_wished_is_asked_for_nothing(garage: Garage) -> None:
    Settings(dict(SET)).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert asked(garage) == {}
    assert len(garage.chargers.all(GetConfiguration)) == 1


async def test_b3_it_can_be_switched_off_for_a_charge_point(garage: Garage) -> None:
    Settings(dict(FACTORY)).install(garage)
    await garage.house.registration.update(garage.operator, garage.charge_point_id, configures=False)
    assert not await garage.house.onboarding.configure(garage.charge_point_id)
    assert not await garage.house.onboarding.is_due(garage.charge_point_id)
    assert garage.chargers.asks == []


async def test_b3_where_the_list_is_refused_the_register_alone_serves(garage: Garage) -> None:
    held = FACTORY | {"MeterValuesSampledData": "Voltage"}
    refused = {"MeterValuesSampledData=Energy.Active.Import.Register,Power.Active.Import": "Rejected"}
    charger = Settings(dict(held), refuses=refused).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert asked(garage)["MeterValuesSampledData"] == [
        "Energy.Active.Import.Register,Power.Active.Import",
        "Energy.Active.Import.Register",
    ]
    assert charger.keys["MeterValuesSampledData"] == "Energy.Active.Import.Register"
    assert not (await settings(garage))["MeterValuesSampledData"].is_drifting


@pytest.mark.parametrize("key", ["StopTxnSampledData", "StopTxnAlignedData"])
async def test_b3_where_no_readings_at_the_stop_are_refused_the_register_alone_serves(garage: Garage, key: str) -> None:
    held = SET | {key: "Energy.Active.Import.Register,Voltage,Current.Import"}
    charger = Settings(dict(held), refuses={f"{key}=": "Rejected"}).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert asked(garage) == {key: ["", "Energy.Active.Import.Register"]}
    assert charger.keys[key] == "Energy.Active.Import.Register"
    assert not (await settings(garage))[key].is_drifting


@pytest.mark.parametrize("key", ["StopTxnSampledData", "StopTxnAlignedData"])
async def test_b3_a_list_that_is_told_without_a_value_is_empty(garage: Garage, key: str) -> None:
    Settings(SET | {key: None}).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert asked(garage) == {}


@pytest.mark.parametrize("answer", ["Rejected", "NotSupported", "RebootRequired"])
@pytest.mark.parametrize("key", ["ConnectionTimeOut", "StopTxnSampledData", "StopTxnAlignedData"])
async def test_b3_what_it_does_not_let_us_change_is_shown_and_stops_nothing(
    garage: Garage, key: str, answer: str
) -> None:
    held = FACTORY | {key: "60" if key == "ConnectionTimeOut" else "Voltage"}
    Settings(dict(held), refuses={key: answer}).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    kept = (await settings(garage))[key]
    assert (kept.value, kept.answer, kept.is_drifting) == (held[key], answer, True)
    assert (await settings(garage))["HeartbeatInterval"].value == "300"


async def test_b3_the_register_alone_is_not_asked_for_where_it_stands(garage: Garage) -> None:
    refused = {"MeterValuesSampledData": "Rejected"}
    Settings(dict(FACTORY), refuses=dict(refused)).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert len(asked(garage)["MeterValuesSampledData"]) == 1
    kept = (await settings(garage))["MeterValuesSampledData"]
    assert (kept.answer, kept.is_drifting) == ("Rejected", False)


@pytest.mark.parametrize("answer", ["Rejected", "NotSupported", "RebootRequired", "Perhaps"])
async def test_b3_what_it_refused_is_shown_with_it(garage: Garage, answer: str) -> None:
    Settings(dict(FACTORY), refuses={"MeterValueSampleInterval": answer}).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    kept = (await settings(garage))["MeterValueSampleInterval"]
    assert (kept.value, kept.answer, kept.is_drifting) == ("60", answer, True)
    # And the others were set all the same.
    assert "HeartbeatInterval" in asked(garage)


async def test_b3_a_read_only_key_is_not_asked_to_change(garage: Garage) -> None:
    Settings(dict(FACTORY), readonly={"MeterValueSampleInterval"}).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert "MeterValueSampleInterval" not in asked(garage)
    kept = (await settings(garage))["MeterValueSampleInterval"]
    assert kept.is_readonly
    assert kept.is_drifting


async def test_b3_wishes_that_are_missing_are_asked_for_by_name_no_more_than_it_takes(garage: Garage) -> None:
    keys = {"GetConfigurationMaxKeys": "2"} | FACTORY
    Settings(dict(keys), at_once=2).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    gets = [ask.keys for ask in garage.chargers.all(GetConfiguration)]
    assert gets[0] == ()
    assert all(len(keys) <= 2 for keys in gets[1:3])
    assert "WebSocketPingInterval" in [key for keys in gets[1:] for key in keys]
    assert (await settings(garage))["StopTransactionOnEVSideDisconnect"].value == "TRUE"


async def test_b3_one_that_tells_only_by_name_is_asked_by_name(garage: Garage) -> None:
    Settings(dict(FACTORY), tells_all=False).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert (await settings(garage))["HeartbeatInterval"].value == "300"


async def test_b3_one_that_tells_nothing_is_set_all_the_same(garage: Garage) -> None:
    garage.chargers.answers |= {GetConfiguration: ChargerRejected("NotSupported"), ChangeConfiguration: "Accepted"}
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert set(asked(garage)) == set(SET)
    assert (await settings(garage))["HeartbeatInterval"].answer == "Accepted"
    assert not await garage.house.onboarding.is_due(garage.charge_point_id)


async def test_b3_a_key_that_it_does_not_have_is_shown_so_and_not_asked_for(garage: Garage) -> None:
    keys = {key: value for key, value in FACTORY.items() if key != "WebSocketPingInterval"}
    Settings(dict(keys)).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    kept = (await settings(garage))["WebSocketPingInterval"]
    assert (kept.is_known, kept.value, kept.is_drifting) == (False, None, False)
    assert "WebSocketPingInterval" not in asked(garage)


async def test_b3_a_charger_that_does_not_answer_is_left_alone_soon(garage: Garage) -> None:
    charger = Settings(dict(FACTORY) | {"WebSocketPingInterval": "0", "StopTransactionOnEVSideDisconnect": "false"})
    charger.install(garage)
    garage.chargers.answers[ChangeConfiguration] = ChargerTimeout("slow")
    with pytest.raises(ChargerTimeout):
        await garage.house.onboarding.configure(garage.charge_point_id)
    assert len(asked(garage)) == 2
    unanswered = (await settings(garage))["HeartbeatInterval"]
    assert (unanswered.answer, unanswered.asked_at) == (None, garage.clock.now())


async def test_c5_a_key_that_was_never_sent_counts_as_not_asked_for(garage: Garage) -> None:
    """Else it would rest for a day."""
    charger = Settings(dict(FACTORY) | {"WebSocketPingInterval": "0", "StopTransactionOnEVSideDisconnect": "false"})
    charger.install(garage)
    garage.chargers.answers[ChangeConfiguration] = ChargerBusy("never sent")
    with pytest.raises(ChargerBusy):
        await garage.house.onboarding.configure(garage.charge_point_id)
    assert (await settings(garage))["HeartbeatInterval"].asked_at is None


async def test_b3_one_that_restarts_at_each_change_is_not_asked_at_each_boot(garage: Garage) -> None:
    Settings(dict(FACTORY), refuses={"MeterValueSampleInterval": "Rejected"}).install(garage)
    for _ in range(3):
        await garage.house.onboarding.configure(garage.charge_point_id)
        garage.clock.turn(minutes=1)
    assert asked(garage)["MeterValueSampleInterval"] == ["15"]
    garage.clock.turn(hours=24)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert asked(garage)["MeterValueSampleInterval"] == ["15", "15"]


async def test_b3_one_that_is_back_without_a_boot_is_configured_when_it_never_was(garage: Garage) -> None:
    Settings(dict(FACTORY)).install(garage)
    assert await garage.house.onboarding.is_due(garage.charge_point_id)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert not await garage.house.onboarding.is_due(garage.charge_point_id)


async def test_keys_are_the_same_in_any_case(garage: Garage) -> None:
    Settings({key.upper(): value for key, value in SET.items()}).install(garage)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert asked(garage) == {}
    assert await ConfigurationKeyRow.filter(charge_point_id=garage.charge_point_id).count() == len(SET)


async def test_an_operators_wish_wins_and_holds_for_later_boots(garage: Garage) -> None:
    charger = Settings(dict(SET) | {"ResetRetries": "60"}).install(garage)
    configurations = garage.house.configurations
    for key, value in (("MeterValueSampleInterval", "30"), ("ResetRetries", "90")):
        changed = await configurations.set(garage.operator, garage.charge_point_id, key, value)
        assert (changed.status, changed.setting.value, changed.setting.is_drifting) == ("Accepted", value, False)
        assert changed.setting.is_operators
    charger.keys |= {"MeterValueSampleInterval": "60", "ResetRetries": "60"}
    garage.clock.turn(hours=1)
    await garage.house.onboarding.configure(garage.charge_point_id)
    assert (charger.keys["MeterValueSampleInterval"], charger.keys["ResetRetries"]) == ("30", "90")


async def test_an_operators_wish_ends_with_the_houses_value_or_where_it_is_not_kept(garage: Garage) -> None:
    Settings(dict(SET) | {"ResetRetries": "60"}).install(garage)
    configurations = garage.house.configurations
    await configurations.set(garage.operator, garage.charge_point_id, "MeterValueSampleInterval", "30")
    changed = await configurations.set(garage.operator, garage.charge_point_id, "MeterValueSampleInterval", "15")
    assert not changed.setting.is_operators
    assert changed.setting.wish is not None
    await configurations.set(garage.operator, garage.charge_point_id, "ResetRetries", "90")
    changed = await configurations.set(garage.operator, garage.charge_point_id, "ResetRetries", "95", is_kept=False)
    assert (changed.setting.value, changed.setting.wish) == ("95", None)


async def test_a_refused_value_is_told_and_wishes_nothing(garage: Garage) -> None:
    Settings(dict(SET), refuses={"MeterValueSampleInterval": "Rejected"}).install(garage)
    with pytest.raises(Refusal, match="Rejected") as refused:
        await garage.house.configurations.set(garage.operator, garage.charge_point_id, "MeterValueSampleInterval", "1")
    assert refused.value.code is ErrorCode.CHARGER_REJECTED
    kept = (await settings(garage))["MeterValueSampleInterval"]
    assert (kept.answer, kept.is_operators) == ("Rejected", False)


async def test_what_it_holds_is_read_anew_for_an_operator(garage: Garage) -> None:
    charger = Settings(dict(SET)).install(garage)
    read = await garage.house.configurations.get(garage.operator, garage.charge_point_id)
    assert {one.key: one.value for one in read} == SET
    charger.keys["HeartbeatInterval"] = "7"
    (one,) = await garage.house.configurations.get(garage.operator, garage.charge_point_id, ["HeartbeatInterval"])
    assert (one.value, one.is_drifting) == ("7", True)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (ChargerOffline("gone"), ErrorCode.CHARGER_OFFLINE),
        (ChargerTimeout("slow"), ErrorCode.CHARGER_TIMEOUT),
        (ChargerBusy("never sent"), ErrorCode.CHARGER_BUSY),
        (ChargerRejected("NotSupported"), ErrorCode.CHARGER_REJECTED),
    ],
)
async def test_a_charger_that_fails_is_a_refusal(garage: Garage, failure: Exception, code: ErrorCode) -> None:
    garage.chargers.answers |= {GetConfiguration: failure, ChangeConfiguration: failure}
    for work in (
        garage.house.configurations.get(garage.operator, garage.charge_point_id),
        garage.house.configurations.set(garage.operator, garage.charge_point_id, "HeartbeatInterval", "1"),
    ):
        with pytest.raises(Refusal) as refused:
            await work
        assert refused.value.code is code


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("", "1", "key"),
        ("k" * 51, "1", "key"),
        ("HeartbeatInterval", "1" * 501, "value"),
        ("authorizationKey", "00112233445566778899", "key"),
    ],
)
async def test_what_cannot_be_set(garage: Garage, key: str, value: str, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.configurations.set(garage.operator, garage.charge_point_id, key, value)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID, ("input", field))
    assert garage.chargers.asks == []


async def test_c10_a_key_that_it_gives_away_is_not_kept(garage: Garage) -> None:
    Settings(dict(SET) | {"AuthorizationKey": "00112233445566778899"}).install(garage)
    read = await garage.house.configurations.get(garage.operator, garage.charge_point_id)
    (secret,) = [one for one in read if one.key == "AuthorizationKey"]
    assert (secret.value, secret.wish) == (None, None)
    assert not await ConfigurationKeyRow.filter(value__contains="0011223344").exists()


async def test_text_that_no_database_takes_is_kept_without_it(garage: Garage) -> None:
    Settings(dict(SET) | {"Vendor\x00Note": "a\x00b", "": "nameless"}).install(garage)
    read = await garage.house.configurations.get(garage.operator, garage.charge_point_id)
    assert {one.key: one.value for one in read}["VendorNote"] == "ab"


async def test_who_does_not_operate_the_garage_sets_nothing(garage: Garage) -> None:
    with pytest.raises(Refusal) as refused:
        await garage.house.configurations.set(garage.stranger, garage.charge_point_id, "HeartbeatInterval", "1")
    assert refused.value.code is ErrorCode.NOT_FOUND
    attendant = replace(garage.operator, roles={garage.id: Role.ATTENDANT})
    with pytest.raises(Forbidden):
        await garage.house.configurations.get(attendant, garage.charge_point_id)
