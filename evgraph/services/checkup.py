"""Looks at a charge point and asks it what it can tell: what a technician wants to know first."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from evgraph.bus import Feed
from evgraph.domain.asks import TriggerMessage
from evgraph.domain.charge_point import Acceptance, ChargePoint, FrameDirection, FrameKind
from evgraph.domain.checkup import Facts, Finding, RefusedAttempt, Stamped, findings
from evgraph.domain.configuration import ConfigurationSetting
from evgraph.domain.energy import REGISTER
from evgraph.domain.events import FrameLogged
from evgraph.domain.frames import LoggedFrame
from evgraph.domain.people import Right, Viewer
from evgraph.models import ChargePointRow, ConnectionRow, FrameRow, PortRow, RefusedConnectionRow, database
from evgraph.services import finding, reading
from evgraph.services.configuration import Configurations
from evgraph.services.frames import FrameLog, first_id_at
from evgraph.services.interfaces import (
    CallFailed,
    ChargePointGateway,
    Clock,
)
from evgraph.services.once import Once

READING_WAIT_S = 10.0

_METER_VALUES = "MeterValues"
_STAMPED = ("StatusNotification", _METER_VALUES, "StartTransaction", "StopTransaction")
_STAMPS_WITHIN = timedelta(days=1)
_MOST_STAMPS = 20
_MOST_REFUSED = 20


class Checkup:
    """`reading_wait`: seconds that a reading which it was asked for has to come."""

    def __init__(
        self,
        clock: Clock,
        once: Once,
        gateway: ChargePointGateway,
        configurations: Configurations,
        frames: FrameLog,
        *,
        reading_wait: float = READING_WAIT_S,
    ) -> None:
        self._clock = clock
        self._once = once
        self._gateway = gateway
        self._configurations = configurations
        self._frames = frames
        self._reading_wait = reading_wait

    async def check(self, viewer: Viewer, charge_point_id: int) -> tuple[Finding, ...]:
        """Raises Refusal NOT_FOUND. That a charger fails to answer is a finding."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        return await self._once.to_the_end(self._check(charge_point))

    async def _check(self, charge_point: ChargePoint) -> tuple[Finding, ...]:
        settings: tuple[ConfigurationSetting, ...] = ()
        not_told = trigger = None
        sent: LoggedFrame | None = None
        if charge_point.is_online and charge_point.acceptance is Acceptance.ACCEPTED:
            not_told = await self._read_configuration(charge_point)
            settings = tuple(await self._configurations.settings(charge_point.id))
            trigger, sent = await self._ask_for_a_reading(charge_point)
        row = await ChargePointRow.get(id=charge_point.id)
        connection = await ConnectionRow.filter(charge_point_id=row.id, disconnected_at=None).order_by("-id").first()
        refused = await RefusedConnectionRow.filter(identity=row.identity).order_by("-id").limit(_MOST_REFUSED)
        return findings(
            Facts(
                charge_point=row.value(),
                has_rate=await reading.rate_in_force(database.reader(), row.garage_id) is not None,
                has_key=row.key_hash is not None,
                has_new_key=row.next_key_hash is not None,
                connected_since=connection.connected_at if connection else None,
                security_profile=connection.security_profile if connection else None,
                refused=tuple(RefusedAttempt(at=one.at, remote=one.remote, reason=one.reason) for one in refused),
                stamps=await self._stamps(row.id, sent),
                settings=settings,
                not_told=not_told,
                trigger=trigger,
                measurands=measurands(sent.frame) if sent else None,
                waited_s=self._reading_wait,
            )
        )

    async def _read_configuration(self, charge_point: ChargePoint) -> str | None:
        """Why it could not be read."""
        try:
            await self._configurations.read(charge_point)
        except CallFailed as failure:
            return str(failure).rstrip(". ") or "it gave no reason"
        return None

    async def _ask_for_a_reading(self, charge_point: ChargePoint) -> tuple[str | None, LoggedFrame | None]:
        """What TriggerMessage was answered, and the MeterValues that came then."""
        port = await PortRow.filter(charge_point_id=charge_point.id).order_by("connector_id").first()
        ask = TriggerMessage(_METER_VALUES, port.connector_id if port else None)
        with self._frames.watch(charge_point.garage_id, charge_point.id) as feed:
            try:
                status = await self._gateway.ask(charge_point.identity, ask)
            except CallFailed:
                return None, None
            if status != "Accepted":
                return status, None
            try:
                async with asyncio.timeout(self._reading_wait):
                    return status, await _next_reading(feed, charge_point.id)
            except TimeoutError:
                return status, None

    async def _stamps(self, charge_point_id: int, newest: LoggedFrame | None) -> tuple[Stamped, ...]:
        rows = await (
            FrameRow.filter(
                charge_point_id=charge_point_id,
                id__gte=first_id_at(self._clock.now() - _STAMPS_WITHIN),
                direction=FrameDirection.RECEIVED,
                kind=FrameKind.CALL,
                action__in=_STAMPED,
            )
            .order_by("-id")
            .limit(_MOST_STAMPS)
        )
        frames = [*([newest] if newest else []), *(row.value() for row in rows)]
        return tuple(found for frame in frames if (found := stamped(frame)) is not None)


async def _next_reading(feed: Feed, charge_point_id: int) -> LoggedFrame | None:
    async for event in feed:
        if (
            isinstance(event, FrameLogged)
            and event.charge_point_id == charge_point_id
            and event.frame.kind is FrameKind.CALL
            and event.frame.action == _METER_VALUES
        ):
            return event.frame
    return None


def stamped(frame: LoggedFrame) -> Stamped | None:
    """Null where the message bears no time."""
    payload = _payload(frame.frame)
    entries = payload.get("meterValue")
    if isinstance(entries, list) and entries and isinstance(entries[-1], dict):
        payload = entries[-1]
    told = payload.get("timestamp")
    if told is None:
        return None
    return Stamped(action=frame.action or "message", stamp=_instant(told), received_at=frame.at)


def measurands(frame: str) -> frozenset[str]:
    """Of a MeterValues; no measurand is the register's (OCPP 1.6 section 7.44)."""
    entries = _payload(frame).get("meterValue")
    samples = [
        sample
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and isinstance(entry.get("sampledValue"), list)
        for sample in entry["sampledValue"]
        if isinstance(sample, dict)
    ]
    return frozenset(str(sample.get("measurand") or REGISTER) for sample in samples)


def _payload(frame: str) -> Mapping[str, Any]:
    """Of a CALL; empty where it cannot be read."""
    try:
        elements = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    if isinstance(elements, list) and len(elements) > 3 and isinstance(elements[3], dict):
        return elements[3]
    return {}


def _instant(told: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(told).strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
