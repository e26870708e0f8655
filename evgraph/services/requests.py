"""The EV queue: a vehicle gets on it later than at its check-in, or off it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evgraph.domain import charging_request
from evgraph.domain.charging_request import ChargingRequest
from evgraph.domain.people import Right, Viewer
from evgraph.domain.stay import Channel, Stay, refuse_closed, refuse_past_checkout
from evgraph.models import RequestRow
from evgraph.services import finding
from evgraph.services.books import Books, Change
from evgraph.services.once import Claim, Once
from evgraph.services.permissions import missing


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRequest:
    """Either `stay_id`, or `garage_id` and `ticket_number`."""

    stay_id: int | None = None
    garage_id: int | None = None
    ticket_number: str | None = None
    estimated_checkout_at: datetime | None = None
    channel: Channel = Channel.API
    idempotency_key: str | None = None


class Requests:
    def __init__(self, books: Books, once: Once) -> None:
        self._books = books
        self._once = once

    async def make(self, viewer: Viewer, command: MakeRequest) -> ChargingRequest:
        """Raises Refusal STAY_CLOSED or REQUEST_EXISTS. A charged vehicle goes back to the queue."""

        async def work(claim: Claim) -> ChargingRequest:
            found = await finding.stay(
                viewer,
                Right.MAKE_REQUESTS,
                stay_id=command.stay_id,
                garage_id=command.garage_id,
                ticket_number=command.ticket_number,
            )
            async with self._books.change(found.garage_id) as change:
                stay = await change.stay(found.id)
                if stay is None:
                    raise missing("ticket", "input", "stayId")
                refuse_closed(stay)
                refuse_past_checkout(command.estimated_checkout_at, change.now)
                request = await put_on_queue(change, stay, command.channel, command.estimated_checkout_at)
                await claim.keep({"request": request.id})
                return request

        return await self._once.run(viewer, "makeRequest", command, work=work, replay=self._again)

    async def cancel(self, viewer: Viewer, request_id: int) -> ChargingRequest:
        """Raises Refusal REQUEST_NOT_WAITING for one that is starting, charging or charged."""
        garage_id = await finding.request_garage(viewer, Right.MAKE_REQUESTS, request_id)
        async with self._books.change(garage_id) as change:
            request = await change.request(request_id)
            if request is None:
                raise missing("request", "input", "requestId")
            return await change.save_request(charging_request.canceled(request))

    @staticmethod
    async def _again(kept: Mapping[str, Any]) -> ChargingRequest:
        return (await RequestRow.get(id=kept["request"])).value()


async def put_on_queue(
    change: Change, stay: Stay, channel: Channel, estimated_checkout_at: datetime | None
) -> ChargingRequest:
    """The stay's request, new or again. Raises Refusal REQUEST_EXISTS."""
    present = await change.request_on_board(stay.id)
    if present is not None:
        again = charging_request.asked_again(
            present, channel=channel, estimated_checkout_at=estimated_checkout_at, now=change.now
        )
        return await change.save_request(again)
    return await change.save_request(
        charging_request.new_request(
            garage_id=stay.garage_id,
            stay_id=stay.id,
            channel=channel,
            estimated_checkout_at=estimated_checkout_at or stay.estimated_checkout_at,
            now=change.now,
        )
    )
