from evgraph.domain.asks import CertificateSigned
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(CertificateSigned)
def certificate_signed(ask: CertificateSigned) -> Command[str]:
    """Security extension, section 5.1."""
    return Command("CertificateSigned", {"certificateChain": ask.chain}, status)
