"""Stories for Hypothesis: first what truly happened (who charged where, and how much), then how a charger tells it.

A habit is a way of telling, or of losing, the truth. A story has any mix of them; `Script.habits` says which of its
sessions have which.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import strategies as st

from .story import OWN, UNKNOWN_ID, Story, iso, moment

Json = dict[str, Any]

UNREADABLE = (-1, None, 0xFFFFFFFF, "n/a")
NOT_AN_ID: tuple[object, ...] = (0, -1, None, UNKNOWN_ID, ...)
ODDITIES: tuple[Json, ...] = ({"transactionData": ""}, {"reason": {}}, {"meterStop": None})
LOCATIONS = ("Cable", "Body", "EV", "Inlet")
RATES = (("PER_KWH", "25"), ("PER_KWH", "12.5"), ("PER_MINUTE", "7"), ("FLAT_FEE", "500"))
# What a port of the garage delivers, at most, in a minute.
WH_PER_MINUTE = 180

# What a charge point does with all its sessions.
CLOCKS = ("factory clock 1970", "factory clock 2022", "clock 8 h behind", "clock 8 h ahead", "clock 3 min ahead")
METERS = (
    "registers in kWh",
    "Transaction.Begin beside Sample.Periodic",
    "an entry a measurand, power first",
    "an entry a measurand, in two messages",
    "registers by phase",
    "another location than Outlet",
)
# How one session begins, is told, and ends.
BEGINNINGS = (
    "start with an unreadable register",
    "start without an idTag",
    "start with the charger's own idTag",
    "start after the window",
    "start by a local card",
    "start given up by the charger, and asked again",
)
TELLINGS = (
    "readings without a usable transactionId",
    "readings after the stop",
    "offline, and queued",
    "told late, in another order",
    "told twice",
)
STOPS = (
    "stop without a usable transactionId",
    "stop with a foreign idTag",
    "stop without the field transactionId",
    "stop with an unreadable part",
    "stop stamped before its start",
    "stop of 70 kB",
    "second, different stop",
)
ENDINGS = (
    "transaction lost, stop asked twice",
    "boot, then the next start",
    "EV side disconnected, then the next vehicle",
    "no stop, and Available",
    "stop hours after Available",
    "stop of nobody hours after Available",
    "socket drops right after the start",
    "check-out while offline",
    "check-out while offline, stop later",
)
# Of these, the StopTransaction comes in the end.
WITH_A_STOP = {"stop hours after Available", "check-out while offline, stop later"}
# Meters of which it matters what was told first, beside those that say the same each time.
ORDER_MATTERS = ("registers", "intervals", "registers of two locations", "registers of two steps")
HABITS = (*CLOCKS, *METERS, *BEGINNINGS, *TELLINGS, *STOPS, *ENDINGS)
PLAIN = "nothing special"


@dataclass(frozen=True)
class Act:
    """One step of a story: a method of Story and its arguments. `told` is when it reaches the server."""

    told: float
    method: str
    args: tuple[Any, ...] = ()
    named: Json = field(default_factory=dict)

    async def play(self, story: Story) -> None:
        method = getattr(story, self.method)
        if self.method == "answer":
            await story.look(self.told)
            method(*self.args)
            return
        await method(self.told, *self.args, **self.named)


# The acts, the Wh that must be billed if the story leaves no doubt, when the connector is free again, and by how much
# its register has risen.
Account = tuple[list[Act], int | None, float, int]


@dataclass(frozen=True)
class Script:
    """`truths`: Wh by the name of a session of which the story leaves no doubt; `habits`: by name of a session."""

    connectors: int
    kind: str
    cents: str
    acts: tuple[Act, ...]
    truths: dict[str, int]
    habits: dict[str, frozenset[str]]

    async def play(self, story: Story) -> None:
        for act in self.acts:
            await act.play(story)


@dataclass(frozen=True)
class Telling:
    """How a charge point speaks: its clock's error until it is corrected, and how its meter words a register."""

    habits: frozenset[str]
    corrected_at: float
    decimals: int
    location: str
    rounding: str

    def stamp(self, minute: float) -> str:
        if minute >= self.corrected_at:
            return iso(moment(minute))
        if "factory clock 1970" in self.habits:
            return iso(moment(minute).replace(year=1970, month=1, day=1))
        if "factory clock 2022" in self.habits:
            return iso(moment(minute).replace(year=2022, month=1, day=1))
        hours = 8 * (("clock 8 h ahead" in self.habits) - ("clock 8 h behind" in self.habits))
        minutes = 3 if "clock 3 min ahead" in self.habits else 0
        return iso(moment(minute) + timedelta(hours=hours, minutes=minutes))

    def messages(self, minute: float, register: int, begun: int) -> list[list[Json]]:
        """The MeterValues of an instant, each a list of entries."""
        stamp = self.stamp(minute)
        energy = self._energy(register, "Sample.Periodic")
        if "Transaction.Beg" in "".join(self.habits):
            energy = [*energy, *self._energy(begun, "Transaction.Begin")]
        power = [{"measurand": "Power.Active.Import", "unit": "W", "value": "7000"}]
        if "an entry a measurand, power first" in self.habits:
            return [[{"timestamp": stamp, "sampledValue": [sample]} for sample in (*power, *energy)]]
        if "an entry a measurand, in two messages" in self.habits:
            return [[{"timestamp": stamp, "sampledValue": power}], [{"timestamp": stamp, "sampledValue": energy}]]
        return [[{"timestamp": stamp, "sampledValue": [*energy, *power]}]]

    def _energy(self, register: int, context: str) -> list[Json]:
        named: Json = {} if context == "Sample.Periodic" and self.decimals % 2 else {"context": context}
        if "another location than Outlet" in self.habits:
            named["location"] = self.location
        if "registers by phase" in self.habits:
            third = register // 3
            parts = [("L1", third), ("L2", third), ("L3", register - 2 * third)]
            return [{**self._worded(part, exact=True), "phase": phase, **named} for phase, part in parts]
        return [{**self._worded(register), **named}]

    def _worded(self, register: int, *, exact: bool = False) -> Json:
        if "registers in kWh" not in self.habits:
            return {"value": str(register)}
        step = Decimal(1).scaleb(-3 if exact else -self.decimals)
        kwh = (Decimal(register) / 1000).quantize(step, self.rounding)
        return {"value": f"{kwh:f}", "unit": "kWh"}


