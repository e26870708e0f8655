from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import strawberry

from evgraph.domain.people import Right
from evgraph.domain.refusals import Refusal
from evgraph.domain.stay import StayStatus, refuse_contradiction, refuse_incomplete, same_ticket
from evgraph.models import ChargePointRow, GarageRow, StayRow
from evgraph.models.database import reader
from evgraph.resolvers import nodes
from evgraph.resolvers.context import Info
from evgraph.resolvers.permissions import signed_in
from evgraph.schema.charge_point import ChargePoint
from evgraph.schema.charging_session import ChargingSession
from evgraph.schema.connection import Connection, connection, decode_cursor, encode_cursor, page_size
from evgraph.schema.connection_record import RefusedConnection, refused_connections
from evgraph.schema.errors import bad_user_input
from evgraph.schema.garage import Garage, search_words
from evgraph.schema.global_ids import decode, encode, key_of
from evgraph.schema.node import Node, resolved
from evgraph.schema.operating_context import RefusedFilter
from evgraph.schema.stay import Stay
from evgraph.schema.viewer import Viewer
from evgraph.services.permissions import Forbidden

MAX_NODES = 200
T = TypeVar("T")


@strawberry.type
class Query:
    @resolved("Null when nobody is signed in.")
    def viewer(self, info: Info) -> Viewer | None:
        return Viewer(value=info.context.viewer) if info.context.viewer else None

    @strawberry.field
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002
        signed_in(info.context.viewer)
        return await nodes.node(info, id)

    @strawberry.field
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        signed_in(info.context.viewer)
        if len(ids) > MAX_NODES:
            raise bad_user_input(f"Ask for at most {MAX_NODES} nodes at once.")
        return await info.context.loads.together([_node_or_error(info, id_) for id_ in ids])

    @resolved("The garages that the viewer may see, by name.")
    async def garages(
        self,
        info: Info,
        search: str | None = strawberry.UNSET,
        first: int | None = 50,
        after: str | None = strawberry.UNSET,
    ) -> Connection[Garage]:
        viewer = signed_in(info.context.viewer)
        size = page_size(first, 50)
        seen = _name_and_id(after) if after else None
        words = [word.casefold() for word in search_words(search)]
        loaded = await info.context.loaders.garages.load_many(viewer.roles)
        found = sorted(
            ((garage.name.casefold(), garage.id), garage)
            for garage in loaded
            if garage and all(word in f"{garage.name} {garage.location_id}".casefold() for word in words)
        )
        following = [(key, garage) for key, garage in found if seen is None or key > seen]
        page = following[:size]

        async def count() -> int:
            return len(found)

        return connection(
            [Garage(value=garage) for _, garage in page],
            [encode_cursor("garages", *key) for key, _ in page],
            has_next=len(following) > size,
            has_previous=seen is not None,
            count=count,
        )

    @strawberry.field
    async def garage(
        self,
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,  # noqa: A002
        location_id: str | None = strawberry.UNSET,
    ) -> Garage | None:
        viewer = signed_in(info.context.viewer)
        if bool(id) == bool(location_id):
            raise bad_user_input("Provide either id or locationId.")
        if not id:
            mine = GarageRow.filter(organization_id=viewer.organization_id, location_id=location_id)
            row = await mine.using_db(reader()).first()
            id = encode("Garage", row.id) if row else strawberry.ID("")  # noqa: A001
        return await _found(info, Garage, id)

    @resolved("By id, or by garage and ticket number.")
    async def stay(
        self,
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,  # noqa: A002
        garage_id: strawberry.ID | None = strawberry.UNSET,
        ticket_number: str | None = strawberry.UNSET,
    ) -> Stay | None:
        """A ticket number that comes again names the open stay, else the latest."""
        signed_in(info.context.viewer)
        garage_key = (key_of("Garage", garage_id) or 0) if garage_id else None
        number = same_ticket(ticket_number or "") or None
        with _as_bad_user_input():
            refuse_incomplete(stay_id=id or None, garage_id=garage_key, ticket_number=number, id_name="id")
        if not id:
            same = StayRow.filter(garage_id=garage_key, ticket_number=number).using_db(reader())
            row = await same.filter(status=StayStatus.OPEN).first() or await same.order_by("-id").first()
            id = encode("Stay", row.id) if row else strawberry.ID("")  # noqa: A001
        found = await _found(info, Stay, id)
        if found is not None:
            with _as_bad_user_input():
                refuse_contradiction(found.value, garage_id=garage_key, ticket_number=number)
        return found

    @strawberry.field
    async def session(self, info: Info, id: strawberry.ID) -> ChargingSession | None:  # noqa: A002
        signed_in(info.context.viewer)
        return await _found(info, ChargingSession, id)

    @resolved(
        "Handshakes that were turned away, newest first: of unknown identities, and of the charge points that the "
        "viewer operates."
    )
    async def refused_connections(
        self,
        info: Info,
        identity: str | None = strawberry.UNSET,
        first: int | None = 20,
        after: str | None = strawberry.UNSET,
    ) -> Connection[RefusedConnection]:
        viewer = signed_in(info.context.viewer)
        operated = tuple(sorted(garage_id for garage_id in viewer.roles if viewer.may(Right.OPERATE, garage_id)))
        if not operated:
            raise Forbidden("Your role in no garage allows this (OPERATE).")
        return await refused_connections(
            info.context.loaders.operating, RefusedFilter(identity or None, operated), first, after
        )

    @strawberry.field
    async def charge_point(self, info: Info, identity: str) -> ChargePoint | None:
        signed_in(info.context.viewer)
        row = await ChargePointRow.filter(identity=identity).using_db(reader()).first()
        return await _found(info, ChargePoint, encode("ChargePoint", row.id)) if row else None


@contextmanager
def _as_bad_user_input() -> Iterator[None]:
    """A query has no payload that a refusal could be part of."""
    try:
        yield
    except Refusal as refusal:
        raise bad_user_input(refusal.message) from refusal


async def _node_or_error(info: Info, global_id: str) -> Node | Exception | None:
    """One that is forbidden is an error of its own place in the list; the others are answered."""
    try:
        return await nodes.node(info, global_id)
    except Exception as failure:
        return failure


def _name_and_id(cursor: str) -> tuple[str, int]:
    name, key = decode_cursor(cursor, "garages", str, int)
    return str(name), int(key)


async def _found(info: Info, kind: type[T], global_id: str) -> T | None:
    """Of that type only: a port's id names no stay."""
    decoded = decode(global_id)
    if decoded is None or decoded[0] != kind.__name__:
        return None
    found = await nodes.node(info, global_id)
    return found if isinstance(found, kind) else None
