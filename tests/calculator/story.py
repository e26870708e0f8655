"""A story that is told to the product by minutes after its beginning, frame by frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .comparing import Comparison, compare
from .garage import BEGAN, Charger

# Energy.Active.Import.Register, of a story whose meter has nothing special about it.
METER_START = 1000
UNKNOWN_ID = 2**31 - 1
# The one-time idTag of a request, or the name of who started it locally.
OWN = "(its own)"
_SETTLES = timedelta(minutes=6)
_FORGOTTEN = timedelta(hours=25)

Json = dict[str, Any]


def moment(minute: float) -> datetime:
    return BEGAN + timedelta(minutes=minute)


def iso(at: datetime) -> str:
    """UTC with Z, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stamp(minute: float) -> str:
    return iso(moment(minute))


@dataclass
class Story:
    """`tags` and `ids`: by the name of a ticket or of a local start, its one-time idTag and its transactionId."""

    charger: Charger
    tags: dict[str, str] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    started_with: dict[str | None, object] = field(default_factory=dict)

    async def request(self, minute: float, ticket: str, *, connector: int = 1) -> None:
        await self.charger.at(moment(minute))
        tag = await self.charger.ask(ticket, connector)
        if tag is not None:
            self.tags[ticket] = tag

    async def start(
        self,
        minute: float,
        name: str,
        register: object = METER_START,
        *,
        connector: int = 1,
        tag: object = OWN,
        at: str | None = None,
    ) -> None:
        """`tag`: the one-time idTag of the ticket unless given; `at`: the stamp."""
        await self.charger.at(moment(minute))
        self.started_with[name] = self._tag(name) if tag == OWN else tag
        start = {
            "connectorId": connector,
            "idTag": self.started_with[name],
            "meterStart": register,
            "timestamp": at or stamp(minute),
        }
        answer = await self.charger.call("StartTransaction", start)
        if answer is not None:
            self.ids[name] = answer["transactionId"]

    async def reading(self, minute: float, name: str | None, *values: object, **more: Any) -> None:
        """`values`: registers in Wh, or whole SampledValues, in one entry."""
        samples = [value if isinstance(value, Mapping) else {"value": str(value)} for value in values]
        entry = {"timestamp": more.pop("at", None) or stamp(minute), "sampledValue": samples}
        await self.readings(minute, name, [entry], **more)

    async def readings(
        self, minute: float, name: str | None, entries: Sequence[Json], *, connector: int = 1, **named: object
    ) -> None:
        await self.charger.at(moment(minute))
        payload = {"connectorId": connector, "meterValue": list(entries), **(named or self._named(name))}
        await self.charger.call("MeterValues", payload)

    async def stop(
        self,
        minute: float,
        name: str | None,
        register: object,
        *,
        at: str | None = None,
        tag: str | None = None,
        **more: Any,
    ) -> None:
        """`tag`: OWN for what the session was started with. `more` replaces or adds fields; one that is ... is left
        out."""
        await self.charger.at(moment(minute))
        own = self.started_with.get(name, self._tag(name))
        named_tag = own if tag == OWN else tag
        tagged = {} if named_tag is None else {"idTag": named_tag}
        payload = {"meterStop": register, "timestamp": at or stamp(minute), **self._named(name), **tagged, **more}
        payload = {part: value for part, value in payload.items() if value is not ...}
        await self.charger.call("StopTransaction", payload)

    async def status(
        self, minute: float, status: str, *, connector: int = 1, at: str | None = None, **more: str
    ) -> None:
        await self.charger.at(moment(minute))
        report = {"connectorId": connector, "status": status, "errorCode": "NoError", "timestamp": at or stamp(minute)}
        await self.charger.call("StatusNotification", {**report, **more})

    async def boot(self, minute: float) -> None:
        await self.charger.at(moment(minute))
        await self.charger.call("BootNotification", {"chargePointVendor": "Phihong", "chargePointModel": "AX48"})

    async def heartbeat(self, minute: float) -> None:
        await self.charger.at(moment(minute))
        await self.charger.call("Heartbeat", {})

    async def drop(self, minute: float) -> None:
        await self.charger.at(moment(minute))
        await self.charger.hang_up()

    async def connect(self, minute: float) -> None:
        await self.charger.at(moment(minute))
        await self.charger.connect()

    async def look(self, minute: float) -> None:
        await self.charger.at(moment(minute))

    async def stop_charging(self, minute: float, ticket: str) -> None:
        await self.charger.at(moment(minute))
        if ticket in self.tags:
            await self.charger.stop_charging(self.tags[ticket])

    async def check_out(self, minute: float, ticket: str) -> None:
        await self.charger.at(moment(minute))
        if ticket in self.charger.stay_ids:
            await self.charger.check_out(ticket)

    def answer(self, action: str, status: str | None) -> None:
        self.charger.answers[action] = status

    async def finish(self) -> Comparison:
        """Compared when the dust has settled, and again when whatever was forgotten is closed."""
        clock = self.charger.town.clock
        await self.charger.at(clock.now() + _SETTLES)
        soon = await compare(self.charger)
        await self.charger.hang_up()
        await self.charger.at(clock.now() + _FORGOTTEN)
        late = await compare(self.charger)
        late.differences += [f"at once, {one}" for one in soon.differences if one not in late.differences]
        return late

    def _tag(self, name: str | None) -> str | None:
        return self.tags.get(name, name) if name is not None else None

    def _named(self, name: str | None) -> Json:
        return {"transactionId": self.ids.get(name, -1) if name is not None else -1}