@dataclass(frozen=True)
class Visit:
    """What truly happened at a connector: a vehicle charged from `begin` to `end`. `curve`: Wh by minute."""

    name: str
    connector: int
    begin: float
    end: float
    register: int
    curve: list[tuple[float, int]]
    wh: int
    habits: frozenset[str]

    def has(self, habit: str) -> bool:
        return habit in self.habits


def _some(draw: st.DrawFn, habits: tuple[str, ...], odds: int) -> set[str]:
    """One of the habits, now and then."""
    return {draw(st.sampled_from(habits))} if draw(st.integers(1, odds)) == odds else set()


@st.composite
def tellings(draw: st.DrawFn, forced: str | None) -> Telling:
    habits = {forced} & set(CLOCKS) or _some(draw, CLOCKS, 3)
    habits |= {forced} & set(METERS) | _some(draw, METERS, 2) | _some(draw, METERS, 4)
    return Telling(
        habits=frozenset(habits),
        corrected_at=draw(st.sampled_from([20.0, 60.0, 100_000.0])) if habits & set(CLOCKS) else 0.0,
        decimals=draw(st.integers(0, 3)),
        location=draw(st.sampled_from(LOCATIONS)),
        rounding=draw(st.sampled_from([ROUND_DOWN, ROUND_HALF_UP])),
    )


@st.composite
def visits(draw: st.DrawFn, name: str, connector: int, begin: float, register: int, forced: str | None) -> Visit:
    habits = draw(_habits(forced))
    minutes = draw(st.integers(5, 60))
    least = 1 if forced in (*TELLINGS, *METERS) else 0
    marks = draw(st.lists(st.integers(1, minutes - 1), min_size=least, max_size=4, unique=True).map(sorted))
    steps = draw(st.lists(st.integers(0, WH_PER_MINUTE), min_size=len(marks) + 1, max_size=len(marks) + 1))
    curve, wh, before = [], 0, 0
    for mark, step in zip([*marks, minutes], steps, strict=True):
        wh += step * (mark - before)
        before = mark
        curve.append((begin + mark, wh))
    if "socket drops right after the start" in habits:
        curve, wh = curve[-1:], 0
    return Visit(name, connector, begin, begin + minutes, register, curve[:-1], wh, habits)


