"""B1, B3, B5: what a charge point is asked when it comes."""

import asyncio

import pytest

from evgraph.domain.charge_point import Acceptance
from evgraph.models.failures import DatabaseTimeout
from evgraph.ocpp.inbound import Peer
from evgraph.ocpp.welcome import Welcome
from evgraph.services.interfaces import ChargerTimeout
from tests.ocpp.conftest import CentralSystem, Charger, FakeServices
from tests.ocpp.test_serving import BOOT
from tests.patience import PATIENCE_S

ACCEPTED = {"status": "Accepted"}


async def _asked(charger: Charger, answer: dict[str, object] | None = None) -> object:
    """The payload of the next TriggerMessage, which is answered."""
    frame = await charger.receive()
    assert frame[0] == 2
    assert frame[2] == "TriggerMessage"
    await charger.send([3, frame[1], answer or ACCEPTED])
    return frame[3]


async def test_b3_an_accepted_boot_is_followed_by_its_configuration_and_its_statuses(central: CentralSystem) -> None:
    central.services.is_kept_configured = True
    central.services.known_connectors = [1, 2]
    async with central.charger() as charger:
        await charger.call("BootNotification", BOOT)
        assert await _asked(charger) == {"requestedMessage": "StatusNotification", "connectorId": 1}
        assert await _asked(charger) == {"requestedMessage": "StatusNotification", "connectorId": 2}
        assert central.services.configured == [1]
        # It may boot again on the same connection.
        await charger.call("BootNotification", BOOT)
        await _asked(charger)
        await _asked(charger)
        assert central.services.configured == [1, 1]


