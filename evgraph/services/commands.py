"""What an operator tells a charge point to do, here and now; nothing of it is kept but the log of what was said."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from evgraph.domain.asks import (
    ClearCache,
    DataTransfer,
    ExtendedTriggerMessage,
    Reset,
    ResetKind,
    TriggerMessage,
    UnlockConnector,
    VendorAnswer,
)
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.configuration import is_secret
from evgraph.domain.people import Right, Viewer
from evgraph.domain.port import Port
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.triggers import MessageTrigger
from evgraph.services import finding
from evgraph.services.asking import ask, call, refuse_unless
from evgraph.services.interfaces import ChargePointGateway
from evgraph.services.key_rotation import KeyRotation

_PORT = ("input", "portId")
_NO_TRIGGER = {"NotImplemented": "It knows no such message.", "Rejected": "It cannot send this message now."}
_NO_VENDOR = {
    "UnknownVendorId": "It knows nothing of this vendor.",
    "UnknownMessageId": "It knows the vendor, and no such message.",
}
_NOT_UNLOCKED = {
    "UnlockFailed": "The lock did not open: look at the connector.",
    "NotSupported": "It has no lock that it could open.",
}


class Commands:
    """Each raises Refusal NOT_FOUND, CHARGER_OFFLINE, CHARGER_BUSY, CHARGER_TIMEOUT or CHARGER_REJECTED, or
    Forbidden."""

    def __init__(self, gateway: ChargePointGateway, key_rotation: KeyRotation) -> None:
        self._gateway = gateway
        self._key_rotation = key_rotation

    async def reset(self, viewer: Viewer, charge_point_id: int, kind: ResetKind) -> ChargePoint:
        """OCPP 1.6 section 5.14: HARD also when something hangs, SOFT after the running sessions were ended."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        status = await ask(self._gateway, charge_point, Reset(kind))
        refuse_unless(charge_point, status, "Accepted", meaning={"Rejected": "It does not reset now."})
        return charge_point

    async def unlock(self, viewer: Viewer, port_id: int) -> Port:
        """OCPP 1.6 section 5.18: a session that runs there ends first, and is billed."""
        port, charge_point = await finding.port(viewer, Right.OPERATE, port_id)
        status = await ask(self._gateway, charge_point, UnlockConnector(port.connector_id), _PORT)
        refuse_unless(charge_point, status, "Unlocked", meaning=_NOT_UNLOCKED, field=_PORT)
        return port

    async def trigger(
        self, viewer: Viewer, charge_point_id: int, message: MessageTrigger, connector_id: int | None
    ) -> ChargePoint:
        """OCPP 1.6 section 5.17: the charge point says something now that it would say at another time."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        if connector_id is not None and connector_id < 1:
            raise Refusal(
                ErrorCode.INVALID,
                "A connector is counted from 1; leave it out for all of them.",
                ("input", "connectorId"),
            )
        asked = ExtendedTriggerMessage if message.is_of_the_security_extension else TriggerMessage
        status = await ask(self._gateway, charge_point, asked(message.value, connector_id))
        refuse_unless(charge_point, status, "Accepted", meaning=_NO_TRIGGER)
        return charge_point

    async def clear_cache(self, viewer: Viewer, charge_point_id: int) -> ChargePoint:
        """OCPP 1.6 section 5.4: idTags that it remembers from Authorize are asked for again."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        status = await ask(self._gateway, charge_point, ClearCache())
        refuse_unless(charge_point, status, "Accepted", meaning={"Rejected": "It keeps its cache, or has none."})
        return charge_point

    async def transfer(self, viewer: Viewer, charge_point_id: int, message: DataTransfer) -> VendorAnswer:
        """OCPP 1.6 section 5.6."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        answer = await ask(self._gateway, charge_point, message)
        said = {answer.status: f"It says: {answer.data}"} if answer.data else {}
        refuse_unless(charge_point, answer.status, "Accepted", meaning=_NO_VENDOR | said)
        return answer

    async def call(
        self, viewer: Viewer, charge_point_id: int, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Any CALL; the result as it came. Raises also Refusal INVALID for what OCPP 1.6 does not allow."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        send = partial(call, self._gateway, charge_point, action, payload)
        key = payload.get("value") if action == "ChangeConfiguration" and is_secret(str(payload.get("key"))) else None
        if isinstance(key, str) and key:
            return await self._key_rotation.sent_otherwise(charge_point, key, send)
        return await send()
