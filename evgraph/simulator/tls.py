"""What a charge point shows and trusts when it connects by wss (security profiles 2 and 3)."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path


class TlsCredentials:
    """`ca`: whom to trust, the system's own unless given. `certificate` and `private_key`: what it shows, PEM files."""

    def __init__(
        self, ca: Path | str | None = None, certificate: Path | str | None = None, private_key: Path | str | None = None
    ) -> None:
        if (certificate is None) != (private_key is None):
            raise ValueError("A certificate and its private key go together.")
        self._ca = ca
        self._context: ssl.SSLContext | None = None
        self._own = None if certificate is None or private_key is None else (Path(certificate), Path(private_key))

    @property
    def has_certificate(self) -> bool:
        return self._own is not None

    def use(self, chain: bytes, private_key: bytes) -> None:
        """Show these from the next connection on, both PEM."""
        # Python reads them from files alone.
        with tempfile.TemporaryDirectory(prefix="evgraph-charge-point-") as folder:
            pair = Path(folder) / "chain.pem", Path(folder) / "key.pem"
            for path, content in zip(pair, (chain, private_key), strict=True):
                path.touch(0o600)
                path.write_bytes(content)
            context = ssl.create_default_context(cafile=self._ca)
            context.load_cert_chain(*pair)
        self._context = context

    def context(self, url: str) -> ssl.SSLContext | None:
        """None for ws. Raises OSError when a file cannot be read."""
        if not url.startswith("wss:"):
            return None
        if self._context is None:
            self._context = ssl.create_default_context(cafile=self._ca)
            if self._own is not None:
                self._context.load_cert_chain(*self._own)
        return self._context
