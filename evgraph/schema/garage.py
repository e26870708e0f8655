from datetime import datetime
from typing import Annotated

import strawberry

from evgraph.domain.board import port_order
from evgraph.domain.garage import Garage as GarageValue
from evgraph.domain.money import language_tag
from evgraph.domain.people import Right
from evgraph.schema import board, charge_point, charging_session, port, quarantined_message, stay
from evgraph.schema.card import Card, cards
from evgraph.schema.connection import Connection, before_id, newest_first, page_size
from evgraph.schema.context import Info, Page, RateFilter, SessionFilter, StayFilter
from evgraph.schema.enums import SessionFlag, SessionStatus, StayStatus
from evgraph.schema.errors import bad_user_input
from evgraph.schema.global_ids import key_of
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.operating_context import FlaggedFilter, UnassignedFilter
from evgraph.schema.rate import Rate, rate_or_none
from evgraph.schema.references import (
    BoardRef,
    ChargePointRef,
    ChargingSessionRef,
    PortRef,
    QuarantinedMessageRef,
    StayRef,
)

MAX_SEARCH = 100


@strawberry.type
class Garage(Node):
    value: strawberry.Private[GarageValue]

    location_id: str = from_value("The operator's own code for the location, unique within the operator.")
    name: str = from_value()
    time_zone: str = from_value("IANA time zone.")
    currency: str = from_value("ISO 4217.")

    @resolved("BCP 47 language tag, such as en-US: how numbers and amounts are written and read in this garage.")
    def locale(self) -> str:
        return language_tag(self.value.locale)

    @resolved("What a charging session started now would cost; null until a rate is set.")
    async def rate(self, info: Info) -> Rate | None:
        return rate_or_none(await info.context.loaders.current_rates.load(self.value.id))

    @resolved("Newest first.")
    async def rate_history(
        self, info: Info, first: int | None = 20, after: str | None = strawberry.UNSET
    ) -> Connection[Rate]:
        info.context.require(Right.SEE_STAYS, self.value.id)
        where = RateFilter(self.value.id)
        page = Page(where, page_size(first, 20), before_id(after, "rates"))
        loaders = info.context.loaders
        return newest_first(
            await loaders.rate_pages.load(page),
            lambda value: Rate(value=value),
            listed="rates",
            after=after,
            count=lambda: loaders.rate_counts.load(where),
        )

    @resolved("Sorted by name, in natural order: Port 2 before Port 10.")
    async def ports(self, info: Info) -> list[PortRef]:
        ports = await info.context.loaders.ports_of_garage.load(self.value.id)
        return [port.Port(value=value) for value in sorted(ports, key=port_order)]

    @strawberry.field
    async def port(self, info: Info, id: strawberry.ID) -> PortRef | None:  # noqa: A002
        key = key_of("Port", id)
        found = await info.context.loaders.ports.load(key) if key is not None else None
        return port.Port(value=found) if found and found.garage_id == self.value.id else None

    @strawberry.field
    async def charge_points(self, info: Info) -> list[ChargePointRef]:
        found = await info.context.loaders.charge_points_of_garage.load(self.value.id)
        return [charge_point.ChargePoint(value=value) for value in found]

    @resolved("The EV queue: everything that the garage screen shows.")
    async def board(self, info: Info) -> BoardRef:
        return board.Board(value=await info.context.loaders.boards.load(self.value.id))

    @resolved(
        "Vehicles on the lot (OPEN) and gone (CLOSED), newest check-in first; `search` matches plate, "
        "ticket number, make and color."
    )
    async def stays(
        self,
        info: Info,
        status: StayStatus | None = strawberry.UNSET,
        search: str | None = strawberry.UNSET,
        first: int | None = 50,
        after: str | None = strawberry.UNSET,
    ) -> Connection[StayRef]:
        info.context.require(Right.SEE_STAYS, self.value.id)
        where = StayFilter(self.value.id, status or None, search_words(search))
        page = Page(where, page_size(first, 50), before_id(after, "stays"))
        loaders = info.context.loaders
        return newest_first(
            await loaders.stay_pages.load(page),
            lambda value: stay.Stay(value=value),
            listed="stays",
            after=after,
            count=lambda: loaders.stay_counts.load(where),
        )

    @resolved("Newest first; `from` and before `to`, by the start, or by when it was asked for while it has none.")
    async def sessions(
        self,
        info: Info,
        status: SessionStatus | None = strawberry.UNSET,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = strawberry.UNSET,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = strawberry.UNSET,
        port_id: strawberry.ID | None = strawberry.UNSET,
        first: int | None = 50,
        after: str | None = strawberry.UNSET,
    ) -> Connection[ChargingSessionRef]:
        info.context.require(Right.SEE_STAYS, self.value.id)
        # No port has the key 0: an id that is no port's finds nothing.
        port_key = (key_of("Port", port_id) or 0) if port_id else None
        where = SessionFilter(self.value.id, status or None, since or None, until or None, port_key)
        page = Page(where, page_size(first, 50), before_id(after, "sessions"))
        loaders = info.context.loaders
        return newest_first(
            await loaders.session_pages.load(page),
            lambda value: charging_session.ChargingSession(value=value),
            listed="sessions",
            after=after,
            count=lambda: loaders.session_counts.load(where),
        )

    @resolved("Sessions that chargers began without a ticket, newest first: assignSession gives them one.")
    async def unassigned_sessions(
        self,
        info: Info,
        status: SessionStatus | None = strawberry.UNSET,
        first: int | None = 50,
        after: str | None = strawberry.UNSET,
    ) -> Connection[ChargingSessionRef]:
        info.context.require(Right.SEE_STAYS, self.value.id)
        where = UnassignedFilter(self.value.id, status or None)
        loaders = info.context.loaders.operating
        page = Page(where, page_size(first, 50), before_id(after, "unassignedSessions"))
        return newest_first(
            await loaders.unassigned_pages.load(page),
            lambda value: charging_session.ChargingSession(value=value),
            listed="unassignedSessions",
            after=after,
            count=lambda: loaders.unassigned_counts.load(where),
        )

    @resolved("Sessions whose figures need a look, newest first; `from` and before `to`, by their start.")
    async def flagged_sessions(
        self,
        info: Info,
        flag: SessionFlag | None = strawberry.UNSET,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = strawberry.UNSET,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = strawberry.UNSET,
        first: int | None = 50,
        after: str | None = strawberry.UNSET,
    ) -> Connection[ChargingSessionRef]:
        info.context.require(Right.OPERATE, self.value.id)
        where = FlaggedFilter(self.value.id, flag or None, since or None, until or None)
        loaders = info.context.loaders.operating
        page = Page(where, page_size(first, 50), before_id(after, "flaggedSessions"))
        return newest_first(
            await loaders.flagged_pages.load(page),
            lambda value: charging_session.ChargingSession(value=value),
            listed="flaggedSessions",
            after=after,
            count=lambda: loaders.flagged_counts.load(where),
        )

    @resolved("What its chargers said, were answered, and could not be placed; newest first.")
    async def quarantine(
        self,
        info: Info,
        resolved: bool | None = strawberry.UNSET,
        first: int | None = 50,
        after: str | None = strawberry.UNSET,
    ) -> Connection[QuarantinedMessageRef]:
        info.context.require(Right.OPERATE, self.value.id)
        is_resolved = None if resolved is strawberry.UNSET else resolved
        return await quarantined_message.quarantine(info, self.value.id, is_resolved, first, after)

    @resolved("The cards that may start its chargers without a ticket, newest first.")
    async def cards(self, info: Info, first: int | None = 50, after: str | None = strawberry.UNSET) -> Connection[Card]:
        info.context.require(Right.OPERATE, self.value.id)
        return await cards(info, self.value.id, first, after)


def search_words(search: str | None) -> tuple[str, ...]:
    """Raises BAD_USER_INPUT for a search of more than a hundred characters."""
    text = search or ""
    if len(text) > MAX_SEARCH:
        raise bad_user_input(f"`search` has at most {MAX_SEARCH} characters.")
    return tuple(text.split())
