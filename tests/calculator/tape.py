"""Writes a record by hand: minutes after noon, payloads as they are, answers as they should be."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from .record import CheckOut, Connected, Frame, Rate, Record, Request, StopAsked

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
POWER_W = 11_000


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@dataclass
class Tape:
    """A charge point of `connectors`, that is connected and tells of itself; its own stamps are right unless given."""

    connectors: int = 1
    kind: str = "PER_KWH"
    cents: str = "25"
    frames: list[Frame] = field(default_factory=list)
    connections: list[Connected] = field(default_factory=lambda: [Connected(at(-600))])
    requests: list[Request] = field(default_factory=list)
    stops_asked: list[StopAsked] = field(default_factory=list)
    check_outs: list[CheckOut] = field(default_factory=list)
    cards: frozenset[str] = frozenset()
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, minute: float, action: str, payload: dict[str, Any], answer: dict[str, Any] | None = None) -> None:
        id_ = f"m{next(self._ids)}"
        self.frames.append(Frame(at(minute), True, json.dumps([2, id_, action, payload])))
        self.frames.append(Frame(at(minute), False, json.dumps([3, id_, answer or {}])))

    def our_call(self, minute: float, action: str, payload: dict[str, Any], status: str | None) -> None:
        id_ = f"o{next(self._ids)}"
        self.frames.append(Frame(at(minute), False, json.dumps([2, id_, action, payload])))
        if status is not None:
            self.frames.append(Frame(at(minute), True, json.dumps([3, id_, {"status": status}])))

    def request(self, minute: float, tag: str, *, connector: int = 1, ticket: str | None = None) -> None:
        self.requests.append(Request(at(minute), connector, tag, ticket or tag))
        self.our_call(minute, "RemoteStartTransaction", {"connectorId": connector, "idTag": tag}, "Accepted")

    def start(
        self,
        minute: float,
        tag: object,
        register: object = 1000,
        *,
        id_: int = 7,
        stamp: str | None = None,
        connector: int = 1,
    ) -> None:
        payload = {
            "connectorId": connector,
            "idTag": tag,
            "meterStart": register,
            "timestamp": stamp or iso(at(minute)),
        }
        self.call(minute, "StartTransaction", payload, {"transactionId": id_, "idTagInfo": {"status": "Accepted"}})

    def reading(
        self, minute: float, *values: object, id_: object = 7, stamp: str | None = None, connector: int = 1
    ) -> None:
        """Values are registers in Wh, or whole SampledValues."""
        samples = [value if isinstance(value, dict) else {"value": str(value)} for value in values]
        entry = {"timestamp": stamp or iso(at(minute)), "sampledValue": samples}
        self.call(minute, "MeterValues", {"connectorId": connector, "transactionId": id_, "meterValue": [entry]})

    def stop(
        self, minute: float, register: object, *, id_: object = 7, stamp: str | None = None, **more: object
    ) -> None:
        named = {} if id_ == "missing" else {"transactionId": id_}
        payload = {"meterStop": register, "timestamp": stamp or iso(at(minute)), **named, **more}
        self.call(minute, "StopTransaction", payload, {})

    def status(self, minute: float, status: str, *, connector: int = 1, **more: object) -> None:
        payload = {"connectorId": connector, "status": status, "errorCode": "NoError", "timestamp": iso(at(minute))}
        self.call(minute, "StatusNotification", {**payload, **more})

    def boot(self, minute: float) -> None:
        self.call(minute, "BootNotification", {"chargePointVendor": "Phihong", "chargePointModel": "AX48"})

    def record(self, until: float = 3000) -> Record:
        return Record(
            frames=tuple(sorted(self.frames, key=lambda frame: frame.at)),
            until=at(until),
            power_w=dict.fromkeys(range(1, self.connectors + 1), POWER_W),
            connections=tuple(self.connections),
            requests=tuple(self.requests),
            rates=(Rate(at(-100_000), self.kind, Decimal(self.cents)),),
            stops_asked=tuple(self.stops_asked),
            check_outs=tuple(self.check_outs),
            cards=self.cards,
        )
