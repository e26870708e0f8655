"""How a charge point should be set (B3): the house's wishes with why each is there, and what drift from them is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from types import MappingProxyType

from evgraph.domain.charging_session import START_WINDOW
from evgraph.domain.energy import POWER, REGISTER
from evgraph.domain.own_clock import has_elapsed

AUTHORIZATION_KEY = "AuthorizationKey"
SAMPLE_INTERVAL = "MeterValueSampleInterval"
SAMPLED_DATA = "MeterValuesSampledData"
STOP_ON_UNPLUG = "StopTransactionOnEVSideDisconnect"
HEARTBEAT_INTERVAL = "HeartbeatInterval"
PING_INTERVAL = "WebSocketPingInterval"
CONNECTION_TIMEOUT = "ConnectionTimeOut"
STOP_SAMPLED_DATA = "StopTxnSampledData"
STOP_ALIGNED_DATA = "StopTxnAlignedData"
MOST_KEYS = "GetConfigurationMaxKeys"

# What a charge point's ConnectionTimeOut may make of the start window (S5).
SHORTEST_START_WINDOW = timedelta(seconds=10)
LONGEST_START_WINDOW = timedelta(hours=24)

TAKEN = frozenset({"Accepted", "RebootRequired"})

# Some firmware restarts for a change: without a pause it would be asked at each boot, and never come to rest.
_REST_AFTER_A_YES = timedelta(minutes=10)
_REST_AFTER_A_NO = timedelta(hours=24)

# OCPP 1.6 chapter 9: these hold lists, whose order means nothing.
_LISTS = frozenset(
    name.casefold()
    for name in (
        "ConnectorPhaseRotation",
        "MeterValuesAlignedData",
        SAMPLED_DATA,
        STOP_ALIGNED_DATA,
        STOP_SAMPLED_DATA,
        "SupportedFeatureProfiles",
        "SupportedFileTransferProtocols",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`fallbacks` serve where `value` is refused, in this order. `why` is a sentence for a technician."""

    key: str
    value: str
    why: str
    fallbacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSetting:
    """One key of a charge point. `value` is what it held when it was read last, null where it keeps that to itself;
    `is_known`: it has such a key. `wish` is how it should be, `is_operators` whether an operator wished so. `answer`
    is what ChangeConfiguration was answered last; null with an `asked_at` when no answer came."""

    key: str
    value: str | None
    is_readonly: bool
    is_known: bool
    read_at: datetime | None
    answer: str | None
    asked_at: datetime | None
    wish: Wish | None
    is_operators: bool

    @property
    def is_drifting(self) -> bool:
        """It holds something else than is wished, and than what would serve instead."""
        if self.wish is None or self.read_at is None or not self.is_known or self.value is None:
            return False
        return not any(means_the_same(self.key, self.value, wished) for wished in candidates(self.wish))


def house_wishes(*, heartbeat_interval: int, start_window: timedelta = START_WINDOW) -> Mapping[str, Wish]:
    """By key in small letters: OCPP's keys are the same in any case. `heartbeat_interval` in seconds."""
    why_no_stop_data = "A StopTransaction stays small. Its readings have been sent already, in MeterValues."
    wishes = (
        Wish(key=SAMPLE_INTERVAL, value="15", why="The board's kWh moves, and little is lost when a charger breaks."),
        Wish(
            key=SAMPLED_DATA,
            value=f"{REGISTER},{POWER}",
            fallbacks=(REGISTER,),
            why="The register is what is billed; the power shows when a vehicle is full.",
        ),
        Wish(
            key=STOP_ON_UNPLUG,
            value="true",
            why="Unplugging ends the session; else the next vehicle would charge on it.",
        ),
        Wish(
            key=HEARTBEAT_INTERVAL,
            value=str(heartbeat_interval),
            why="Its clock is set by the answer to each heartbeat.",
        ),
        Wish(key=PING_INTERVAL, value="30", why="It finds out by itself that its connection is dead, and comes back."),
        Wish(
            key=CONNECTION_TIMEOUT,
            value=str(max(1, ceil(start_window.total_seconds()))),
            why="The charger gives up a start when we do, and does not charge the next vehicle on it.",
        ),
        Wish(key=STOP_SAMPLED_DATA, value="", fallbacks=(REGISTER,), why=why_no_stop_data),
        Wish(key=STOP_ALIGNED_DATA, value="", fallbacks=(REGISTER,), why=why_no_stop_data),
    )
    return MappingProxyType({wish.key.casefold(): wish for wish in wishes})


def operators_wish(key: str, value: str) -> Wish:
    return Wish(key=key, value=value, why="An operator set it.")


def candidates(wish: Wish) -> tuple[str, ...]:
    """All values that serve, the best first."""
    return (wish.value, *wish.fallbacks)


def is_secret(key: str) -> bool:
    """Write-only (OCPP-J 1.6 section 6.2): never kept and never shown, also where a firmware gives it away."""
    return key.strip().casefold() == AUTHORIZATION_KEY.casefold()


def means_the_same(key: str, held: str, wished: str) -> bool:
    """The order of a list, the case of a boolean and whether it is a word or a digit, spaces and leading zeros do not
    matter."""
    if key.casefold() in _LISTS:
        return _items(held) == _items(wished)
    held, wished = held.strip(), wished.strip()
    if held == wished:
        return True
    if any(text.casefold() in ("true", "false") for text in (held, wished)):
        is_held, is_wished = as_boolean(held), as_boolean(wished)
        return is_held is not None and is_held is is_wished
    return _is_whole(held) and _is_whole(wished) and int(held) == int(wished)


def as_boolean(value: str) -> bool | None:
    """True for true and 1, false for false and 0, in any case; null for what is no boolean."""
    match value.strip().casefold():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    return None


def is_to_change(setting: ConfigurationSetting, now: datetime) -> bool:
    """Whether it is asked to change this key now: it holds something else than the best, or does not tell, and was not
    asked a short while ago."""
    wish = setting.wish
    if wish is None or not setting.is_known or setting.is_readonly:
        return False
    if _holds(setting, wish.value):
        return False
    if setting.asked_at is None:
        return True
    took_it = setting.answer in TAKEN and not _serves(setting, wish)
    return has_elapsed(setting.asked_at, _REST_AFTER_A_YES if took_it else _REST_AFTER_A_NO, now)


def effective_start_window(value: str | None, default: timedelta) -> timedelta:
    """S5: the start window of a charge point whose ConnectionTimeOut is `value`, in seconds; `default` if that says the
    same, or cannot be read. Between 10 seconds and 24 hours."""
    held = (value or "").strip()
    if not _is_whole(held) or int(held) <= 0 or int(held) == ceil(default.total_seconds()):
        return default
    seconds = min(int(held), int(LONGEST_START_WINDOW.total_seconds()))
    return max(timedelta(seconds=seconds), SHORTEST_START_WINDOW)


def _holds(setting: ConfigurationSetting, wished: str) -> bool:
    # OCPP 1.6 section 7.29: a key that is known but not set may come without a value.
    is_unset = setting.value is None and setting.read_at is not None and wished == ""
    return is_unset or (setting.value is not None and means_the_same(setting.key, setting.value, wished))


def _serves(setting: ConfigurationSetting, wish: Wish) -> bool:
    """It holds a fallback: the best was refused."""
    return setting.value is not None and any(means_the_same(setting.key, setting.value, it) for it in wish.fallbacks)


def _items(text: str) -> frozenset[str]:
    return frozenset(item for item in (part.strip().casefold() for part in text.split(",")) if item)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit() and len(text) < 20
