"""Limits that charge points are given (OCPP 1.6 section 3.13). What one accepted is kept, until it is cleared."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime

from evgraph.domain import charging_profile as profiles
from evgraph.domain.asks import ClearChargingProfile, CompositeSchedule, GetCompositeSchedule, SetChargingProfile
from evgraph.domain.charge_point import ChargePoint
from evgraph.domain.charging_profile import (
    WHOLE_CHARGE_POINT,
    ChargingProfile,
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    ChargingSchedule,
    HeldProfile,
    RecurrencyKind,
)
from evgraph.domain.charging_session import SessionStatus
from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import PortRow, SessionRow
from evgraph.models.operating import ChargingProfileRow
from evgraph.services import finding, reading
from evgraph.services.asking import ask, refuse_unless
from evgraph.services.books import Books
from evgraph.services.interfaces import ChargePointGateway
from evgraph.services.once import Once

_NOT_SET = {
    "Rejected": "It does not take this profile.",
    "NotSupported": "It knows no charging profiles.",
}
_LONGEST_S = 7 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveProfile:
    """`profile_id` is made when it is left out. `connector_id`: 0 is the whole charge point; that of the session when
    it is left out. `session_id`: for a TxProfile."""

    charge_point_id: int
    connector_id: int | None
    profile_id: int | None
    session_id: int | None
    stack_level: int
    purpose: ChargingProfilePurpose
    kind: ChargingProfileKind
    recurrency: RecurrencyKind | None
    valid_from: datetime | None
    valid_to: datetime | None
    schedule: ChargingSchedule


class ChargingProfiles:
    def __init__(self, books: Books, once: Once, gateway: ChargePointGateway) -> None:
        self._books = books
        self._once = once
        self._gateway = gateway
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def give(self, viewer: Viewer, command: GiveProfile) -> HeldProfile:
        """Raises Refusal INVALID, SESSION_NOT_ACTIVE, CHARGER_OFFLINE, CHARGER_BUSY, CHARGER_REJECTED or
        CHARGER_TIMEOUT."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, command.charge_point_id)
        connector_id, transaction_id = await self._meant(viewer, charge_point, command)
        return await self._once.to_the_end(self._give(charge_point, connector_id, transaction_id, command, viewer.name))

    async def clear(
        self,
        viewer: Viewer,
        charge_point_id: int,
        *,
        profile_id: int | None,
        connector_id: int | None,
        purpose: ChargingProfilePurpose | None,
        stack_level: int | None,
    ) -> ChargePoint:
        """Every profile of which all holds that is given. Raises Refusal CHARGER_REJECTED when it has none."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        what = ClearChargingProfile(
            profile_id=profile_id, connector_id=connector_id, purpose=purpose, stack_level=stack_level
        )
        return await self._once.to_the_end(self._clear(charge_point, what))

    async def composite(
        self,
        viewer: Viewer,
        charge_point_id: int,
        *,
        connector_id: int,
        duration_s: int,
        unit: ChargingRateUnit | None,
    ) -> CompositeSchedule:
        """What all profiles come to, by the charge point's own reckoning; its schedule is never null."""
        charge_point = await finding.charge_point(viewer, Right.OPERATE, charge_point_id)
        await _refuse_strange_connector(charge_point, connector_id)
        if not 0 < duration_s <= _LONGEST_S:
            raise Refusal(ErrorCode.INVALID, "Ask for 1 second to 7 days.", ("input", "durationSeconds"))
        answer = await ask(
            self._gateway,
            charge_point,
            GetCompositeSchedule(connector_id=connector_id, duration_s=duration_s, unit=unit),
        )
        refuse_unless(charge_point, answer.status, "Accepted", meaning={"Rejected": "It tells no schedule."})
        if answer.schedule is None:
            raise Refusal(
                ErrorCode.CHARGER_REJECTED,
                f"{charge_point.identity} accepted, and told no schedule.",
                ("input", "chargePointId"),
            )
        return answer

    @staticmethod
    async def held(charge_point_ids: list[int], db: reading.Database = None) -> list[list[HeldProfile]]:
        """By charge point, in the order of connector, purpose and stack level; a TxProfile while its session runs."""
        rows = await ChargingProfileRow.filter(charge_point_id__in=charge_point_ids).using_db(db)
        found: defaultdict[int, list[HeldProfile]] = defaultdict(list)
        for row in await _without_ended(rows, db):
            found[row.charge_point_id].append(_value(row))
        return [
            sorted(
                found[id_],
                key=lambda held: (held.connector_id, held.profile.purpose, held.profile.stack_level, held.profile.id),
            )
            for id_ in charge_point_ids
        ]

    async def _give(
        self,
        charge_point: ChargePoint,
        connector_id: int,
        transaction_id: int | None,
        command: GiveProfile,
        set_by: str,
    ) -> HeldProfile:
        # One after the other: a number that is free stays free until the charge point has answered.
        async with self._turns[charge_point.id]:
            rows = await ChargingProfileRow.filter(charge_point_id=charge_point.id)
            free = max((row.profile_id for row in rows), default=0) + 1
            schedule = command.schedule
            if schedule.starts_at is None and command.kind is not ChargingProfileKind.RELATIVE:
                schedule = replace(schedule, starts_at=command.valid_from or self._books.now())
            profile = ChargingProfile(
                id=command.profile_id if command.profile_id is not None else free,
                stack_level=command.stack_level,
                purpose=command.purpose,
                kind=command.kind,
                recurrency=command.recurrency,
                valid_from=command.valid_from,
                valid_to=command.valid_to,
                transaction_id=transaction_id,
                schedule=schedule,
            )
            profiles.refuse_impossible(profile, connector_id)
            status = await ask(self._gateway, charge_point, SetChargingProfile(connector_id, profile))
            refuse_unless(charge_point, status, "Accepted", meaning=_NOT_SET)
            async with self._books.change(charge_point.garage_id) as change:
                before = await ChargingProfileRow.filter(charge_point_id=charge_point.id)
                kept = [
                    row.id
                    for row in await _without_ended(before)
                    if not profiles.replaces(profile, connector_id, _value(row))
                ]
                await ChargingProfileRow.filter(charge_point_id=charge_point.id, id__not_in=kept).delete()
                row = await ChargingProfileRow.create(
                    charge_point_id=charge_point.id,
                    connector_id=connector_id,
                    profile_id=profile.id,
                    stack_level=profile.stack_level,
                    purpose=profile.purpose.value,
                    profile=profiles.as_sent(profile),
                    set_by=set_by,
                    set_at=change.now,
                )
        return _value(row)

    async def _clear(self, charge_point: ChargePoint, what: ClearChargingProfile) -> ChargePoint:
        async with self._turns[charge_point.id]:
            status = await ask(self._gateway, charge_point, what)
            if status in ("Accepted", "Unknown"):
                # Unknown: it holds none of these, whatever it took from us once.
                async with self._books.change(charge_point.garage_id):
                    rows = await ChargingProfileRow.filter(charge_point_id=charge_point.id)
                    gone = [row.id for row in rows if _is_cleared(row, what)]
                    await ChargingProfileRow.filter(id__in=gone).delete()
        refuse_unless(charge_point, status, "Accepted", meaning={"Unknown": "It holds no such profile."})
        return charge_point

    @staticmethod
    async def _meant(viewer: Viewer, charge_point: ChargePoint, command: GiveProfile) -> tuple[int, int | None]:
        """The connector, and the transaction of a TxProfile."""
        if command.session_id is None:
            connector_id = WHOLE_CHARGE_POINT if command.connector_id is None else command.connector_id
            await _refuse_strange_connector(charge_point, connector_id)
            return connector_id, None
        session = finding.fitting(
            viewer,
            await SessionRow.get_or_none(id=command.session_id),
            lambda session: session.charge_point_id == charge_point.id,
            f"The session is not at {charge_point.identity}.",
            what="session",
            field="sessionId",
        )
        if session.status is not SessionStatus.CHARGING:
            raise Refusal(ErrorCode.SESSION_NOT_ACTIVE, "This session is not running.", ("input", "sessionId"))
        if command.connector_id not in (None, session.connector_id):
            raise Refusal(
                ErrorCode.INVALID,
                f"The session runs on connector {session.connector_id}.",
                ("input", "connectorId"),
            )
        return session.connector_id, session.value().transaction_id


