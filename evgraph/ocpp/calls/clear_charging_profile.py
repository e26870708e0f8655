from evgraph.domain.asks import ClearChargingProfile
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks, only_given


@asks(ClearChargingProfile)
def clear_charging_profile(ask: ClearChargingProfile) -> Command[str]:
    """OCPP 1.6 section 5.5."""
    payload = only_given(
        id=ask.profile_id,
        connectorId=ask.connector_id,
        chargingProfilePurpose=ask.purpose.value if ask.purpose else None,
        stackLevel=ask.stack_level,
    )
    return Command("ClearChargingProfile", payload, status)
