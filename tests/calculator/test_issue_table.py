"""Every wrong bill that was found in the field, told once more: the product, the calculator, and the right figure."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from .comparing import Comparison
from .conftest import Run
from .garage import Charger, Town
from .story import Story, iso, moment, stamp
from .summary import Compared

Json = dict[str, Any]
Told = Callable[[Story], Awaitable[None]]

BEGIN = {"context": "Transaction.Begin"}
POWER = {"measurand": "Power.Active.Import", "unit": "W", "value": "7000"}
UNPLUGGED = "EV side disconnected"
FACTORY = "2022-01-01T00:00:00.000Z"


async def charging(story: Story, ticket: str = "A", **more: Any) -> None:
    await story.request(0, ticket, connector=more.get("connector", 1))
    await story.start(1, ticket, **more)


async def an_unreadable_start(story: Story, unreadable: object) -> None:
    await charging(story)
    await story.reading(10, "A", 2000)
    await story.start(12, "LOCAL", unreadable, connector=2, tag="LOCAL-7")
    await story.stop(20, None, 4000, transactionId=0, idTag="OTHER")
    await story.reading(30, "A", 2600)
    await story.stop(40, "A", 2600)


async def an_unreadable_start_and_no_register(story: Story) -> None:
    await charging(story, register=-1)
    await story.stop(61, "A", 5000)


async def a_partly_unreadable_stop(story: Story, oddity: Json) -> None:
    await charging(story)
    await story.reading(20, "A", 2500)
    # Its clock is four minutes fast, and is corrected then.
    await story.stop(30, "A", 3000, at=stamp(34), **oddity)
    await story.request(31, "B")
    await story.start(32, "B", 3000)
    await story.stop(100, "B", 5000)


async def a_lying_clock(story: Story, began: str, ended: str) -> None:
    await story.request(0, "A")
    await story.start(1, "A", at=began)
    await story.reading(25, "A", 2500, at=ended)
    await story.stop(31, "A", 3000, at=ended)


async def readings_after_a_queued_stop(story: Story, reading_first: bool) -> None:
    await charging(story)
    if reading_first:
        await story.reading(12, "A", 1900, at=stamp(10))
    await story.stop(13, "A", 1230, at=stamp(5))
    if not reading_first:
        await story.reading(14, "A", 1900, at=stamp(10))


async def a_meter_in_kwh(story: Story, values: tuple[str, ...]) -> None:
    await charging(story, register=1510)
    for number, value in enumerate(values):
        await story.reading(10 + 5 * number, "A", {"value": value, "unit": "kWh"})
    await story.stop(60, "A", 2020)


async def begin_beside_periodic(story: Story) -> None:
    await charging(story, register=157_440)
    await story.reading(20, "A", {"value": "160000", "context": "Sample.Periodic"}, {"value": "157440", **BEGIN})
    await story.reading(40, "A", {"value": "163630", "context": "Sample.Periodic"}, {"value": "157440", **BEGIN})


async def one_measurand_an_entry(story: Story, messages: int) -> None:
    await charging(story)
    entries = [{"timestamp": stamp(30), "sampledValue": [sample]} for sample in (POWER, {"value": "2600"})]
    for told in [entries] if messages == 1 else [[entry] for entry in entries]:
        await story.readings(30, "A", told)


async def one_phase_an_entry(story: Story) -> None:
    await charging(story)
    for phase, value in (("L1", "800"), ("L2", "850"), ("L3", "950")):
        await story.reading(30, "A", {"value": value, "phase": phase}, at=stamp(30))


async def another_location(story: Story, location: str) -> None:
    await charging(story)
    await story.reading(30, "A", {"value": "2600", "location": location})


async def a_lost_transaction(story: Story, status: str, leaves: bool) -> None:
    await charging(story)
    await story.reading(20, "A", 2600)
    await story.boot(25)
    await story.status(25.5, status)
    story.answer("RemoteStopTransaction", "Rejected")
    await story.stop_charging(26, "A")
    if leaves:
        await story.check_out(27, "A")
    else:
        await story.stop_charging(27, "A")
    story.answer("RemoteStopTransaction", "Accepted")
    if status in ("Unavailable", "Faulted"):
        return
    # As soon as that the port is free for the next.
    await story.request(28, "B")
    await story.start(28.5, "B", 2600)
    await story.stop(40, "B", 3600)


async def a_boot_and_the_next_start(story: Story) -> None:
    await charging(story)
    await story.reading(10, "A", 2600)
    await story.boot(60)
    await story.start(60.5, "NEXT", 2600, tag="LOCAL-7")
    await story.stop(70, "NEXT", 3600)


async def the_next_vehicle_under_one_transaction(story: Story) -> None:
    await charging(story)
    await story.reading(20, "A", 2600)
    story.answer("RemoteStopTransaction", "Rejected")
    await story.status(21, "SuspendedEV", info=UNPLUGGED)
    await story.reading(22, "A", 2600)
    await story.status(23, "Charging")
    await story.reading(28, "A", 3000)
    await story.stop(30, "A", 3500)


async def the_next_vehicle_by_a_lying_clock(story: Story) -> None:
    await story.request(0, "A")
    await story.start(1, "A", at="2022-01-01T00:01:00.000Z")
    await story.reading(20, "A", 2600, at="2022-01-01T00:20:00.000Z")
    story.answer("RemoteStopTransaction", "Rejected")
    await story.status(21, "SuspendedEV", info=UNPLUGGED, at="2022-01-01T00:21:00.000Z")
    await story.reading(22, "A", 2600, at="2022-01-01T00:22:00.000Z")
    await story.status(23, "Charging", at="2022-01-01T00:23:00.000Z")
    await story.reading(28, "A", 3000, at="2022-01-01T00:28:00.000Z")
    await story.stop(30, "A", 3500, at="2022-01-01T00:30:00.000Z")


async def a_late_stop_of_nobody(story: Story, clock: str = "right") -> None:
    def told(minute: float) -> str:
        return stamp(minute) if clock == "right" else iso(moment(minute).replace(year=2022))

    await story.request(0, "A")
    await story.start(1, "A", at=told(1))
    await story.reading(20, "A", 2600, at=told(20))
    await story.status(21, "Available", at=told(21))
    await story.look(27)
    await story.check_out(30, "A")
    await story.stop(300, None, 9000, at=told(300))


async def a_socket_that_drops_after_the_start(story: Story) -> None:
    await charging(story)
    await story.drop(1.1)
    await story.connect(2)
    await story.boot(2.1)
    await story.status(2.2, "Available")
    await story.look(8)


async def a_stop_of_70_kb(story: Story) -> None:
    await charging(story)
    data = [
        {
            "timestamp": stamp(1 + number),
            "sampledValue": [{"value": str(1000 + 10 * number), "context": "Sample.Clock"}],
        }
        for number in range(720)
    ]
    await story.stop(722, "A", 8200, transactionData=data)


async def a_stop_without_the_field(story: Story) -> None:
    await charging(story)
    await story.stop(30, "A", 2600, transactionId=...)


async def a_second_stop(story: Story) -> None:
    await charging(story)
    await story.stop(30, "A", 1028)
    await story.stop(35, "A", 1109)


async def a_charger_that_waits_longer(story: Story) -> None:
    await story.request(0, "A")
    await story.look(4)
    await story.start(5, "A")
    await story.reading(20, "A", 2000)
    await story.stop(30, "A", 2600)


async def a_charger_that_waits_shorter(story: Story) -> None:
    await story.request(0, "A")
    await story.status(0.1, "Preparing")
    await story.status(0.6, "Available")
    await story.request(1, "A")
    await story.start(2, "A")
    await story.stop(30, "A", 2600)


async def a_tag_of_the_chargers_own(story: Story) -> None:
    await story.request(0, "A")
    await story.start(1, "A", tag="FREEVEND")
    await story.stop(30, "A", 2600)


async def a_check_out_while_offline(story: Story, stop: bool) -> None:
    await charging(story)
    await story.reading(20, "A", 1240)
    await story.drop(21)
    await story.check_out(25, "A")
    if stop:
        await story.connect(60)
        await story.stop(60.5, "A", 5240, at=stamp(50))


async def _compared(town: Town, told: Told, args: tuple[Any, ...], kind: str, connectors: int) -> Comparison:
    charger = await Charger.found(town, connectors=connectors, kind=kind, cents="25" if kind == "PER_KWH" else "10")
    story = Story(charger)
    try:
        await told(story, *args)
        return await story.finish()
    finally:
        await charger.hang_up()


# Number in the table, story, its variant, rate, connectors; Wh and cents of each session in order of their starts.
CASES: list[tuple[str, Any, tuple[Any, ...], str, int, list[tuple[int, int]]]] = [
    *(
        ("1", an_unreadable_start, (unreadable,), "PER_KWH", 2, [(1600, 40), (0, 0)])
        for unreadable in (-1, None, 0xFFFFFFFF, "n/a")
    ),
    # Nobody knows where its meter stood.
    ("1", an_unreadable_start_and_no_register, (), "PER_KWH", 1, [(0, 0)]),
    *(
        ("2", a_partly_unreadable_stop, (oddity,), "PER_KWH", 1, [(2000, 50), (2000, 50)])
        for oddity in ({"transactionData": ""}, {"reason": {}})
    ),
    ("2", a_partly_unreadable_stop, ({"meterStop": None},), "PER_KWH", 1, [(1500, 38), (2000, 50)]),
    *(
        ("3", a_lying_clock, clocks, "PER_MINUTE", 1, [(2000, 300)])
        for clocks in (
            (FACTORY, "2022-01-01T00:30:00.000Z"),
            (iso(moment(1 - 480)), stamp(31)),
            (iso(moment(1 - 480)), stamp(31 - 480)),
            (stamp(1), stamp(0)),
            (stamp(1), FACTORY),
            ("1970-01-01T00:00:00.000Z", "1970-01-01T00:30:00.000Z"),
        )
    ),
    *(("4", readings_after_a_queued_stop, (first,), "PER_KWH", 1, [(230, 6)]) for first in (True, False)),
    *(
        ("5", a_meter_in_kwh, (values,), "PER_KWH", 1, [(510, 13)])
        for values in (("1", "2", "2"), ("2", "2"), ("1.5", "1.8", "2.0"), ("1.51", "2.02"), ("1.6", "2.1"))
    ),
    ("6", begin_beside_periodic, (), "PER_KWH", 1, [(6190, 155)]),
    ("7", one_measurand_an_entry, (1,), "PER_KWH", 1, [(1600, 40)]),
    ("7", one_measurand_an_entry, (2,), "PER_KWH", 1, [(1600, 40)]),
    ("7", one_phase_an_entry, (), "PER_KWH", 1, [(1600, 40)]),
    *(
        ("8", another_location, (location,), "PER_KWH", 1, [(1600, 40)])
        for location in ("Cable", "Body", "EV", "Inlet")
    ),
    *(
        ("9", a_lost_transaction, (status, leaves), "PER_MINUTE", 1, [(1600, 190), (1000, 115)])
        for status in ("Preparing", "Finishing")
        for leaves in (False, True)
    ),
    *(
        ("9", a_lost_transaction, (status, leaves), "PER_MINUTE", 1, [(1600, 190)])
        for status in ("Unavailable", "Faulted")
        for leaves in (False, True)
    ),
    ("10", a_boot_and_the_next_start, (), "PER_MINUTE", 1, [(1600, 90), (1000, 0)]),
    ("11", the_next_vehicle_under_one_transaction, (), "PER_KWH", 1, [(1600, 40), (900, 0)]),
    ("11", the_next_vehicle_under_one_transaction, (), "PER_MINUTE", 1, [(1600, 200), (900, 0)]),
    ("11", the_next_vehicle_by_a_lying_clock, (), "PER_KWH", 1, [(1600, 40), (900, 0)]),
    ("12", a_late_stop_of_nobody, (), "PER_KWH", 1, [(1600, 40)]),
    ("12", a_late_stop_of_nobody, (), "PER_MINUTE", 1, [(1600, 200)]),
    ("12", a_late_stop_of_nobody, ("2022",), "PER_KWH", 1, [(1600, 40)]),
    ("13", a_socket_that_drops_after_the_start, (), "PER_KWH", 1, [(0, 0)]),
    ("14", a_stop_of_70_kb, (), "PER_KWH", 1, [(7200, 180)]),
    ("15", a_stop_without_the_field, (), "PER_KWH", 1, [(1600, 40)]),
    ("16", a_second_stop, (), "PER_KWH", 1, [(109, 3)]),
    ("17", a_charger_that_waits_longer, (), "PER_KWH", 1, [(1600, 0)]),
    ("17", a_charger_that_waits_shorter, (), "PER_KWH", 1, [(1600, 40)]),
    ("18", a_tag_of_the_chargers_own, (), "PER_KWH", 1, [(1600, 40)]),
    ("19", a_check_out_while_offline, (False,), "PER_KWH", 1, [(240, 6)]),
    ("19", a_check_out_while_offline, (True,), "PER_KWH", 1, [(4240, 106)]),
    ("19", a_check_out_while_offline, (False,), "PER_MINUTE", 1, [(240, 190)]),
]


@pytest.mark.parametrize(
    ("row", "told", "args", "kind", "connectors", "owed"),
    [pytest.param(*case, id=f"row {case[0]}: {case[1].__name__}{case[2]}") for case in CASES],
)
def test_x2_the_product_bills_what_the_calculator_bills(
    town: tuple[Town, Run],
    compared: Compared,
    row: str,
    told: Told,
    args: tuple[Any, ...],
    kind: str,
    connectors: int,
    owed: list[tuple[int, int]],
) -> None:
    garage, run = town
    found = run(_compared(garage, told, args, kind, connectors))
    compared.add([f"wrong bill {row:>2}"], len(found.bills.sessions))
    figures = [(bill.energy_wh, bill.cents) for bill in found.bills.sessions]
    assert (found.differences, figures) == ([], owed)
