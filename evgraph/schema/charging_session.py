from datetime import datetime

import strawberry

from evgraph.domain.billing import cost, costs_by_time
from evgraph.domain.charging_session import ChargingSession as ChargingSessionValue
from evgraph.domain.people import Right
from evgraph.domain.rate import Rate as RateValue
from evgraph.schema import charging_request, line_item, port, session_move, stay
from evgraph.schema.context import Info, Sample, existing
from evgraph.schema.enums import SessionFlag, SessionStatus, StopReason
from evgraph.schema.errors import bad_user_input
from evgraph.schema.money import Money, money_of
from evgraph.schema.node import Node, from_value, resolved
from evgraph.schema.rate import Rate, rate_or_none
from evgraph.schema.references import ChargingRequestRef, LineItemRef, PortRef, SessionMoveRef, StayRef
from evgraph.schema.scalars import as_int

MIN_POINTS, MAX_POINTS = 2, 2000


@strawberry.type
class MeterSample:
    value: strawberry.Private[Sample]

    at: datetime = from_value()

    @resolved("Delivered since the session's start.")
    def energy_wh(self) -> int:
        return as_int(self.value.energy_wh)

    @strawberry.field
    def power_kw(self) -> float | None:
        return kilo(self.value.power_w)


@strawberry.type(description="One charging session: an OCPP transaction, tied to an open ticket.")
class ChargingSession(Node):
    value: strawberry.Private[ChargingSessionValue]

    status: SessionStatus = from_value()
    full_since: datetime | None = from_value("Since when the vehicle takes no more; null while it does.")
    transaction_id: int | None = from_value("OCPP transactionId; null while STARTING.")
    started_at: datetime | None = from_value()
    ended_at: datetime | None = from_value()
    stop_reason: StopReason | None = from_value()
    last_meter_at: datetime | None = from_value()

    @resolved("Null while the session is unassigned: the charger began it without a ticket.")
    async def request(self, info: Info) -> ChargingRequestRef | None:
        if self.value.request_id is None:
            return None
        found = await info.context.loaders.requests.load(self.value.request_id)
        return charging_request.ChargingRequest(value=existing(found))

    @strawberry.field
    async def stay(self, info: Info) -> StayRef | None:
        if self.value.stay_id is None:
            return None
        return stay.Stay(value=existing(await info.context.loaders.stays.load(self.value.stay_id)))

    @strawberry.field
    async def port(self, info: Info) -> PortRef:
        return port.Port(value=existing(await info.context.loaders.ports.load(self.value.port_id)))

    @strawberry.field
    def flags(self) -> list[SessionFlag]:
        return sorted(self.value.flags, key=list(SessionFlag).index)

    @resolved("Delivered so far; final once ENDED.")
    def energy_wh(self) -> int:
        return as_int(self.value.energy_wh)

    @strawberry.field
    def energy_kwh(self) -> float:
        return self.value.energy_wh / 1000

    @resolved("Latest reported power; null when the charger does not report it.")
    def power_kw(self) -> float | None:
        return kilo(self.value.power_w)

    @strawberry.field
    def duration_seconds(self, info: Info) -> int:
        now = info.context.now() if self.value.ended_at is None else self.value.ended_at
        return int(self.value.lasted(now).total_seconds())

    @resolved("The rate that applies: the one in force when the session started.")
    async def rate(self, info: Info) -> Rate | None:
        return rate_or_none(await self._rate(info))

    @resolved("Running while CHARGING, final once ENDED; what the line item bills.")
    async def cost(self, info: Info) -> Money | None:
        if not self.value.status.has_begun:
            return None
        rate = await self._rate(info)
        # What does not ask the time is the same until the charger tells something new.
        now = info.context.now() if costs_by_time(self.value, rate) else self.value.asked_at
        cents = cost(self.value, rate, now)
        return None if cents is None else await money_of(info, self.value.garage_id, cents)

    @resolved("Its first bill; corrections, and what was moved to another ticket, stand in lineItems.")
    async def line_item(self, info: Info) -> LineItemRef | None:
        info.context.require(Right.SEE_STAYS, self.value.garage_id)
        found = await info.context.loaders.line_item_of_session.load(self.value.id)
        return line_item.LineItem(value=found) if found else None

    @resolved("All that it was billed, in order, on whichever tickets it has been.")
    async def line_items(self, info: Info) -> list[LineItemRef]:
        info.context.require(Right.SEE_STAYS, self.value.garage_id)
        found = await info.context.loaders.line_items_of_session.load(self.value.id)
        return [line_item.LineItem(value=value) for value in found]

    @resolved("Who gave it to a ticket, oldest first: assignSession and reassignSession.")
    async def moves(self, info: Info) -> list[SessionMoveRef]:
        info.context.require(Right.SEE_STAYS, self.value.garage_id)
        found = await info.context.loaders.moves_of_session.load(self.value.id)
        return [session_move.SessionMove(value=value) for value in found]

    @resolved("The energy register over time, for a plot; at most `points` of them, first and last included.")
    async def samples(self, info: Info, points: int | None = 200) -> list[MeterSample]:
        wanted = 200 if points is None else points
        if not MIN_POINTS <= wanted <= MAX_POINTS:
            raise bad_user_input(f"`points` must be from {MIN_POINTS} to {MAX_POINTS}.")
        found = await info.context.loaders.samples.load((self.value.id, wanted))
        return [MeterSample(value=value) for value in found]

    async def _rate(self, info: Info) -> RateValue | None:
        if self.value.rate_id is None:
            return None
        return existing(await info.context.loaders.rates.load(self.value.rate_id))


def kilo(amount: int | None) -> float | None:
    return None if amount is None else amount / 1000
