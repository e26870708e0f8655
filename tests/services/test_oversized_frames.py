"""C6: a frame over the limit is flagged where an operator looks; a second one in a row raises the limit."""

from evgraph.domain.charge_point import BootReport
from evgraph.domain.quarantine import QuarantinedMessage
from evgraph.models import ChargePointRow, QuarantinedMessageRow
from evgraph.services.oversized_frames import RAISED_LIMIT, OversizedFrames
from tests.services.conftest import Garage

LIMIT = 1024 * 1024
HEAD = '[2,"{id}","StopTransaction",{{"transactionId":{tx},"meterStop":4711,"transactionData":[{{"timestamp":'


async def flagged(garage: Garage, head: str = HEAD.format(id=1, tx=7), limit: int = LIMIT, **more: object) -> None:
    given: dict[str, object] = {"action": "StopTransaction", "size": 20 * LIMIT, "limit": limit, "energy_wh": 4711}
    await garage.house.oversized_frames.flag(garage.charge_point_id, head=head, **(given | more))  # type: ignore[arg-type]


async def own_limit(garage: Garage) -> int | None:
    return (await ChargePointRow.get(id=garage.charge_point_id)).value().max_frame_bytes


async def flags(garage: Garage) -> list[QuarantinedMessage]:
    return [row.value() for row in await QuarantinedMessageRow.all().order_by("id")]


async def a_connection_ended(garage: Garage, code: int | None) -> None:
    connections = garage.house.connections
    opened = await connections.opened(garage.charge_point_id, remote="::1", subprotocol=None, security_profile=0)
    await connections.closed(opened, code=code, reason=None)
    if code != 1009:
        garage.house.oversized_frames.ended_otherwise(garage.charge_point_id)


async def test_c6_an_oversized_frame_is_a_quarantined_message(garage: Garage) -> None:
    await flagged(garage)
    (flag,) = await flags(garage)
    assert (flag.action, flag.frame, flag.energy_wh) == ("StopTransaction", HEAD.format(id=1, tx=7), 4711)
    assert flag.why == (
        "This message has 20,971,520 bytes; the charge point's limit is 1,048,576. Only its first bytes are kept."
        " If the next connection ends for the same reason, the limit is raised to 16,777,216 bytes."
    )
    assert await own_limit(garage) is None


async def test_c6_one_whose_action_cannot_be_read_says_so(garage: Garage) -> None:
    await flagged(garage, '[3,"1",', action=None, energy_wh=None)
    assert [flag.action for flag in await flags(garage)] == ["(oversized frame)"]


async def test_c6_a_second_one_in_a_row_raises_the_limit(garage: Garage) -> None:
    await flagged(garage)
    await a_connection_ended(garage, 1009)
    await flagged(garage, HEAD.format(id=2, tx=7))
    assert await own_limit(garage) == RAISED_LIMIT == 16 * 1024 * 1024
    # The same message with another id, which it has on each connection: one flag.
    (flag,) = await flags(garage)
    assert "The limit is now 16,777,216 bytes" in flag.why
    other = await ChargePointRow.get(id=garage.other_charge_point_id)
    assert other.max_frame_bytes is None


async def test_c6_the_second_one_may_come_before_the_end_of_the_first_is_recorded(garage: Garage) -> None:
    await flagged(garage)
    await flagged(garage)
    assert await own_limit(garage) == RAISED_LIMIT


async def test_c6_in_a_row_holds_across_a_restart(garage: Garage) -> None:
    await flagged(garage)
    await a_connection_ended(garage, 1009)
    started_again = OversizedFrames(garage.house.oversized_frames._books)
    await started_again.flag(garage.charge_point_id, action="StopTransaction", head="[2,", size=2 * LIMIT, limit=LIMIT)
    assert await own_limit(garage) == RAISED_LIMIT


async def test_c6_a_connection_that_ended_well_in_between_breaks_the_row(garage: Garage) -> None:
    await flagged(garage)
    await a_connection_ended(garage, 1009)
    await a_connection_ended(garage, 1000)
    await flagged(garage)
    assert await own_limit(garage) is None


async def test_c6_other_messages_are_flagged_apart(garage: Garage) -> None:
    await flagged(garage)
    await flagged(garage, HEAD.format(id=1, tx=8))
    assert [HEAD.format(id=1, tx=tx) for tx in (7, 8)] == [flag.frame for flag in await flags(garage)]


async def test_c6_beyond_the_raised_limit_it_says_what_to_do(garage: Garage) -> None:
    for _ in range(3):
        await flagged(garage, limit=RAISED_LIMIT)
    (flag,) = await flags(garage)
    assert "StopTxnSampledData" in flag.why
    assert await own_limit(garage) is None


async def test_c6_every_reason_fits_its_column(garage: Garage) -> None:
    for limit in (LIMIT, LIMIT, RAISED_LIMIT):
        await flagged(garage, limit=limit, size=2**63)
        assert (await flags(garage))[0].why[-1] == "."


async def test_c6_a_boot_keeps_the_raised_limit(garage: Garage) -> None:
    await flagged(garage)
    await flagged(garage)
    await garage.house.charge_points.boot(
        garage.charge_point_id, BootReport(vendor="V", model="M", serial_number=None, firmware_version=None)
    )
    assert await own_limit(garage) == RAISED_LIMIT