@st.composite
def _habits(draw: st.DrawFn, forced: str | None) -> frozenset[str]:
    """One beginning and one ending at the most. A session that never gets its stop has no habit of stops."""
    begins = {forced} & set(BEGINNINGS) or _some(draw, BEGINNINGS, 3)
    tells = {forced} & set(TELLINGS) | _some(draw, TELLINGS, 3)
    stops = {forced} & set(STOPS) | _some(draw, STOPS, 2) | _some(draw, STOPS, 4)
    ends = {forced} & set(ENDINGS) or _some(draw, ENDINGS, 3)
    if ends and not ends & WITH_A_STOP:
        if forced in (*STOPS, *TELLINGS):
            ends = set()
        else:
            stops, tells = set(), tells - {"readings after the stop"}
    return frozenset(begins | tells | stops | ends)


@st.composite
def scripts(draw: st.DrawFn, forced: str | None = None) -> Script:
    """`forced`: a habit that the first session of the story has, whatever else it has."""
    telling = draw(tellings(forced))
    connectors = draw(st.sampled_from([1, 1, 2]))
    kind, cents = draw(st.sampled_from(RATES))
    acts: list[Act] = []
    truths: dict[str, int] = {}
    habits: dict[str, frozenset[str]] = {}
    names = iter("ABCDEF")
    for connector in range(1, connectors + 1):
        begin = float(draw(st.integers(25, 45)) + connector / 4)
        register = draw(st.sampled_from([0, 1000, 1510, 157_440]))
        for _ in range(draw(st.integers(1, 2))):
            visit = draw(visits(next(names), connector, begin, register, None if habits else forced))
            told, truth, free_at, drawn = draw(accounts(visit, telling))
            acts += told
            habits[visit.name] = visit.habits | telling.habits or frozenset({PLAIN})
            if truth is not None:
                truths[visit.name] = truth
            register += drawn
            begin = free_at + draw(st.sampled_from([2.0, 12.0, 40.0]))
    in_order = sorted(acts, key=lambda act: act.told)
    return Script(connectors, kind, cents, tuple(in_order), truths, habits)


@st.composite
def accounts(draw: st.DrawFn, visit: Visit, telling: Telling) -> Account:
    """How a visit is told."""
    beginning, truth_at_start = draw(_beginning(visit, telling))
    middle = _readings(draw, visit, telling)
    told, truth, free_at, drawn = _ending(draw, visit, telling)
    if visit.has("told late, in another order"):
        middle = [replace(act, told=act.told + draw(st.sampled_from([0.0, 1.5, 90.0]))) for act in middle]
        told = [_told_later(draw, act) for act in told]
    acts = [*beginning, *middle, *told]
    if visit.has("told twice"):
        again = [act for act in acts if act.method in ("start", "readings", "stop")]
        for act in draw(st.lists(st.sampled_from(again), max_size=3)):
            stamped = act if act.method == "readings" else _stamped(act, telling)
            acts.append(replace(stamped, told=act.told + draw(st.sampled_from([0.2, 5.0, 70.0]))))
    if visit.has("offline, and queued"):
        acts = _queued(draw, acts, visit)
    # A register in a coarser step than the one before may look like a meter that was reset.
    is_certain = truth_at_start and truth is not None and not _has_two_steps(middle)
    return acts, truth if is_certain else None, free_at, drawn


def _has_two_steps(readings: list[Act]) -> bool:
    return len({len(sample["value"]) for act in readings for entry in act.args[1] for sample in entry["sampledValue"]
                if sample.get("unit") == "kWh"}) > 1  # fmt: skip


def _told_later(draw: st.DrawFn, act: Act) -> Act:
    if act.method == "stop":
        return replace(act, told=act.told + draw(st.sampled_from([0.0, 3.0, 45.0])))
    # A status is not queued, but it may overtake readings, and be overtaken (T4).
    is_unplugging = act.method == "status" and act.args[0] in ("SuspendedEV", "Charging")
    if act.method == "readings" or is_unplugging:
        return replace(act, told=act.told + draw(st.sampled_from([0.0, 1.5, 4.5])))
    return act


