from datetime import datetime

import strawberry

from evgraph.domain.frames import LoggedFrame
from evgraph.schema.connection import Connection, connection, decode_cursor, encode_cursor, page_size
from evgraph.schema.context import Info
from evgraph.schema.enums import FrameDirection, FrameKind
from evgraph.schema.errors import bad_user_input
from evgraph.schema.node import from_value, resolved
from evgraph.schema.operating_context import FrameFilter, FramePage


@strawberry.type(description="One OCPP-J frame as it went over the wire; secrets are redacted before they are stored.")
class Frame:
    value: strawberry.Private[LoggedFrame]

    at: datetime = from_value()
    direction: FrameDirection = from_value()
    kind: FrameKind = from_value()
    message_id: str | None = from_value()
    action: str | None = from_value("Of the CALL, also on its answer; null where it cannot be read.")
    frame: str = from_value("The text as it was sent; of a binary frame its bytes as hex digits.")

    @resolved(name="id")
    def global_id(self) -> strawberry.ID:
        return strawberry.ID(str(self.value.id))


async def frames(
    info: Info, where: FrameFilter, first: int | None, after: str | None, *, default: int
) -> Connection[Frame]:
    page = FramePage(where, page_size(first, default), _before(after))
    loaders = info.context.loaders.operating
    found = await loaders.frame_pages.load(page)
    return connection(
        [Frame(value=value) for value in found.values],
        [encode_cursor("frames", value.id) for value in found.values],
        has_next=found.has_more,
        has_previous=bool(after),
        count=lambda: loaders.frame_counts.load(where),
    )


def _before(after: str | None) -> int | None:
    """The id in a cursor, which is made out of the time, and goes beyond int32."""
    if not after:
        return None
    (id_,) = decode_cursor(after, "frames", int)
    if not 0 < int(id_) < 2**63:
        raise bad_user_input("`after` is no cursor of this list: give an endCursor that it answered with, or none.")
    return int(id_)
