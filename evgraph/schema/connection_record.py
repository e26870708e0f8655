from datetime import datetime

import strawberry

from evgraph.domain.frames import ChargePointConnection
from evgraph.domain.refused_connection import RefusedConnection as RefusedConnectionValue
from evgraph.schema.connection import Connection, before_id, newest_first, page_size
from evgraph.schema.context import Info, Page
from evgraph.schema.global_ids import encode
from evgraph.schema.node import from_value, resolved
from evgraph.schema.operating_context import ConnectionFilter, OperatingLoaders, RefusedFilter


@strawberry.type(description="That a charge point was connected: when, from where, and why it ended.")
class ConnectionRecord:
    value: strawberry.Private[ChargePointConnection]

    remote: str = from_value("The address that it came from.")
    subprotocol: str | None = from_value("What was agreed on; null where it named none.")
    security_profile: int = from_value("0 without a key, 1 with one, 2 with one over TLS, 3 with a certificate.")
    connected_at: datetime = from_value()
    disconnected_at: datetime | None = from_value("Null while it is open.")
    close_code: int | None = from_value("Of the WebSocket close (RFC 6455 section 7.4).")
    close_reason: str | None = from_value()

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return encode("ConnectionRecord", self.value.id)


@strawberry.type(description="A handshake that was turned away: look here first when a charger does not connect.")
class RefusedConnection:
    value: strawberry.Private[RefusedConnectionValue]

    identity: str = from_value("What it said that it is, known or not.")
    remote: str = from_value("The address that it came from.")
    reason: str = from_value()
    at: datetime = from_value()

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return encode("RefusedConnection", self.value.id)


async def connections(
    info: Info, charge_point_id: int, first: int | None, after: str | None
) -> Connection[ConnectionRecord]:
    where = ConnectionFilter(charge_point_id)
    loaders = info.context.loaders.operating
    return newest_first(
        await loaders.connection_pages.load(Page(where, page_size(first, 20), before_id(after, "connections"))),
        lambda value: ConnectionRecord(value=value),
        listed="connections",
        after=after,
        count=lambda: loaders.connection_counts.load(where),
    )


async def refused_connections(
    loaders: OperatingLoaders, where: RefusedFilter, first: int | None, after: str | None
) -> Connection[RefusedConnection]:
    return newest_first(
        await loaders.refused_pages.load(Page(where, page_size(first, 20), before_id(after, "refusedConnections"))),
        lambda value: RefusedConnection(value=value),
        listed="refusedConnections",
        after=after,
        count=lambda: loaders.refused_counts.load(where),
    )
