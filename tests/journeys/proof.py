"""After every journey: its bills are derived again from the frames, and nothing differs (C10)."""

from datetime import UTC, datetime

from evgraph.models import database
from evgraph.ocpp.replay import Report, Selection, replay
from evgraph.services.supplies import Supplies


async def derived_again(
    database_url: str,
    selection: Selection = Selection(),  # noqa: B008 - frozen
) -> Report:
    """By the settings that journeys run with; the database must be nobody else's in this process."""
    await database.open_database(database_url, timeout_s=None)
    try:
        return await replay(selection, supplies=Supplies(), now=datetime.now(UTC))
    finally:
        await database.close_database()
