"""What charge points hold, how they should be set, and an operator's own wishes (B3)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from evgraph.domain.asks import ChangeConfiguration, ConfigurationKey, GetConfiguration
from evgraph.domain.asks import Configuration as Told
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.charging_session import START_WINDOW
from evgraph.domain.configuration import (
    MOST_KEYS,
    TAKEN,
    ConfigurationSetting,
    Wish,
    house_wishes,
    is_secret,
    means_the_same,
    operators_wish,
)
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import ConfigurationKeyRow
from evgraph.models.database import reader
from evgraph.services import asking, finding
from evgraph.services.books import Books
from evgraph.services.interfaces import (
    BadCall,
    CallFailed,
    ChargePointGateway,
    ChargerRejected,
    ChargerTimeout,
)
from evgraph.services.once import Once

HEARTBEAT_INTERVAL_S = 300

# OCPP 1.6 section 6.7: CiString50Type and CiString500Type. Firmware has longer keys, which are shown and not changed.
_LONGEST_KEY = 50
_LONGEST_VALUE = 500
_LONGEST_KEY_KEPT = 100
_LONGEST_ANSWER = 40
_MOST_KEYS_ASKED = 100
_REFUSED = {
    "Rejected": "It has this key, and does not take this value.",
    "NotSupported": "It has no such key.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """`status`: Accepted or RebootRequired. `setting` as it was read back."""

    status: str
    setting: ConfigurationSetting


class Configurations:
    """`heartbeat_interval` in seconds, and `start_window`: part of the house's wishes."""

    def __init__(
        self,
        books: Books,
        once: Once,
        gateway: ChargePointGateway,
        *,
        heartbeat_interval: int = HEARTBEAT_INTERVAL_S,
        start_window: timedelta = START_WINDOW,
    ) -> None:
        self._books = books
        self._once = once
        self._gateway = gateway
        self._wishes = house_wishes(heartbeat_interval=heartbeat_interval, start_window=start_window)

    # For an operator

    async def get(self, viewer: Viewer, charge_point_id: int, keys: Sequence[str] = ()) -> list[ConfigurationSetting]:
        """What the charge point holds now; all of it without `keys`. Raises Refusal."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        if len(keys) > _MOST_KEYS_ASKED:
            raise Refusal(ErrorCode.INVALID, f"At most {_MOST_KEYS_ASKED} keys at a time.", ("input", "keys"))
        wanted = tuple(dict.fromkeys(_checked_key(key, "keys") for key in keys))
        await self._once.to_the_end(self._read_or_refuse(charge_point, wanted))
        settings = await self.settings(charge_point.id)
        if not wanted:
            return settings
        asked = {key.casefold() for key in wanted}
        return [setting for setting in settings if setting.key.casefold() in asked]

    async def set(self, viewer: Viewer, charge_point_id: int, key: str, value: str, *, is_kept: bool = True) -> Changed:
        """Changes one key; `is_kept`: after later boots it is brought back to this. Raises Refusal, CHARGER_REJECTED
        with the status where the charge point says no."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        key = _checked_key(key, "key")
        if is_secret(key):
            raise Refusal(
                ErrorCode.INVALID,
                "The key that it signs in with is changed by rotateChargePointKey.",
                ("input", "key"),
            )
        if len(value) > _LONGEST_VALUE or "\x00" in value:
            raise Refusal(ErrorCode.INVALID, f"A value has at most {_LONGEST_VALUE} characters.", ("input", "value"))
        return await self._once.to_the_end(self._set(charge_point, key, value, is_kept=is_kept))

    # For whoever brings it into service

    def now(self) -> datetime:
        return self._books.now()

    async def settings(self, charge_point_id: int) -> list[ConfigurationSetting]:
        """By key; also what is wished and was never read."""
        return (await self.settings_of([charge_point_id]))[0]

    async def settings_of(self, charge_point_ids: Sequence[int]) -> list[list[ConfigurationSetting]]:
        """The same of many, with one query."""
        by_charge_point: defaultdict[int, list[ConfigurationKeyRow]] = defaultdict(list)
        for row in await ConfigurationKeyRow.filter(charge_point_id__in=charge_point_ids).using_db(reader()):
            by_charge_point[row.charge_point_id].append(row)
        return [self._shown(by_charge_point[id_]) for id_ in charge_point_ids]

    async def read(self, charge_point: ChargePoint, keys: Sequence[str] = ()) -> None:
        """Asks, and keeps what was told. Some chargers tell only so many keys at once: wishes that are missing are
        asked for by name. Raises CallFailed; ChargerRejected when it tells nothing at all."""
        if keys:
            told = await self._ask_by_name(charge_point, keys, at_once=len(keys))
        else:
            told = await self._ask_for_all(charge_point)
        await self._keep(charge_point, told)

    async def change(self, charge_point: ChargePoint, key: str, value: str) -> str:
        """The status that ChangeConfiguration is answered, which is kept; "Error" for a CALLERROR and for what cannot
        be read. Raises ChargerOffline, ChargerBusy, or ChargerTimeout, which is kept as no answer."""
        try:
            status = await self._gateway.ask(charge_point.identity, ChangeConfiguration(key, value))
        except ChargerRejected:
            status = "Error"
        except ChargerTimeout:
            await self.note(charge_point, key, None)
            raise
        await self.note(charge_point, key, status)
        return status

    async def note(self, charge_point: ChargePoint, key: str, answer: str | None) -> None:
        """What ChangeConfiguration of this key was answered now; null for no answer."""
        async with self._books.change(charge_point.garage_id) as change:
            row = await _row(charge_point, key)
            kept = answer[:_LONGEST_ANSWER] if answer is not None else None
            row.update_from_dict({"answer": kept, "asked_at": change.now})
            await row.save()

    async def was_ever_asked(self, charge_point_id: int) -> bool:
        rows = await ConfigurationKeyRow.filter(charge_point_id=charge_point_id)
        return any(row.read_at or row.asked_at for row in rows)

    async def _set(self, charge_point: ChargePoint, key: str, value: str, *, is_kept: bool) -> Changed:
        field = ("input", "value")
        status = await asking.ask(self._gateway, charge_point, ChangeConfiguration(key, value), part=field)
        await self.note(charge_point, key, status)
        asking.refuse_unless(charge_point, status, *TAKEN, meaning=_REFUSED, field=field)
        await self._keep_wish(charge_point, key, value if is_kept else None)
        # It took it; where it does not tell, what it held before is what is known of it.
        with suppress(CallFailed):
            await self.read(charge_point, [key])
        settings = {setting.key.casefold(): setting for setting in await self.settings(charge_point.id)}
        return Changed(status=status, setting=settings[key.casefold()])

    async def _read_or_refuse(self, charge_point: ChargePoint, keys: Sequence[str]) -> None:
        try:
            await self.read(charge_point, keys)
        except (BadCall, CallFailed) as failure:
            raise asking.refusal(charge_point, failure) from failure

    async def _ask_for_all(self, charge_point: ChargePoint) -> Told:
        failure: ChargerRejected | None = None
        try:
            told = await self._gateway.ask(charge_point.identity, GetConfiguration())
        except ChargerRejected as refused:
            # It may take no list as long as all of them.
            told, failure = Told(keys=(), unknown=()), refused
        known = {key.key.casefold(): key for key in told.keys}
        wished = [setting.key for setting in await self.settings(charge_point.id) if setting.wish is not None]
        left = [key for key in wished if key.casefold() not in known]
        if not left:
            return told
        try:
            more = await self._ask_by_name(charge_point, left, at_once=_most_keys(known) or len(left))
        except ChargerRejected as refused:
            if failure is not None:
                raise refused from failure
            return told
        return Told(keys=(*told.keys, *more.keys), unknown=more.unknown)

    async def _ask_by_name(self, charge_point: ChargePoint, keys: Sequence[str], *, at_once: int) -> Told:
        told: list[ConfigurationKey] = []
        unknown: list[str] = []
        for first in range(0, len(keys), at_once):
            asked = GetConfiguration(tuple(keys[first : first + at_once]))
            answer = await self._gateway.ask(charge_point.identity, asked)
            told += answer.keys
            unknown += answer.unknown
        return Told(keys=tuple(told), unknown=tuple(unknown))

    async def _keep(self, charge_point: ChargePoint, told: Told) -> None:
        """One query for all that is new, one for all that was told, and one for each value that changed."""
        held = {_plain(key): _Held(None, is_readonly=False, is_known=False) for key in told.unknown}
        held |= {_plain(key.key): _held(key) for key in told.keys}
        held.pop("", None)
        async with self._books.change(charge_point.garage_id) as change:
            rows = {row.key.casefold(): row for row in await _rows(charge_point)}
            new: dict[str, ConfigurationKeyRow] = {}
            for key, now_held in held.items():
                row = rows.get(key.casefold())
                if row is None:
                    new[key.casefold()] = ConfigurationKeyRow(
                        charge_point_id=charge_point.id, key=key, read_at=change.now, **now_held.columns()
                    )
                elif _Held(row.value, is_readonly=row.is_readonly, is_known=row.is_known) != now_held:
                    await ConfigurationKeyRow.filter(id=row.id).update(**now_held.columns())
            ids = [rows[key.casefold()].id for key in held if key.casefold() in rows]
            await ConfigurationKeyRow.filter(id__in=ids).update(read_at=change.now)
            await ConfigurationKeyRow.bulk_create(new.values())

    async def _keep_wish(self, charge_point: ChargePoint, key: str, value: str | None) -> None:
        """Null where the house wishes the same."""
        house = self._wishes.get(key.casefold())
        if value is not None and house is not None and means_the_same(key, value, house.value):
            value = None
        async with self._books.change(charge_point.garage_id):
            row = await _row(charge_point, key)
            row.update_from_dict({"wish": value})
            await row.save()

    def _shown(self, rows: Iterable[ConfigurationKeyRow]) -> list[ConfigurationSetting]:
        settings = {row.key.casefold(): self._setting(row) for row in rows}
        for name, wish in self._wishes.items():
            if name not in settings:
                settings[name] = _unread(wish)
        return [settings[name] for name in sorted(settings)]

    def _setting(self, row: ConfigurationKeyRow) -> ConfigurationSetting:
        own = operators_wish(row.key, row.wish) if row.wish is not None else None
        return ConfigurationSetting(
            key=row.key,
            value=row.value,
            is_readonly=row.is_readonly,
            is_known=row.is_known,
            read_at=row.read_at,
            answer=row.answer,
            asked_at=row.asked_at,
            wish=own or self._wishes.get(row.key.casefold()),
            is_operators=own is not None,
        )


