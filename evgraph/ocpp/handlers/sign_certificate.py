from evgraph.ocpp import operating_messages
from evgraph.ocpp.handling import handles
from evgraph.ocpp.inbound import Answer, InboundCall


@handles("SignCertificate")
async def sign_certificate(call: InboundCall) -> Answer:
    """Security extension, section 5.10. Answered at once; the certificate follows in CertificateSigned."""
    csr = operating_messages.sign_certificate(call.fields).csr
    certificates = call.services.certificates
    is_taken = csr is not None and await certificates.sign_requested(call.peer.id, call.peer.identity, csr)
    return {"status": "Accepted" if is_taken else "Rejected"}
