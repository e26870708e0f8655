"""The chargers' local authorization lists: a garage's cards, for the time that we are away (OCPP 1.6 section 3.5.2).

A charge point's row bears the version that its list should have; it rises with every change of the garage's cards, in
whatever process. What a charge point holds is asked of itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from evgraph.domain.asks import ChangeConfiguration, GetConfiguration, GetLocalListVersion, SendLocalList
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.configuration import as_boolean
from evgraph.domain.local_list import MOST_AT_ONCE, Entries, entries, next_version, updates
from evgraph.domain.own_clock import has_elapsed
from evgraph.domain.people import Right, Viewer
from evgraph.models import CardRow, ChargePointRow, ConfigurationKeyRow
from evgraph.models.failures import DatabaseUnavailable
from evgraph.services import asking
from evgraph.services.interfaces import (
    CallFailed,
    ChargePointGateway,
    ChargerRejected,
    Clock,
)
from evgraph.services.permissions import missing, require

LOOK_EVERY = timedelta(seconds=30)
ACCEPTED = "Accepted"
NOT_SUPPORTED = "NotSupported"
ENABLED, MOST_ENTRIES, MOST_SENT = "LocalAuthListEnabled", "LocalAuthListMaxLength", "SendLocalListMaxLength"
_NO_LIST = -1

log = structlog.get_logger("evgraph.local_lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentList:
    """`status`: what SendLocalList was answered; `version` is the list's, if it was Accepted."""

    charge_point: ChargePoint
    status: str
    version: int
    entry_count: int


@dataclass(frozen=True, slots=True)
class _Held:
    version: int
    entries: Entries


@dataclass(frozen=True, slots=True)
class _Limits:
    entries: int | None
    at_once: int


