from evgraph.domain.asks import CancelReservation
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(CancelReservation)
def cancel_reservation(ask: CancelReservation) -> Command[str]:
    """OCPP 1.6 section 5.1."""
    return Command("CancelReservation", {"reservationId": ask.reservation_id}, status)
