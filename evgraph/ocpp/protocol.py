"""uvicorn's WebSocket protocol, with four differences for chargers; `ws=ChargerProtocol` in uvicorn's settings."""

import ssl
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from evgraph.ocpp.handshake import WIRE, Wire

_CHARGERS = "/ocpp/"


class ChargerProtocol(WebSocketsSansIOProtocol):
    """C6: a charger that floods is slowed by not reading from it; its pong then waits behind its own frames. One that
    was heard since the ping, or that we do not read from, is alive: it is pinged again, and not closed with 1011.

    C1: a handshake that was turned away has been answered; uvicorn takes that for an error of ours, and logs it so.

    C7: a text frame that is no UTF-8 reaches the endpoint as bytes, which ignores it, instead of closing with 1007.

    Security profiles: who stands at the other end of the wire, before any header could say otherwise, and the client
    certificate that the TLS handshake verified, go with the request (`scope["extensions"]`).
    """

    _was_heard = False

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions = cast("dict[str, Any]", self.scope["extensions"])
            extensions[WIRE] = Wire(
                host=self.client[0] if self.client else "unknown",
                is_encrypted=self.scheme == "wss",
                certificate=_client_certificate(self.transport.get_extra_info("ssl_object")),
            )

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def data_received(self, data: bytes) -> None:
        self._was_heard = True
        super().data_received(data)

    def send_keepalive_ping(self) -> None:
        self._was_heard = False
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        if self._was_heard or self.read_paused:
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
            return
        # Before the socket's own end, which tells no reason.
        self.queue.put_nowait({"type": "websocket.disconnect", "code": 1011, "reason": "Two pings were not answered."})
        super().keepalive_timeout()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and self.scope["path"].startswith(_CHARGERS):
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()


def _client_certificate(tls: ssl.SSLObject | None) -> bytes | None:
    return tls.getpeercert(binary_form=True) if tls is not None else None
