from evgraph.domain.asks import DeleteCertificate
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(DeleteCertificate)
def delete_certificate(ask: DeleteCertificate) -> Command[str]:
    """Security extension, section 5.2."""
    named = {
        "hashAlgorithm": ask.certificate.algorithm,
        "issuerNameHash": ask.certificate.issuer_name_hash,
        "issuerKeyHash": ask.certificate.issuer_key_hash,
        "serialNumber": ask.certificate.serial_number,
    }
    return Command("DeleteCertificate", {"certificateHashData": named}, status)
