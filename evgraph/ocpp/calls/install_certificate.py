from evgraph.domain.asks import InstallCertificate
from evgraph.ocpp.calls.answers import status
from evgraph.ocpp.calls.command import Command, asks


@asks(InstallCertificate)
def install_certificate(ask: InstallCertificate) -> Command[str]:
    """Security extension, section 5.7."""
    return Command("InstallCertificate", {"certificateType": ask.kind, "certificate": ask.certificate}, status)
