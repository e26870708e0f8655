"""Loads frames and books, and proves the ones by the others; a charge point at a time, as of one moment."""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.expressions import Q
from tortoise.functions import Sum

from evgraph.domain.charge_point import FrameDirection, FrameKind
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.frames import LoggedFrame
from evgraph.domain.money import Cents
from evgraph.domain.rate import Rate
from evgraph.models import (
    ChargePointRow,
    ConnectionRow,
    FrameRow,
    GarageRow,
    LineItemRow,
    PortRow,
    QuarantinedMessageRow,
    RateRow,
    SessionRow,
    StayRow,
)
from evgraph.models.database import snapshot
from evgraph.ocpp.replay.comparing import Books, Difference, Kind, Report, Untold, differences_of, due_of
from evgraph.ocpp.replay.derived_sessions import Derived, Surroundings
from evgraph.ocpp.replay.deriving import derive
from evgraph.ocpp.replay.words import ANSWERED, TOLD, Seen, Transcript, Word, quarantined, resolved
from evgraph.services.connections import RESTARTED
from evgraph.services.supplies import Supplies
from evgraph.services.transactions import OURSELVES, STOP_TRANSACTION

_FRAMES_AT_ONCE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which sessions to prove: begun from `since` until before `until`, at these charge points, on this ticket; null
    for all."""

    since: datetime | None = None
    until: datetime | None = None
    charge_point: str | None = None
    ticket_number: str | None = None

    def holds(self, started_at: datetime) -> bool:
        is_late_enough = self.since is None or started_at >= self.since
        return is_late_enough and (self.until is None or started_at < self.until)


class UnknownSelection(ValueError):
    """There is no such charge point or ticket. `kind`: which of the two."""

    def __init__(self, kind: Literal["charge point", "ticket"], name: str) -> None:
        super().__init__(f"There is no {kind} {name}.")
        self.kind = kind


async def replay(selection: Selection, *, supplies: Supplies, now: datetime) -> Report:
    """Raises UnknownSelection. `supplies`: what the ports can deliver, as the server was told (M5)."""
    session_ids = await _sessions_on(selection.ticket_number) if selection.ticket_number is not None else None
    async with snapshot() as db:
        chosen, beside = await _charge_points(db, selection, session_ids)
        derived: dict[int, list[Derived]] = {}
        first_frame: dict[int, datetime | None] = {}
        booked: dict[int, list[ChargingSession]] = {}
        for charge_point in [*chosen, *beside]:
            booked[charge_point.id] = await _booked(db, charge_point.id)
            ports = await PortRow.filter(charge_point_id=charge_point.id).using_db(db)
            around = Surroundings(
                garage_id=charge_point.garage_id,
                charge_point_id=charge_point.id,
                supplies={
                    port.connector_id: supply for port in ports if (supply := supplies.of(port.max_power_w)) is not None
                },
                reported=frozenset(port.connector_id for port in ports if port.is_reported),
                connections=await ConnectionRow.filter(charge_point_id=charge_point.id)
                .using_db(db)
                .values_list("connected_at", "disconnected_at"),
                given_up=await _given_up(db, charge_point.id),
            )
            words = await _words(db, charge_point.id, now)
            derived[charge_point.id] = derive(around, booked[charge_point.id], words, now)
            first = await FrameRow.filter(charge_point_id=charge_point.id).using_db(db).order_by("id").first()
            first_frame[charge_point.id] = first.at if first else None
        books = await _books(db, booked)
        currencies = {row.id: row.currency for row in await GarageRow.all().using_db(db)}
    due = due_of((one for sessions in derived.values() for one in sessions), books)
    differences: list[Difference] = []
    untold: list[Untold] = []
    proven = 0
    cents: defaultdict[str, Cents] = defaultdict(int)
    for charge_point in chosen:
        currency = currencies[charge_point.garage_id]
        for one in derived[charge_point.id]:
            started_at = (one.booked.started_at if one.booked else None) or one.session.started_at or one.told_at
            if not selection.holds(started_at):
                continue
            if session_ids is not None and (one.booked is None or one.booked.id not in session_ids):
                continue
            proven += 1
            cents[currency] += due(one)
            differences += differences_of(one, charge_point.identity, currency, due(one), books)
        told = {one.booked.id for one in derived[charge_point.id] if one.booked is not None}
        for session in booked[charge_point.id]:
            started_at = session.started_at or session.asked_at
            if session.id in told or not selection.holds(started_at):
                continue
            if session_ids is not None and session.id not in session_ids:
                continue
            kept_since = first_frame[charge_point.id]
            if kept_since is None or min(started_at, session.asked_at) < kept_since:
                untold.append(Untold(charge_point=charge_point.identity, session_id=session.id, started_at=started_at))
            else:
                differences.append(
                    Difference(
                        charge_point=charge_point.identity,
                        session_id=session.id,
                        connector_id=session.connector_id,
                        started_at=started_at,
                        currency=currency,
                        kind=Kind.NOT_TOLD,
                        booked=session.energy_wh,
                        derived=None,
                    )
                )
    return Report(proven=proven, cents=dict(cents), differences=differences, untold=untold)


async def _sessions_on(ticket_number: str) -> set[int]:
    """What is on the ticket, and what was."""
    stays = await StayRow.filter(ticket_number=ticket_number)
    if not stays:
        raise UnknownSelection("ticket", ticket_number)
    stay_ids = [stay.id for stay in stays]
    there = [row.id for row in await SessionRow.filter(stay_id__in=stay_ids)]
    return {*there, *(row.session_id for row in await LineItemRow.filter(stay_id__in=stay_ids))}


async def _charge_points(
    db: BaseDBAsyncClient, selection: Selection, session_ids: set[int] | None
) -> tuple[list[ChargePointRow], list[ChargePointRow]]:
    """The chosen ones, and those beside them that other sessions of the same requests ran at (T8)."""
    rows = ChargePointRow.all().using_db(db).order_by("identity")
    if selection.charge_point is not None:
        rows = rows.filter(identity=selection.charge_point)
        if not await rows.exists():
            raise UnknownSelection("charge point", selection.charge_point)
    if session_ids is not None:
        sessions = SessionRow.filter(id__in=list(session_ids)).using_db(db)
        rows = rows.filter(id__in=list(set(await sessions.values_list("charge_point_id", flat=True))))
    chosen = await rows
    if selection.charge_point is None and session_ids is None:
        return chosen, []
    chosen_ids = [row.id for row in chosen]
    requests = SessionRow.filter(charge_point_id__in=chosen_ids, request_id__isnull=False).using_db(db)
    request_ids = list(set(await requests.values_list("request_id", flat=True)))
    others = SessionRow.filter(request_id__in=request_ids).exclude(charge_point_id__in=chosen_ids).using_db(db)
    other_ids = list(set(await others.values_list("charge_point_id", flat=True)))
    return chosen, await ChargePointRow.filter(id__in=other_ids).using_db(db)


async def _booked(db: BaseDBAsyncClient, charge_point_id: int) -> list[ChargingSession]:
    begun = SessionRow.filter(charge_point_id=charge_point_id, started_at__isnull=False).exclude(
        status=SessionStatus.FAILED
    )
    return [row.value() for row in await begun.using_db(db).order_by("id")]


async def _given_up(db: BaseDBAsyncClient, charge_point_id: int) -> list[tuple[int, datetime, datetime | None]]:
    """S4: the starts that came to nothing."""
    failed = SessionRow.filter(charge_point_id=charge_point_id, status=SessionStatus.FAILED, started_at__isnull=True)
    return [(row.connector_id, row.asked_at, row.ended_at) for row in await failed.using_db(db)]


async def _books(db: BaseDBAsyncClient, booked: dict[int, list[ChargingSession]]) -> Books:
    rates: defaultdict[int, list[Rate]] = defaultdict(list)
    for row in await RateRow.all().using_db(db).order_by("id"):
        rates[row.garage_id].append(row.value())
    billed: dict[int, Cents] = {}
    for charge_point_id in booked:
        there = LineItemRow.filter(session__charge_point_id=charge_point_id).using_db(db)
        sums = there.annotate(sum_cents=Sum("amount_cents")).group_by("session_id").values("session_id", "sum_cents")
        billed |= {found["session_id"]: int(found["sum_cents"]) for found in await sums}
    return Books(rates=rates, billed_cents=billed)


async def _words(db: BaseDBAsyncClient, charge_point_id: int, now: datetime) -> list[Word]:
    """All that the charge point said, and that its connections and operators tell, in the order of time."""
    said = Transcript()
    words: list[Word | None]
    async for frame in _frames(db, charge_point_id):
        said.take(frame)
    connections = await ConnectionRow.filter(charge_point_id=charge_point_id).using_db(db)
    came_and_went = [
        Word(at=at, message=Seen())
        for row in connections
        for at in (row.connected_at, None if row.close_reason == RESTARTED else row.disconnected_at)
        if at is not None
    ]
    in_order = said.words(now)
    words = [*in_order, *came_and_went]
    first_at = min((word.at for word in in_order), default=None)
    messages = QuarantinedMessageRow.filter(charge_point_id=charge_point_id, action=STOP_TRANSACTION)
    for row in await messages.using_db(db):
        if row.resolved_at is not None and row.resolved_by != OURSELVES:
            # By hand: a stop of which no frame tells whose it is.
            words.append(
                resolved(row.frame, quarantined_at=row.at, resolved_at=row.resolved_at, session_id=row.session_id)
            )
        if first_at is not None and row.at < first_at:
            # It waits for its start, and outlives its frame.
            words.append(quarantined(row.frame, row.at))
    return sorted((word for word in words if word is not None), key=lambda word: word.heard_at or word.at)


async def _frames(db: BaseDBAsyncClient, charge_point_id: int) -> AsyncIterator[LoggedFrame]:
    """Those that can tell something of a session, in the order of the wire."""
    of_it = FrameRow.filter(charge_point_id=charge_point_id).using_db(db)
    wanted = of_it.filter(
        Q(direction=FrameDirection.RECEIVED, kind=FrameKind.CALL, action__in=TOLD)
        | Q(direction=FrameDirection.SENT, kind=FrameKind.CALL_RESULT, action__in=ANSWERED)
        | Q(direction=FrameDirection.SENT, kind=FrameKind.CALL_ERROR)
    )
    last_id = 0
    while rows := await wanted.filter(id__gt=last_id).order_by("id").limit(_FRAMES_AT_ONCE):
        for row in rows:
            yield row.value()
        last_id = rows[-1].id
