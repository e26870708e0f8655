"""Which of a request's sessions owe its flat fee (T8)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from evgraph.domain.billing import due
from evgraph.domain.charging_session import ChargingSession, SessionStatus
from evgraph.domain.rate import Rate, is_charged_once
from evgraph.domain.session_end import was_cut_off


def flat_fees_paid(sessions: Sequence[tuple[ChargingSession, Rate | None]]) -> list[bool]:
    """T8: for each session of one request, given with its rate, whether an earlier one that its charger cut off bears
    the flat fee. It depends on what the sessions are, and never on the order in which that became known (X2)."""
    paid = [False] * len(sessions)
    is_borne = False
    for place in sorted(range(len(sessions)), key=lambda place: _began(sessions[place][0], place)):
        session, rate = sessions[place]
        paid[place] = is_borne
        is_borne = is_borne or (was_cut_off(session) and _owes_flat_fee(session, rate))
    return paid


def _began(session: ChargingSession, place: int) -> tuple[datetime, bool, int, int]:
    """Of two that began at the same instant, one that is not saved yet is the later one."""
    return (session.started_at or session.asked_at, session.id == 0, session.id, place)


def _owes_flat_fee(session: ChargingSession, rate: Rate | None) -> bool:
    """Where no earlier session bears it."""
    if rate is None or not is_charged_once(rate.kind):
        return False
    if session.status is not SessionStatus.ENDED or session.ended_at is None:
        return False
    return due(replace(session, flat_fee_paid=False), rate, session.ended_at) is not None
