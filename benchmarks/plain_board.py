"""Tables for a board and no more: what the plain way, PostGraphile and the limit read from."""

import json
import os
from pathlib import Path
from typing import Any

from tortoise import Tortoise, fields
from tortoise.models import Model

from evgraph.models.database import WRITER, config

# A file with the board that EVGraph answered, and where to keep it: an SQLite file, or postgresql://
BOARD, DATABASE = "EVGRAPH_BENCHMARK_BOARD", "EVGRAPH_BENCHMARK_DATABASE"


class GarageRow(Model):
    id = fields.CharField(max_length=40, primary_key=True)
    name = fields.TextField()
    revision = fields.IntField()
    ports: fields.ReverseRelation["PortRow"]
    requests: fields.ReverseRelation["RequestRow"]

    class Meta:
        table = "garage"


class PortRow(Model):
    id = fields.CharField(max_length=40, primary_key=True)
    garage: fields.ForeignKeyRelation[GarageRow] = fields.ForeignKeyField("models.GarageRow", related_name="ports")
    garage_id: str
    place = fields.IntField()
    name = fields.TextField()
    status = fields.TextField()

    class Meta:
        table = "port"
        ordering = ("place",)
        indexes = (("garage_id", "place"),)


class RequestRow(Model):
    """A vehicle with its stay in one row: fewer tables than EVGraph has."""

    id = fields.CharField(max_length=40, primary_key=True)
    garage: fields.ForeignKeyRelation[GarageRow] = fields.ForeignKeyField("models.GarageRow", related_name="requests")
    garage_id: str
    place = fields.IntField()
    status = fields.TextField()
    license_plate = fields.TextField()
    session: fields.ReverseRelation["SessionRow"]

    class Meta:
        table = "request"
        ordering = ("place",)
        indexes = (("garage_id", "place"),)


class SessionRow(Model):
    id = fields.IntField(primary_key=True)
    request: fields.OneToOneRelation[RequestRow] = fields.OneToOneField("models.RequestRow", related_name="session")
    request_id: str
    port: fields.ForeignKeyRelation[PortRow] = fields.ForeignKeyField("models.PortRow", related_name="sessions")
    port_id: str
    energy_kwh = fields.FloatField()

    class Meta:
        table = "session"


def board_asked() -> dict[str, Any]:
    """`id` of the garage, and the `data` that was answered."""
    asked: dict[str, Any] = json.loads(Path(os.environ[BOARD]).read_text())
    return asked


async def open_board(*, is_shared: bool) -> str:
    """The garage's id. `is_shared`: handlers run in other tasks than this one."""
    asked = board_asked()
    database = os.environ[DATABASE]
    if database.startswith("postgresql://"):
        connection: Any = config(database)["connections"][WRITER]
    else:
        connection = f"sqlite://{database}?journal_mode=WAL&synchronous=FULL"
    await Tortoise.init(
        config={"connections": {"default": connection}, "apps": {"models": {"models": ["benchmarks.plain_board"]}}},
        _enable_global_fallback=is_shared,
    )
    await Tortoise.generate_schemas()
    garage_id, garage = asked["id"], asked["data"]["garage"]
    await _fill(garage_id, garage["name"], garage["board"])
    return str(garage_id)


async def _fill(garage_id: str, name: str, board: dict[str, Any]) -> None:
    await GarageRow.create(id=garage_id, name=name, revision=board["revision"])
    ports = {port["name"]: port for port in board["ports"]}
    await PortRow.bulk_create(
        PortRow(garage_id=garage_id, place=place, **port) for place, port in enumerate(ports.values())
    )
    cards = [*board["needsCharging"], *board["charging"], *board["charged"]]
    await RequestRow.bulk_create(
        RequestRow(
            id=card["id"],
            garage_id=garage_id,
            place=place,
            status=card["status"],
            license_plate=card["stay"]["vehicle"]["licensePlate"],
        )
        for place, card in enumerate(cards)
    )
    await SessionRow.bulk_create(
        SessionRow(
            request_id=card["id"],
            port_id=ports[card["session"]["port"]["name"]]["id"],
            energy_kwh=card["session"]["energyKwh"],
        )
        for card in cards
        if card["session"] is not None
    )


async def fill() -> None:
    """The tables, and no more."""
    await open_board(is_shared=False)
    await Tortoise.close_connections()
