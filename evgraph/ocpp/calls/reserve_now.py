from evgraph.domain.asks import ReserveNow
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.translate import iso


@asks(ReserveNow)
def reserve_now(ask: ReserveNow) -> Command[str]:
    """OCPP 1.6 section 5.13."""
    payload = only_given(
        reservationId=ask.reservation_id,
        connectorId=ask.connector_id,
        idTag=ask.id_tag,
        expiryDate=iso(ask.expires_at),
        parentIdTag=ask.parent_id_tag,
    )
    return Command("ReserveNow", payload, status)
