"""A new key for a charge point, without a visit: the old one or the new one is good until the new one signs in.

An answer can be lost, and some firmware takes a new key only when it restarts, so that signing in with the old one
proves nothing. Signing in with the new one does: from then on the old one is refused.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from evgraph.domain.asks import ChangeConfiguration
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.configuration import AUTHORIZATION_KEY, TAKEN
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.domain.security import KeyHandover
from evgraph.models import ChargePointRow
from evgraph.services import asking, finding
from evgraph.services.books import Books
from evgraph.services.configuration import Configurations
from evgraph.services.interfaces import ChargePointGateway, ChargerBusy, ChargerOffline, ChargerRejected, ChargerTimeout
from evgraph.services.keys import hash_key, new_charge_point_key, put_on_trial, take_off_trial
from evgraph.services.once import Once

log = structlog.get_logger("evgraph.keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """`key` is told this once: 40 hex digits."""

    charge_point: ChargePoint
    key: str
    handover: KeyHandover


class KeyRotation:
    def __init__(self, books: Books, once: Once, gateway: ChargePointGateway, configurations: Configurations) -> None:
        self._books = books
        self._once = once
        self._gateway = gateway
        self._configurations = configurations

    async def rotate(self, viewer: Viewer, charge_point_id: int, *, by_hand: bool = False) -> Rotated:
        """Sends it a new random key; `by_hand`: a technician enters it instead. Raises Refusal CHARGER_OFFLINE, or
        CHARGER_BUSY or CHARGER_REJECTED where it keeps its old key."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        if not charge_point.is_online and not by_hand:
            raise Refusal(
                ErrorCode.CHARGER_OFFLINE,
                f"{charge_point.identity} is offline. Rotate its key when it is connected, or enter a new one by hand.",
                ("input", "chargePointId"),
            )
        return await self._once.to_the_end(self._rotate(charge_point, by_hand=by_hand))

    async def sent_otherwise(
        self, charge_point: ChargePoint, key: str, send: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """A key of somebody else's making, which goes as any other CALL does: on trial as well, or the charge point
        would never get in again."""
        key_hash = hash_key(key)
        await self._put_on_trial(charge_point, key_hash)
        try:
            result = await send()
        except Refusal as refused:
            if refused.code in (ErrorCode.INVALID, ErrorCode.CHARGER_BUSY, ErrorCode.CHARGER_REJECTED):
                await self._take_off_trial(charge_point, key_hash)
            raise
        if result.get("status") not in TAKEN:
            await self._take_off_trial(charge_point, key_hash)
        return result

    async def _rotate(self, charge_point: ChargePoint, *, by_hand: bool) -> Rotated:
        key = new_charge_point_key()
        key_hash = hash_key(key)
        # Before it is sent: it may sign in with it sooner than its answer is here.
        await self._put_on_trial(charge_point, key_hash)
        handover = KeyHandover.BY_HAND if by_hand else await self._hand_over(charge_point, key, key_hash)
        log.info("key rotated", charge_point=charge_point.identity, handover=handover.value)
        return Rotated(charge_point=charge_point, key=key, handover=handover)

    async def _hand_over(self, charge_point: ChargePoint, key: str, key_hash: str) -> KeyHandover:
        # OCPP-J 1.6 section 6.2: the key's bytes as hex digits.
        ask = ChangeConfiguration(AUTHORIZATION_KEY, key)
        try:
            status = await self._gateway.ask(charge_point.identity, ask)
        except (ChargerOffline, ChargerTimeout):
            await self._configurations.note(charge_point, AUTHORIZATION_KEY, None)
            return KeyHandover.UNANSWERED
        except ChargerBusy as busy:
            # It was never sent the new key.
            await self._take_off_trial(charge_point, key_hash)
            raise asking.refusal(charge_point, busy) from busy
        except ChargerRejected as refused:
            await self._keep_the_old(charge_point, key_hash, "Error")
            raise _kept_old(charge_point, str(refused)) from refused
        match status:
            case "Accepted":
                await self._configurations.note(charge_point, AUTHORIZATION_KEY, status)
                return KeyHandover.TAKEN
            case "RebootRequired":
                await self._configurations.note(charge_point, AUTHORIZATION_KEY, status)
                return KeyHandover.REBOOT_REQUIRED
        await self._keep_the_old(charge_point, key_hash, status)
        raise _kept_old(charge_point, f"it answered {status}")

    async def _put_on_trial(self, charge_point: ChargePoint, key_hash: str) -> None:
        async with self._books.change(charge_point.garage_id):
            row = await ChargePointRow.get(id=charge_point.id)
            row.next_key_hash = put_on_trial(row.next_key_hash, key_hash)
            await row.save(update_fields=["next_key_hash"])

    async def _keep_the_old(self, charge_point: ChargePoint, key_hash: str, answer: str) -> None:
        await self._take_off_trial(charge_point, key_hash)
        await self._configurations.note(charge_point, AUTHORIZATION_KEY, answer)

    async def _take_off_trial(self, charge_point: ChargePoint, key_hash: str) -> None:
        async with self._books.change(charge_point.garage_id):
            row = await ChargePointRow.get(id=charge_point.id)
            row.next_key_hash = take_off_trial(row.next_key_hash, key_hash)
            await row.save(update_fields=["next_key_hash"])


def _kept_old(charge_point: ChargePoint, why: str) -> Refusal:
    return Refusal(
        ErrorCode.CHARGER_REJECTED,
        f"{charge_point.identity} keeps its old key: {why.rstrip('. ')}. Enter a new one by hand (byHand).",
        ("input", "chargePointId"),
    )
