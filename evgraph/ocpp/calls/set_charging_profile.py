from evgraph.domain.asks import SetChargingProfile
from evgraph.domain.charging_profile import as_sent
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(SetChargingProfile)
def set_charging_profile(ask: SetChargingProfile) -> Command[str]:
    """OCPP 1.6 section 5.16."""
    payload = {"connectorId": ask.connector_id, "csChargingProfiles": as_sent(ask.profile)}
    return Command("SetChargingProfile", payload, status)