async def _without_ended(rows: list[ChargingProfileRow], db: reading.Database = None) -> list[ChargingProfileRow]:
    """A charge point drops a TxProfile when its transaction ends (section 3.13.1)."""
    of_sessions = {row.id: row.profile["transactionId"] for row in rows if "transactionId" in row.profile}
    if not of_sessions:
        return rows
    running = SessionRow.filter(id__in=list(of_sessions.values()), status=SessionStatus.CHARGING).using_db(db)
    still = set(await running.values_list("id", flat=True))
    return [row for row in rows if row.id not in of_sessions or of_sessions[row.id] in still]


async def _refuse_strange_connector(charge_point: ChargePoint, connector_id: int) -> None:
    if connector_id == WHOLE_CHARGE_POINT:
        return
    if not await PortRow.exists(charge_point_id=charge_point.id, connector_id=connector_id):
        raise Refusal(
            ErrorCode.INVALID,
            f"{charge_point.identity} has no connector {connector_id}.",
            ("input", "connectorId"),
        )


def _is_cleared(row: ChargingProfileRow, what: ClearChargingProfile) -> bool:
    return profiles.is_cleared(
        _value(row),
        profile_id=what.profile_id,
        connector_id=what.connector_id,
        purpose=what.purpose,
        stack_level=what.stack_level,
    )


def _value(row: ChargingProfileRow) -> HeldProfile:
    return HeldProfile(
        charge_point_id=row.charge_point_id,
        connector_id=row.connector_id,
        profile=profiles.of_sent(row.profile),
        set_by=row.set_by,
        set_at=row.set_at,
    )
