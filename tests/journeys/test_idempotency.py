"""The same idempotencyKey again: when two arrive at once, and after a restart."""

import asyncio

from evgraph.domain.people import Role
from tests.journeys.client import Json
from tests.journeys.garage import PASSWORD, Person, email
from tests.journeys.server import Server


async def test_two_that_arrive_at_once_do_it_once(garage):
    pos, attendant = await garage.sign_in(Role.POS), await garage.sign_in(Role.ATTENDANT)
    async with garage.charger() as charger, attendant.board() as screen:
        port = await screen.shows_port(screen.port("AX48-1-1")["id"], isOpen=True)
        checked_in = await asyncio.gather(*(pos.check_in(idempotencyKey="ticket 1") for _ in range(5)))
        assert all(answer == checked_in[0] for answer in checked_in)
        assert len(await pos.all_of("stays", "id")) == 1

        request = checked_in[0]["request"]
        starts = (attendant.started(request, port["id"], idempotencyKey="tap 1") for _ in range(5))
        started = await asyncio.gather(*starts)
        assert len({session["id"] for session in started}) == 1
        assert len(charger.log.calls("RemoteStartTransaction", "in")) == 1

        await charger.plug_in()
        await screen.shows(request, "CHARGING")
        stay = checked_in[0]["stay"]
        leaves = (pos.check_out(stay, stopCharging=True, idempotencyKey="gate 1") for _ in range(5))
        closed = await asyncio.gather(*leaves)
        assert all(answer == closed[0] for answer in closed)
        assert (closed[0]["errors"], closed[0]["stay"]["status"]) == ([], "CLOSED")
        assert len(charger.log.calls("RemoteStopTransaction", "in")) == 1


async def test_a_restart_forgets_no_answer(garage):
    pos, attendant = await garage.sign_in(Role.POS), await garage.sign_in(Role.ATTENDANT)
    async with garage.charger() as charger:
        await charger.told_everything()
        await charger.plug_in()
        port = (await attendant.board_now()).port("AX48-1-1")
        first = await pos.check_in(idempotencyKey="ticket 1")
        session = await attendant.started(first["request"], port["id"], idempotencyKey="tap 1")
        await charger.wait_for_status(1, "Charging")

        await garage.server.kill()
        await garage.server.start()
        await charger.told_everything()
        again = await pos.check_in(idempotencyKey="ticket 1")
        assert again["stay"] == first["stay"]
        assert again["request"]["id"] == first["request"]["id"]
        assert (await attendant.started(first["request"], port["id"], idempotencyKey="tap 1"))["id"] == session["id"]
        assert len(charger.log.calls("RemoteStartTransaction", "in")) == 1
        refused = await attendant.start({"id": first["request"]["id"]}, port["id"], idempotencyKey="tap 2")
        assert [error["code"] for error in refused["errors"]] == ["REQUEST_NOT_WAITING"]

        closed = await pos.check_out(first["stay"], stopCharging=True, idempotencyKey="gate 1")
        assert closed["errors"] == []
        await garage.server.kill()
        await garage.server.start()
        assert await pos.check_out(first["stay"], stopCharging=True, idempotencyKey="gate 1") == closed
        other = await pos.check_out(first["stay"], stopCharging=False, idempotencyKey="gate 1")
        assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
        assert len(await pos.all_of("stays", "id")) == 1


async def test_one_key_at_two_processes_is_answered_alike(open_garage, tmp_path):
    """Two servers on one database; the charger is connected to one of them, and the other's call may win."""
    async with open_garage() as garage:
        beside = Server(database_url=garage.server.database_url, log=tmp_path / "beside.log")
        await beside.start()
        pos, attendant = await garage.sign_in(Role.POS), await garage.sign_in(Role.ATTENDANT)
        there = Person(beside.address, attendant.garage_id)
        try:
            await there.sign_in(email(Role.ATTENDANT), PASSWORD)
            async with garage.charger() as charger:
                await charger.told_everything()
                await charger.plug_in()
                port = (await attendant.board_now()).port("AX48-1-1")["id"]
                for turn in range(5):
                    checked_in = await pos.check_in(f"TWO {turn}")
                    answers = await asyncio.gather(
                        *(
                            person.start(checked_in["request"], port, idempotencyKey=f"tap {turn}")
                            for person in (attendant, there, attendant, there)
                        )
                    )
                    known = [_for_good(answer) for answer in answers]
                    assert known == [known[0]] * len(known)
                    for person in (there, attendant):
                        again = await person.start(checked_in["request"], port, idempotencyKey=f"tap {turn}")
                        assert _for_good(again) == known[0]
                assert len(charger.log.calls("RemoteStartTransaction", "in")) <= 5
                await charger.unplug()
                await charger.told_everything()
        finally:
            await there.close()
            await beside.stop()


def _for_good(answer: Json) -> object:
    """What of an answer may not change: the session, or why there is none."""
    return answer["session"] and answer["session"]["id"], answer["errors"]