class LocalLists:
    """One at a time for each charge point. What each holds is remembered, to send only what changed."""

    def __init__(self, clock: Clock, gateway: ChargePointGateway) -> None:
        self._clock = clock
        self._gateway = gateway
        self._held: dict[int, _Held] = {}
        # By charge point, the firmware that has no local list.
        self._unsupported: dict[int, str | None] = {}
        self._tried: dict[int, int] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._looked: datetime | None = None

    def cards_changed(self, garage_id: int) -> None:
        """After the commit; returns at once."""
        self._later(lambda: self._bring_garage_up_to_date(garage_id))

    async def bring_up_to_date(self, charge_point_id: int, identity: str) -> None:
        """For a charge point that has connected or booted. What fails is logged, and tried again at its next
        connection or with the next change."""
        if charge_point_id in self._waiting:
            return  # whoever waits will see what is there by then
        self._waiting.add(charge_point_id)
        try:
            async with self._locks[charge_point_id]:
                self._waiting.discard(charge_point_id)
                await self._bring(charge_point_id)
        except CallFailed as failure:
            log.info("local list not sent", charge_point=identity, why=repr(failure))
        finally:
            self._waiting.discard(charge_point_id)

    async def send(self, viewer: Viewer, charge_point_id: int) -> SentList:
        """The full list, whatever the charge point holds. Raises Refusal NOT_FOUND, CHARGER_OFFLINE, CHARGER_BUSY,
        CHARGER_TIMEOUT or CHARGER_REJECTED, which tells the status."""
        row = await ChargePointRow.get_or_none(id=charge_point_id)
        if row is None:
            raise missing("charge point", "input", "chargePointId")
        require(viewer, Right.OPERATE, row.garage_id, "charge point", "input", "chargePointId")
        charge_point = row.value()
        async with self._locks[charge_point_id]:
            version = await self._wanted_version(row)
            try:
                limits = await self._limits(charge_point)
                wanted = await self._entries(charge_point, limits)
                status = await self._send(charge_point, None, wanted, version, limits)
            except CallFailed as failure:
                raise asking.refusal(charge_point, failure) from failure
        asking.refuse_unless(
            charge_point, status, ACCEPTED, meaning={NOT_SUPPORTED: "It keeps no local authorization list."}
        )
        return SentList(charge_point=charge_point, status=status, version=version, entry_count=len(wanted))

    async def look(self) -> None:
        """Cards that another process changed, such as the command line: at most twice a minute, for the charge points
        that are connected to this one."""
        now = self._clock.now()
        if self._looked is not None and not has_elapsed(self._looked, LOOK_EVERY, now):
            return
        self._looked = now
        rows = await ChargePointRow.filter(is_online=True, local_list_version__gt=0)
        for row in rows:
            is_known = self._tried.get(row.id) == row.local_list_version
            if not is_known and self._gateway.last_seen(row.identity) is not None:
                self._later(partial(self.bring_up_to_date, row.id, row.identity))

    async def settled(self) -> None:
        """Returns when nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _later(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring_garage_up_to_date(self, garage_id: int) -> None:
        rows = await ChargePointRow.filter(garage_id=garage_id, is_online=True)
        await asyncio.gather(*(self.bring_up_to_date(row.id, row.identity) for row in rows))

    async def _bring(self, charge_point_id: int) -> None:
        row = await ChargePointRow.get(id=charge_point_id)
        if row.local_list_version == 0 and not await CardRow.exists(garage_id=row.garage_id):
            return
        if self._unsupported.get(row.id, "") == row.firmware_version:
            return
        version = await self._wanted_version(row)
        self._tried[row.id] = version
        held = await self._version_held(row)
        if held == _NO_LIST:
            log.info("charge point keeps no local list", charge_point=row.identity)
            self._unsupported[row.id] = row.firmware_version
            return
        if held == version:
            return
        charge_point = row.value()
        known = self._held.get(row.id)
        limits = await self._limits(charge_point)
        wanted = await self._entries(charge_point, limits)
        base = known if known is not None and known.version == held else None
        status = await self._send(charge_point, base, wanted, version, limits)
        if status != ACCEPTED and base is not None:
            # VersionMismatch, or Failed: it holds something else than we believed.
            status = await self._send(charge_point, None, wanted, version, limits)
        if status == NOT_SUPPORTED:
            self._unsupported[row.id] = row.firmware_version
        log.info("local list sent", charge_point=row.identity, status=status, version=version, entries=len(wanted))

    async def _version_held(self, row: ChargePointRow) -> int:
        try:
            return await self._gateway.ask(row.identity, GetLocalListVersion())
        except ChargerRejected:
            # NotSupported, NotImplemented, or an answer that is none.
            return _NO_LIST

    async def _wanted_version(self, row: ChargePointRow) -> int:
        """Made where it has none: a charge point that was registered after the cards."""
        if row.local_list_version == 0:
            version = next_version(0, self._clock.now())
            await ChargePointRow.filter(id=row.id, local_list_version=0).update(local_list_version=version)
            return (await ChargePointRow.get(id=row.id)).local_list_version
        return row.local_list_version

    async def _entries(self, charge_point: ChargePoint, limits: _Limits) -> Entries:
        cards = [row.value() for row in await CardRow.filter(garage_id=charge_point.garage_id).order_by("id")]
        if limits.entries is not None and len(cards) > limits.entries:
            log.warning(
                "not all cards fit in the local list",
                charge_point=charge_point.identity,
                cards=len(cards),
                room=limits.entries,
            )
        return entries(cards, self._clock.now(), most=limits.entries)

    async def _send(
        self, charge_point: ChargePoint, base: _Held | None, wanted: Entries, version: int, limits: _Limits
    ) -> str:
        """The last status: Accepted, when all of it was. In parts, each has a version of its own, below the last's."""
        parts = updates(base.entries if base else None, wanted, limits.at_once)
        if base is not None and version - base.version < len(parts):
            parts = updates(None, wanted, limits.at_once)
        self._held.pop(charge_point.id, None)
        for left, (is_full, part) in zip(reversed(range(len(parts))), parts, strict=True):
            ask = SendLocalList(version=version - left, is_full=is_full, entries=tuple(part))
            status = await self._gateway.ask(charge_point.identity, ask)
            if status != ACCEPTED:
                return status
        self._held[charge_point.id] = _Held(version, wanted)
        return ACCEPTED

    async def _limits(self, charge_point: ChargePoint) -> _Limits:
        """By what it told of its configuration, asked for where nobody has; a list that is switched off is switched
        on."""
        names = (ENABLED, MOST_ENTRIES, MOST_SENT)
        rows = await ConfigurationKeyRow.filter(charge_point_id=charge_point.id, key__in=names, is_known=True)
        told: dict[str, tuple[str | None, bool]] = {
            row.key: (row.value, row.is_readonly) for row in rows if row.read_at is not None
        }
        if MOST_SENT not in told:
            try:
                configuration = await self._gateway.ask(charge_point.identity, GetConfiguration(names))
                told |= {one.key: (one.value, one.is_readonly) for one in configuration.keys}
            except ChargerRejected as refused:
                log.info("local list's limits not told", charge_point=charge_point.identity, why=str(refused))
        is_enabled, is_readonly = told.get(ENABLED, (None, True))
        if as_boolean(is_enabled or "") is False and not is_readonly:
            try:
                await self._gateway.ask(charge_point.identity, ChangeConfiguration(ENABLED, "true"))
            except ChargerRejected as refused:
                log.info("local list not switched on", charge_point=charge_point.identity, why=str(refused))
        return _Limits(
            entries=_count(told.get(MOST_ENTRIES, (None, True))[0]),
            at_once=_count(told.get(MOST_SENT, (None, True))[0]) or MOST_AT_ONCE,
        )


async def _logged(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except DatabaseUnavailable as failure:
        log.warning("local lists could not use the database", error=repr(failure))
    except Exception:
        log.exception("local list failed")


def _count(told: str | None) -> int | None:
    """Null for what is no number of entries."""
    text = (told or "").strip()
    return int(text) if text.isdecimal() and 0 < int(text) < 2**31 else None
