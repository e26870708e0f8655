from evgraph.domain.asks import SignedUpdateFirmware
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks, only_given
from evgraph.ocpp.translate import iso


@asks(SignedUpdateFirmware)
def signed_update_firmware(ask: SignedUpdateFirmware) -> Command[str]:
    """Security extension, section 5.10."""
    firmware = only_given(
        location=ask.location,
        retrieveDateTime=iso(ask.retrieve_at),
        installDateTime=iso(ask.install_at) if ask.install_at else None,
        signingCertificate=ask.signing_certificate,
        signature=ask.signature,
    )
    payload = only_given(
        requestId=ask.request_id, firmware=firmware, retries=ask.retries, retryInterval=ask.retry_interval_s
    )
    return Command("SignedUpdateFirmware", payload, status)
