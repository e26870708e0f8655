"""The start window of one charge point: how long an accepted start may wait for its vehicle (rules B3, S4, S5)."""

from datetime import timedelta

from evgraph.domain.configuration import CONNECTION_TIMEOUT, effective_start_window
from evgraph.models.plain import select

_SELECT = (
    "SELECT value, wish, answer, asked_at, read_at FROM configuration_key"
    " WHERE charge_point_id = ? AND lower(key) = ? AND is_known"
)


async def start_window(charge_point_id: int, default: timedelta) -> timedelta:
    """The charge point's own ConnectionTimeOut, where it reported one that differs from `default` (the setting): OCPP
    1.6 cannot cancel a RemoteStart, so that a start which we gave up earlier would still charge the next vehicle.
    Otherwise `default`."""
    for value, wish, answer, asked_at, read_at in await select(_SELECT, charge_point_id, CONNECTION_TIMEOUT.lower()):
        was_set_since = answer == "Accepted" and asked_at is not None and (read_at is None or asked_at > read_at)
        return effective_start_window(wish if was_set_since else value, default)
    return default