def _stamped(act: Act, telling: Telling) -> Act:
    """As it was first told: a resend bears the first stamp."""
    return replace(act, named={**act.named, "at": act.named.get("at") or telling.stamp(act.told)})


@st.composite
def _beginning(draw: st.DrawFn, visit: Visit, telling: Telling) -> tuple[list[Act], bool]:
    is_local = visit.has("start by a local card") or visit.has("start without an idTag")
    register = draw(st.sampled_from(UNREADABLE)) if visit.has("start with an unreadable register") else visit.register
    named: Json = {"connector": visit.connector, "at": telling.stamp(visit.begin)}
    if visit.has("start without an idTag"):
        named["tag"] = None
    if visit.has("start with the charger's own idTag"):
        named["tag"] = "FREEVEND"
    before = draw(st.sampled_from([6.0, 20.0])) if visit.has("start after the window") else 1.0
    here: Json = {"connector": visit.connector}
    acts = [] if is_local else [Act(visit.begin - before, "request", (visit.name,), here)]
    if visit.has("start given up by the charger, and asked again"):
        # ConnectionTimeOut is shorter than our window.
        early = visit.begin - 3
        acts.append(Act(early, "request", (visit.name,), here))
        for after, status in ((0.2, "Preparing"), (0.7, "Available")):
            acts.append(Act(early + after, "status", (status,), {**here, "at": telling.stamp(early + after)}))
    acts.append(Act(visit.begin, "start", (visit.name, register), named))
    return acts, register == visit.register and register is not None


def _readings(draw: st.DrawFn, visit: Visit, telling: Telling) -> list[Act]:
    named: Json = {"connector": visit.connector}
    if visit.has("readings without a usable transactionId"):
        instead = draw(st.sampled_from(NOT_AN_ID))
        named |= {"connector": visit.connector} if instead is ... else {"transactionId": instead}
        named = named | ({"transactionId": -1} if instead is ... else {})
    if visit.has("told late, in another order") and not telling.habits & set(METERS):
        return _odd_readings(draw, visit, telling, named)
    return [act for minute, wh in visit.curve for act in _reading(visit, telling, minute, wh, named)]


