"""TLS as the security profiles ask for it ("Improved security for OCPP 1.6-J", A00.FR.304 to 320)."""

import ssl
from pathlib import Path

import structlog

# Ephemeral keys first. Those without are what the profiles demand of both sides, for chargers that know nothing else
# (A00.FR.318: TLS_RSA_WITH_AES_128_GCM_SHA256).
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:AES128-GCM-SHA256:AES256-GCM-SHA384:!aNULL:!eNULL"

log = structlog.get_logger("evgraph.tls")


class BadTlsFiles(Exception):
    """A certificate or key that TLS cannot be served with, and why."""


class LoggedHandshake(ssl.SSLObject):
    """A handshake that fails never reaches an endpoint, and asyncio is silent about it: here it is told, for "it
    doesn't connect" is the commonest call for help."""

    def do_handshake(self) -> None:
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLCertVerificationError as failure:
            log.warning("client certificate refused", why=failure.verify_message)
            raise
        except ssl.SSLError as failure:
            log.warning("TLS handshake failed", why=_in_words(failure))
            raise


def server_context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """TLS 1.2 and up. A client certificate is asked for, and verified when there is one: whether a charge point must
    have one depends on which it is (profile 3). Raises BadTlsFiles."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslobject_class = LoggedHandshake
    context.set_ciphers(_CIPHERS)
    try:
        # Without a password an encrypted key would be asked for at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as failure:
        raise BadTlsFiles(f"Cannot serve TLS with {certificate} and {key}: {failure}") from failure
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except (OSError, ValueError) as failure:
            raise BadTlsFiles(f"Cannot verify client certificates with {client_ca}: {failure}") from failure
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _in_words(failure: ssl.SSLError) -> str:
    match failure.reason:
        case "HTTP_REQUEST" | "WRONG_VERSION_NUMBER":
            return "it did not speak TLS: its URL must begin with wss"
        case "TLSV1_ALERT_UNKNOWN_CA" | "SSLV3_ALERT_BAD_CERTIFICATE" | "SSLV3_ALERT_CERTIFICATE_UNKNOWN":
            return f"it does not trust our certificate ({failure.reason})"
        case "UNSUPPORTED_PROTOCOL":
            return "it offers less than TLS 1.2"
    return failure.reason or str(failure)
