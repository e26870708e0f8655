"""A backup that is made while the server runs and writes, and what a restore makes of the hours since."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from evgraph.domain.people import Role
from evgraph.models.backups import ID_GAP
from tests.conftest import empty_beside
from tests.journeys.command import evgraph
from tests.journeys.garage import delivers
from tests.journeys.proof import derived_again
from tests.journeys.ready import watching


@pytest.fixture
def elsewhere(migrated: str, tmp_path: Path) -> Iterator[str]:
    """A database on another machine, in which nothing is yet."""
    with empty_beside(migrated, tmp_path / "elsewhere.sqlite3") as url:
        yield url


@pytest.mark.slow
async def test_a_backup_of_a_running_garage_is_restored_and_no_transaction_id_comes_again(
    open_garage, elsewhere, tmp_path
):
    """Readings and check-ins go on while the backup is made. After the restore a session of the lost hours is known to
    its charger alone: its stop is kept in quarantine, and its id is not given to anyone else."""
    file, again = tmp_path / "garage.backup", tmp_path / "later.backup"
    async with open_garage(provokes_errors=True) as garage:
        url = garage.server.database_url
        pos, attendant = await garage.sign_in(Role.POS), await garage.sign_in(Role.ATTENDANT)
        operator = await garage.sign_in(Role.OPERATOR)
        async with garage.charger("AX48-1") as charger, garage.charger("AX48-2") as other:
            await charger.told_everything()
            await other.told_everything()
            board = await attendant.board_now()
            running = await _charges(pos, attendant, charger, board.port("AX48-1-1")["id"])
            writing = asyncio.create_task(_check_ins(pos))
            assert "Saved in" in await evgraph("backup", str(file), url=url)
            writing.cancel()
            checked_in = await asyncio.gather(writing, return_exceptions=True)
            assert file.stat().st_mode & 0o077 == 0
            assert checked_in

            # The lost hours: a session that the backup knows nothing of.
            lost = await _charges(pos, attendant, other, board.port("AX48-2-1")["id"])
            lost_id = (await attendant.session(lost))["transactionId"]
            refused = await evgraph("restore", str(file), url=url, fails=True)
            assert "Stop the server first." in refused
            await garage.server.stop()
            refused = await evgraph("restore", str(file), url=url, fails=True)
            assert re.search(r"it holds [\d,]+ rows. Nothing was changed. --force overwrites it", refused)
            told = await evgraph("restore", str(file), "--force", url=url)
            next_id = int(told.rpartition(" is ")[2].strip().rstrip("."))
            assert next_id > lost_id + ID_GAP / 2
            await garage.server.start()

            # The session that the backup knows goes on, and is billed by all that the charger counted.
            await charger.unplug()
            await charger.told_everything()
            ended = await attendant.session(running)
            assert (ended["status"], ended["energyWh"]) == ("ENDED", charger.delivered[0].energy_wh)
            # The charger sends the stop of the lost one, again and again until it is answered.
            await other.unplug()
            await other.told_everything()
            document = """query($id: ID!) { garage(id: $id) { quarantine(first: 50) { edges { node { action } } } } }"""
            edges = (await operator.data(document, id=operator.garage_id))["garage"]["quarantine"]["edges"]
            assert "StopTransaction" in [edge["node"]["action"] for edge in edges]

            fresh = await _charges(pos, attendant, other, board.port("AX48-2-1")["id"])
            fresh_id = (await attendant.session(fresh))["transactionId"]
            assert fresh_id >= next_id > lost_id
            await other.unplug()
            await other.told_everything()
        await garage.server.stop()

        # The same backup once more: what was given out since does not come again either.
        told = await evgraph("restore", str(file), "--force", url=url)
        assert int(told.rpartition(" is ")[2].strip().rstrip(".")) > fresh_id
        assert "exists. A backup overwrites nothing" in await evgraph("backup", str(file), url=url, fails=True)
        await evgraph("backup", str(again), url=url)
        await evgraph("restore", str(again), url=elsewhere)
        assert (await derived_again(elsewhere)).differences == []
        await garage.server.start()


@pytest.mark.parametrize("fault", ["cut off", "changed", "something else", "missing"])
async def test_a_bad_backup_is_refused_before_anything_is_changed(database_url, tmp_path, fault):
    file = tmp_path / "garage.backup"
    await evgraph("backup", str(file), url=database_url)
    whole = file.read_bytes()
    middle = len(whole) // 2
    spoiled = {
        "cut off": whole[:middle],
        "changed": whole[: middle - 2048] + b"\xa5" * 4096 + whole[middle + 2048 :],
        "something else": b"PK not really",
        "missing": None,
    }[fault]
    file.unlink()
    if spoiled is not None:
        file.write_bytes(spoiled)
    told = await evgraph("restore", str(file), "--force", url=database_url, fails=True)
    assert "Error:" in told
    assert str(file.name) in told
    assert "NYC-034" in await evgraph("garage", "list", url=database_url)


async def _charges(pos, attendant, charger, port_id):
    await charger.plug_in()
    checked_in = await pos.check_in()
    session = await attendant.started(checked_in["request"], port_id)
    await delivers(charger, 40)
    return session


async def _check_ins(pos) -> None:
    number = 0
    while True:
        number += 1
        await pos.check_in(f"LOST {number}", evCharge=False)


@pytest.mark.slow
async def test_migrate_changes_nothing_while_a_server_runs(open_garage):
    """Whichever way it would go; where there is nothing to change it says so, as a start script wants. Forced, /readyz
    tells what the server works with."""
    async with open_garage(provokes_errors=True) as garage, watching(garage.server.address) as watch:
        url = garage.server.database_url
        assert "up to date" in await evgraph("migrate", url=url)
        for target in ("zero", "0004_growing"):
            refused = await evgraph("migrate", "--yes", "--to", target, url=url, fails=True)
            assert "Stop the server first. Nothing was changed." in " ".join(refused.split())
        assert await watch.now() == (200, {})
        await evgraph("migrate", "--yes", "--force", "--to", "0004_growing", url=url)
        failed = await watch.until(503)
        assert failed["database"].startswith("The database lacks 0005")
        refused = await evgraph("migrate", url=url, fails=True)
        assert "Stop the server first." in refused
        await garage.server.stop()
        assert "up to date" in await evgraph("migrate", url=url)
        await garage.server.start()
        await watch.until(200)