@dataclass(frozen=True, slots=True)
class _Held:
    value: str | None
    is_readonly: bool
    is_known: bool

    def columns(self) -> dict[str, str | bool | None]:
        return {"value": self.value, "is_readonly": self.is_readonly, "is_known": self.is_known}


def _held(key: ConfigurationKey) -> _Held:
    value = None if key.value is None or is_secret(key.key) else key.value.replace("\x00", "")
    return _Held(value, is_readonly=key.is_readonly, is_known=True)


def _plain(key: str) -> str:
    return key.replace("\x00", "").strip()[:_LONGEST_KEY_KEPT]


def _unread(wish: Wish) -> ConfigurationSetting:
    return ConfigurationSetting(
        key=wish.key,
        value=None,
        is_readonly=False,
        is_known=True,
        read_at=None,
        answer=None,
        asked_at=None,
        wish=wish,
        is_operators=False,
    )


async def _rows(charge_point: ChargePoint) -> list[ConfigurationKeyRow]:
    return await ConfigurationKeyRow.filter(charge_point_id=charge_point.id)


async def _row(charge_point: ChargePoint, key: str) -> ConfigurationKeyRow:
    """The key's row, in whatever case it is written; a new one that is not saved yet."""
    for row in await _rows(charge_point):
        if row.key.casefold() == key.casefold():
            return row
    return ConfigurationKeyRow(charge_point_id=charge_point.id, key=key)


def _most_keys(known: Mapping[str, ConfigurationKey]) -> int | None:
    """GetConfigurationMaxKeys, where it tells a number."""
    told = known.get(MOST_KEYS.casefold())
    text = (told.value or "").strip() if told else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) <= _MOST_KEYS_ASKED else None


def _checked_key(key: str, field: str) -> str:
    key = key.strip()
    if not 1 <= len(key) <= _LONGEST_KEY or "\x00" in key:
        raise Refusal(ErrorCode.INVALID, f"A key has 1 to {_LONGEST_KEY} characters.", ("input", field))
    return key
