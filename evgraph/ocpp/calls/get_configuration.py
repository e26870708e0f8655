from collections.abc import Mapping
from typing import Any

from evgraph.domain.asks import Configuration, ConfigurationKey, GetConfiguration
from evgraph.ocpp.calls.answers import is_true, objects, text, unreadable
from evgraph.ocpp.calls.command import Command, asks
from evgraph.services.interfaces import ChargerRejected

# OCPP 1.6 allows 50 and 500 characters; some lists of real chargers are longer.
_LONGEST_KEY, _LONGEST_VALUE = 100, 10_000


@asks(GetConfiguration)
def get_configuration(ask: GetConfiguration) -> Command[Configuration]:
    """OCPP 1.6 section 5.8."""
    return Command("GetConfiguration", {"key": list(ask.keys)} if ask.keys else {}, _read)


def _read(answer: Mapping[str, Any]) -> Configuration:
    told = objects(answer, "configurationKey")
    keys = {key.key: key for key in map(_key, told) if key is not None}
    if told and not keys:
        raise unreadable(answer.get("configurationKey"))
    unknown = answer.get("unknownKey")
    names = unknown if isinstance(unknown, list) else [unknown]
    return Configuration(
        keys=tuple(keys.values()),
        unknown=tuple(dict.fromkeys(name.strip()[:_LONGEST_KEY] for name in names if isinstance(name, str))),
    )


def _key(entry: Mapping[str, Any]) -> ConfigurationKey | None:
    """Null for an entry that cannot be read: the others still hold."""
    try:
        key = text(entry, "key", _LONGEST_KEY)
        if key is None:
            return None
        # Empty is a value of its own, and null is none that is told.
        value = "" if entry.get("value") == "" else text(entry, "value", _LONGEST_VALUE)
    except ChargerRejected:
        return None
    return ConfigurationKey(key=key, value=value, is_readonly=is_true(entry.get("readonly")))