async def test_a_status_that_could_not_be_kept_is_asked_for_until_it_is(
    central: CentralSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A charger tells it once; without this the board would show for hours what is no more."""
    monkeypatch.setattr("evgraph.ocpp.welcome.AGAIN_S", 0.05)
    central.services.known_connectors = [1]
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    async with central.charger() as charger:
        central.services.failing["status"] = DatabaseTimeout("database is locked")
        await charger.send([2, "lost", "StatusNotification", status])
        for _ in range(2):
            assert await _asked(charger) == {"requestedMessage": "StatusNotification", "connectorId": 1}
            await charger.send([2, "lost", "StatusNotification", status])
        central.services.failing["connectors"] = DatabaseTimeout("database is locked")
        await asyncio.sleep(0.15)
        central.services.failing.clear()
        assert await _asked(charger) == {"requestedMessage": "StatusNotification", "connectorId": 1}
        assert (await charger.call("StatusNotification", status, "kept"))[:2] == [3, "kept"]
        assert await charger.hears_nothing(0.2)


async def test_b3_one_that_is_not_kept_configured_is_asked_for_nothing(central: CentralSystem) -> None:
    async with central.charger() as charger:
        await charger.call("BootNotification", BOOT)
        assert await charger.hears_nothing()


@pytest.mark.parametrize("acceptance", [Acceptance.PENDING, Acceptance.REJECTED])
async def test_b1_one_that_is_not_accepted_is_asked_for_nothing(central: CentralSystem, acceptance: Acceptance) -> None:
    central.services.acceptance = acceptance
    central.services.is_kept_configured = True
    async with central.charger() as charger:
        await charger.call("BootNotification", BOOT)
        assert await charger.hears_nothing()
    assert central.services.configured == []


async def test_b1_one_that_an_operator_accepts_is_asked_to_boot(central: CentralSystem) -> None:
    central.services.acceptance = Acceptance.PENDING
    central.services.is_kept_configured = True
    async with central.charger() as charger:
        await charger.call("BootNotification", BOOT)
        assert (await charger.call("Heartbeat", {}))[2] == "SecurityError"
        central.services.acceptance = Acceptance.ACCEPTED
        central.gateway.accept("CP1", Acceptance.ACCEPTED)
        assert await _asked(charger) == {"requestedMessage": "BootNotification"}
        assert (await charger.call("BootNotification", BOOT))[2]["status"] == "Accepted"
        assert await _asked(charger) == {"requestedMessage": "StatusNotification"}
        # Said again, it changes nothing (OCPP 1.6 errata 3.40).
        central.gateway.accept("CP1", Acceptance.ACCEPTED)
        assert await charger.hears_nothing()


async def test_b1_one_that_does_not_boot_when_asked_is_taken_up_as_it_is(central: CentralSystem) -> None:
    central.services.acceptance = Acceptance.PENDING
    central.services.was_never_configured = True
    async with central.charger() as charger:
        await charger.call("BootNotification", BOOT)
        central.gateway.accept("CP1", Acceptance.ACCEPTED)
        assert await _asked(charger, {"status": "NotImplemented"}) == {"requestedMessage": "BootNotification"}
        assert await _asked(charger) == {"requestedMessage": "StatusNotification"}
        await central.until(lambda: central.services.configured == [1])


async def test_b1_an_operators_no_holds_at_once(central: CentralSystem) -> None:
    async with central.charger() as charger:
        assert await charger.is_alive()
        central.gateway.accept("CP1", Acceptance.REJECTED)
        assert (await charger.call("Heartbeat", {}))[2] == "SecurityError"


async def test_b3_a_charger_that_fails_in_between_is_welcome_at_its_next_boot(central: CentralSystem) -> None:
    central.services.is_kept_configured = True
    for failure in (ChargerTimeout("slow"), RuntimeError("a bug")):
        central.services.failing["configure"] = failure
        async with central.charger() as charger:
            await charger.call("BootNotification", BOOT)
            assert await charger.hears_nothing()
            del central.services.failing["configure"]
            await charger.call("BootNotification", BOOT)
            assert await _asked(charger) == {"requestedMessage": "StatusNotification"}


class _Guest:
    """A connection, as far as the welcome knows one."""

    def __init__(self, id_: int) -> None:
        self.peer = Peer(id=id_, garage_id=1, identity=f"CP{id_}", acceptance=Acceptance.ACCEPTED)

    def boot(self) -> None:
        self.peer.boot(Acceptance.ACCEPTED)
        self.peer.answered()


async def _settled(services: FakeServices, configured: list[int]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while services.configured != configured:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_b3_no_more_than_so_many_are_asked_at_a_time_and_each_has_its_turn() -> None:
    services, at_once, most = FakeServices(), 0, 0

    class Slow:
        async def configure(self, charge_point_id: int) -> bool:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.001)
            at_once -= 1
            return await services.configure(charge_point_id)

        async def bring_local_list(self, charge_point_id: int, identity: str) -> None:
            pass

    welcome = Welcome(services, Slow(), boot_wait=60, at_once=3)  # type: ignore[arg-type]
    guests = [_Guest(number) for number in range(20)]
    for guest in guests:
        welcome.expect(guest)  # type: ignore[arg-type]
        guest.boot()
    await _settled(services, list(range(20)))
    assert most == 3
    for guest in guests:
        await welcome.part(guest)  # type: ignore[arg-type]


async def test_one_that_goes_before_it_is_asked_leaves_its_place_to_another() -> None:
    services = FakeServices()
    welcome = Welcome(services, services, boot_wait=60, at_once=1)  # type: ignore[arg-type]
    goes, *stay = (_Guest(number) for number in range(3))
    for guest in (goes, *stay):
        welcome.expect(guest)  # type: ignore[arg-type]
    # Its task is made in this round, and ended in the next before it could begin.
    going = asyncio.create_task(welcome.part(goes))  # type: ignore[arg-type]
    for guest in (goes, *stay):
        guest.boot()
    await _settled(services, [1, 2])
    await going
    for guest in stay:
        await welcome.part(guest)  # type: ignore[arg-type]
    assert asyncio.all_tasks() == {asyncio.current_task()}


class TestBackWithoutABoot:
    @pytest.fixture
    def boot_wait(self) -> float:
        return 0.05

    async def test_b3_one_that_was_never_configured_is_configured_then(self, central: CentralSystem) -> None:
        central.services.was_never_configured = True
        async with central.charger() as charger:
            assert await _asked(charger) == {"requestedMessage": "StatusNotification"}
            await central.until(lambda: central.services.configured == [1])

    async def test_b5_one_that_was_is_asked_for_its_statuses_alone(self, central: CentralSystem) -> None:
        async with central.charger() as charger:
            assert await _asked(charger) == {"requestedMessage": "StatusNotification"}
            assert await charger.hears_nothing()
        assert central.services.configured == []
