"""uvicorn's WebSocket protocol, with three differences for chargers; `ws=ChargerProtocol` in uvicorn's settings."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_CHARGERS = "/ocpp/"


class ChargerProtocol(WebSocketsSansIOProtocol):
    """C6: a charger that floods is slowed by not reading from it; its pong then waits behind its own frames. One that
    was heard since the ping, or that we do not read from, is alive: it is pinged again, and not closed with 1011.

    C1: a handshake that was turned away has been answered; uvicorn takes that for an error of ours, and logs it so.

    C7: a text frame that is no UTF-8 reaches the endpoint as bytes, which ignores it, instead of closing with 1007.
    """

    _was_heard = False

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
        super().keepalive_timeout()

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and self.scope["path"].startswith(_CHARGERS):
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.curr_msg_data_type = "bytes"
        super().send_receive_event_to_app()