def _odd_readings(draw: st.DrawFn, visit: Visit, telling: Telling, named: Json) -> list[Act]:
    """What a reading means depends on those before it: intervals add up, the best location and the finest step count
    for the whole session (M1, M2)."""
    # T4 goes by registers.
    is_parted = visit.has("EV side disconnected, then the next vehicle")
    kind = draw(st.sampled_from(ORDER_MATTERS[:1] if is_parted else ORDER_MATTERS))
    acts, before = [], 0
    for minute, wh in visit.curve:
        register = visit.register + wh
        sample: Json = {"value": str(register)}
        if kind == "intervals":
            sample = {"value": str(wh - before), "measurand": "Energy.Active.Import.Interval"}
        elif kind == "registers of two locations" and draw(st.booleans()):
            # Another meter, that counts less of it.
            sample = {"value": str(visit.register + wh // 2), "location": "Cable"}
        elif kind == "registers of two steps":
            step = Decimal(1).scaleb(-draw(st.sampled_from([2, 3])))
            sample = {"value": f"{(Decimal(register) / 1000).quantize(step, ROUND_DOWN):f}", "unit": "kWh"}
        before = wh
        entry = {"timestamp": telling.stamp(minute), "sampledValue": [sample]}
        acts.append(Act(minute, "readings", (visit.name, [entry]), named))
    return acts


def _reading(visit: Visit, telling: Telling, minute: float, wh: int, named: Json | None = None) -> list[Act]:
    named = named or {"connector": visit.connector}
    messages = telling.messages(minute, visit.register + wh, visit.register)
    return [
        Act(minute + 0.01 * number, "readings", (visit.name, entries), named) for number, entries in enumerate(messages)
    ]


def _ending(draw: st.DrawFn, visit: Visit, telling: Telling) -> Account:
    for habit, end in _BY_HABIT.items():
        if visit.has(habit):
            return end(draw, visit, telling, habit)
    return _stopped(draw, visit, telling, visit.end)


def _stopped(draw: st.DrawFn, visit: Visit, telling: Telling, told: float, more_wh: int = 0) -> Account:
    """A StopTransaction for what ended at the visit's end, told then or later, with the habits of its kind."""
    register = visit.register + visit.wh + more_wh
    named: Json = {"at": telling.stamp(visit.end), "reason": draw(st.sampled_from(["Local", "EVDisconnected"]))}
    is_certain = True
    if draw(st.booleans()):
        named["tag"] = OWN
    if visit.has("stop without a usable transactionId"):
        named["transactionId"] = draw(st.sampled_from(NOT_AN_ID))
        named["tag"] = draw(st.sampled_from([None, OWN, "SOMEONE"]))
        is_certain = False
    if visit.has("stop without the field transactionId"):
        named["transactionId"] = ...
        is_certain = False
    if visit.has("stop with a foreign idTag"):
        named["tag"] = "SOMEONE"
        is_certain = False
    if visit.has("stop with an unreadable part"):
        named |= draw(st.sampled_from(ODDITIES))
        is_certain = is_certain and "meterStop" not in named
    if visit.has("stop stamped before its start"):
        named["at"] = telling.stamp(visit.begin - 1.5)
        is_certain = False
    if visit.has("stop of 70 kB"):
        named["transactionData"] = _long_data(visit, telling)
    acts = [Act(told, "stop", (visit.name, register), named)]
    if visit.has("readings after the stop"):
        # It was queued, and comes after them; or it comes first.
        acts += _reading(visit, telling, visit.end + 5, visit.wh + 700)
        comes = draw(st.sampled_from([told, max(told, visit.end + 6)]))
        acts = [replace(act, told=comes) if act.method == "stop" else act for act in acts]
    if visit.has("second, different stop"):
        later = draw(st.sampled_from([3.0, 20.0]))
        second = {**named, "at": telling.stamp(visit.end + later)}
        acts.append(Act(max(told, visit.end) + later + 6, "stop", (visit.name, register + 80), second))
        is_certain = False
    free_at = max(act.told for act in acts) + 0.5
    goes_on = 700 if visit.has("readings after the stop") else 80 if visit.has("second, different stop") else 0
    return acts, visit.wh if is_certain else None, free_at, visit.wh + goes_on


def _long_data(visit: Visit, telling: Telling) -> list[Json]:
    """Eight hours of periodic readings would be hundreds of kB; here, the first of them again and again."""
    curve = [(visit.begin, 0), *visit.curve]
    told = [telling.messages(minute, visit.register + wh, visit.register) for minute, wh in curve]
    entries = [entry for messages in told for message in messages for entry in message]
    times = 72_000 // len(str(entries)) + 1
    return entries * times


def _lost(draw: st.DrawFn, visit: Visit, telling: Telling, habit: str) -> Account:
    end = visit.end
    status = draw(st.sampled_from(["Preparing", "Finishing", "Unavailable", "Faulted"]))
    acts = [
        Act(end, "answer", ("RemoteStopTransaction", "Rejected")),
        Act(end + 1, "boot"),
        Act(end + 1.5, "status", (status,), {"connector": visit.connector, "at": telling.stamp(end + 1.5)}),
        Act(end + 4, "stop_charging", (visit.name,)),
        Act(end + 4.5, draw(st.sampled_from(["stop_charging", "check_out"])), (visit.name,)),
        Act(end + 6, "answer", ("RemoteStopTransaction", "Accepted")),
        Act(end + 7, "status", ("Available",), {"connector": visit.connector, "at": telling.stamp(end + 7)}),
    ]
    return acts, None, end + 8, visit.wh


def _booted(draw: st.DrawFn, visit: Visit, telling: Telling, habit: str) -> Account:
    away = draw(st.sampled_from([0.5, 30.0]))
    name = f"{visit.name} next"
    register = visit.register + visit.wh
    begin, end = visit.end + away + 0.5, visit.end + away + 10
    acts = [
        Act(visit.end + away, "boot"),
        Act(begin, "start", (name, register), {"connector": visit.connector, "at": telling.stamp(begin)}),
        Act(end, "stop", (name, register + 500), {"at": telling.stamp(end)}),
    ]
    return acts, None, end + 1, visit.wh + 500


def _unplugged(draw: st.DrawFn, visit: Visit, telling: Telling, habit: str) -> Account:
    end, connector = visit.end, visit.connector
    acts = [
        Act(end - 0.05, "answer", ("RemoteStopTransaction", draw(st.sampled_from(["Rejected", None])))),
        Act(
            end,
            "status",
            ("SuspendedEV",),
            {"connector": connector, "at": telling.stamp(end), "info": "EV side disconnected"},
        ),
        *_reading(visit, telling, end + 0.5, visit.wh),
    ]
    if draw(st.booleans()):
        acts.append(Act(end + 2, "status", ("Charging",), {"connector": connector, "at": telling.stamp(end + 2)}))
    acts += _reading(visit, telling, end + 4, visit.wh + 400)
    acts += [
        Act(end + 8, "stop", (visit.name, visit.register + visit.wh + 900), {"at": telling.stamp(end + 8)}),
        Act(end + 8.1, "answer", ("RemoteStopTransaction", "Accepted")),
        Act(end + 8.2, "status", ("Available",), {"connector": connector, "at": telling.stamp(end + 8.2)}),
    ]
    return acts, None, end + 9, visit.wh + 900


def _forgotten(draw: st.DrawFn, visit: Visit, telling: Telling, habit: str) -> Account:
    end = visit.end
    acts = [
        Act(end + 0.5, "status", ("Available",), {"connector": visit.connector, "at": telling.stamp(end + 0.5)}),
        Act(end + 7, "look"),
    ]
    later = end + draw(st.sampled_from([30.0, 300.0]))
    if habit == "stop hours after Available":
        told, _, _, _ = _stopped(draw, visit, telling, later)
        acts += told
    elif habit == "stop of nobody hours after Available":
        far = {"at": telling.stamp(later), "transactionId": draw(st.sampled_from([-1, 0, None]))}
        acts.append(Act(later, "stop", (None, visit.register + visit.wh + 5000), far))
    return acts, None, end + 8, visit.wh


def _dropped(draw: st.DrawFn, visit: Visit, telling: Telling, habit: str) -> Account:
    begin = visit.begin
    acts = [
        Act(begin + 0.05, "drop"),
        Act(begin + 1, "connect"),
        Act(begin + 1.1, "boot"),
        Act(begin + 1.2, "status", ("Available",), {"connector": visit.connector, "at": telling.stamp(begin + 1.2)}),
        Act(begin + 8, "look"),
    ]
    return acts, None, begin + 9, 0


def _checked_out(draw: st.DrawFn, visit: Visit, telling: Telling, habit: str) -> Account:
    middle = visit.begin + (visit.end - visit.begin) / 2
    acts = [
        Act(middle, "drop"),
        Act(middle + 1, "check_out", (visit.name,)),
        Act(visit.end + 5, "connect"),
    ]
    if habit == "check-out while offline":
        return acts, None, visit.end + 6, visit.wh
    told, _, free_at, drawn = _stopped(draw, visit, telling, visit.end + 6)
    return [*acts, *told], None, free_at, drawn


_Ending = Callable[[st.DrawFn, Visit, Telling, str], Account]
_BY_HABIT: dict[str, _Ending] = {
    "transaction lost, stop asked twice": _lost,
    "boot, then the next start": _booted,
    "EV side disconnected, then the next vehicle": _unplugged,
    "no stop, and Available": _forgotten,
    "stop hours after Available": _forgotten,
    "stop of nobody hours after Available": _forgotten,
    "socket drops right after the start": _dropped,
    "check-out while offline": _checked_out,
    "check-out while offline, stop later": _checked_out,
}


def _queued(draw: st.DrawFn, acts: list[Act], visit: Visit) -> list[Act]:
    """The connection is lost for a while; what the charger had to tell comes when it is back, in its order."""
    since = visit.begin + draw(st.sampled_from([-0.5, 0.5, 4.5]))
    until = since + draw(st.sampled_from([2.0, 30.0, 100.0]))
    queued = []
    for number, act in enumerate(sorted(acts, key=lambda one: one.told)):
        is_told = act.method in ("start", "readings", "stop", "status", "boot") and since <= act.told <= until
        queued.append(replace(_kept(act), told=until + 0.1 + 0.01 * number) if is_told else act)
    return [Act(since, "drop"), Act(until, "connect"), *queued]


def _kept(act: Act) -> Act:
    if act.method in ("start", "stop", "status") and "at" not in act.named:
        return replace(act, named={**act.named, "at": iso(moment(act.told))})
    return act
