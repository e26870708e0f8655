"""What the product billed, next to what the calculator says."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import Bill, Bills, calculate
from .garage import Charger

# These say no more than that an operator may want to look at the port, or when the bill came.
BESIDE_THE_POINT = {"METER_GAP", "AFTER_CHECKOUT", "UNCONFIRMED"}
_SAME = timedelta(milliseconds=1)


@dataclass
class Comparison:
    """`differences` in words; `bills` are the calculator's."""

    bills: Bills
    differences: list[str] = field(default_factory=list)

    def expect(self, what: str, product: object, calculated: object) -> None:
        if product != calculated:
            self.differences.append(f"{what}: the product says {product}, the calculator {calculated}")


async def compare(charger: Charger) -> Comparison:
    bills = calculate(charger.record())
    found = Comparison(bills)
    sessions = await charger.sessions()
    tickets = {stay_id: ticket for ticket, stay_id in charger.stay_ids.items()}
    by_id = {session.id: session for session in sessions}
    calculated = [bill for bill in bills.sessions if bill.transaction_id is not None]
    for bill in bills.sessions:
        if bill.transaction_id is None:
            continue
        session = by_id.pop(bill.transaction_id, None)
        if session is None:
            found.differences.append(f"transactionId {bill.transaction_id} on connector {bill.connector} is no session")
            continue
        _compare(found, session, bill, tickets)
    found.expect("answers", len({bill.transaction_id for bill in calculated}), len(calculated))
    cut_off = sorted(bill.energy_wh for bill in bills.sessions if bill.transaction_id is None)
    found.expect("Wh in sessions of no start", sorted(session.energy_wh for session in by_id.values()), cut_off)
    if cut_off and not all(session.flags for session in by_id.values()):
        found.differences.append("what the next vehicle drew is not flagged")
    owed = await charger.owed()
    # What a running session owes is settled when it ends.
    running = {bill.ticket for bill in bills.sessions if bill.ended_at is None}
    for ticket, cents in owed.items():
        if ticket in running:
            continue
        found.expect(f"cents of {ticket}", cents, bills.tickets.get(ticket, 0))
    return found


def _compare(found: Comparison, session: Any, bill: Bill, tickets: dict[int, str]) -> None:
    name = f"session {session.id} on connector {bill.connector}"
    found.expect(f"{name}: ticket", tickets.get(session.stay_id) if session.stay_id else None, bill.ticket)
    found.expect(f"{name}: Wh", session.energy_wh, bill.energy_wh)
    for what, product, calculated in (
        ("start", session.started_at, bill.started_at),
        ("end", session.ended_at, bill.ended_at),
    ):
        if not _is_same(product, calculated):
            found.expect(f"{name}: {what}", product, calculated)
    flags = {flag.name for flag in session.flags}
    if bill.reasons and not flags:
        found.differences.append(f"{name}: unflagged, in spite of {', '.join(sorted(bill.reasons))}")
    if not bill.reasons and not bill.may_be_flagged and flags - BESIDE_THE_POINT:
        found.differences.append(f"{name}: flagged {', '.join(sorted(flags))}, with nothing odd about it")


def _is_same(one: datetime | None, two: datetime | None) -> bool:
    if one is None or two is None:
        return one is two
    return abs(one - two) <= _SAME
