"""What a charge point's local authorization list holds, and how it gets there (OCPP 1.6 sections 3.5.2, 5.15)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

from evgraph.domain.asks import LocalListEntry
from evgraph.domain.cards import RegisteredCard, id_tag_info
from evgraph.domain.transactions import tag

Entries = Mapping[str, LocalListEntry]

# What is taken where a charge point does not tell its SendLocalListMaxLength: 100 entries are some 10 kB.
MOST_AT_ONCE = 100
_FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


def next_version(version: int, now: datetime) -> int:
    """Above the version that there is, never 0 or -1, which mean an empty list and none. By the time: a charge point
    that comes from another system, whose lists were counted from 1, holds none of ours."""
    return max(version + 1, (now - _FIRST_DAY) // timedelta(minutes=1))


def entries(cards: Iterable[RegisteredCard], now: datetime, *, most: int | None = None) -> Entries:
    """By idTag. `most`: LocalAuthListMaxLength; what it has no room for is left out, last what starts a charger."""
    told = [(card, id_tag_info(card, now)) for card in cards]
    told.sort(key=lambda pair: (pair[1].status.value, pair[0].id))  # Accepted, Blocked, Expired
    return {
        card.id_tag: LocalListEntry(
            id_tag=card.id_tag,
            status=info.status.value,
            expires_at=info.expires_at,
            parent_id_tag=info.parent_id_tag,
        )
        for card, info in islice(told, most)
    }


def updates(held: Entries | None, wanted: Entries, most: int) -> list[tuple[bool, Sequence[LocalListEntry]]]:
    """Each SendLocalList that brings a list from `held` to `wanted`, whether it is a full one, `most` entries at the
    utmost; a full one first where nobody knows what is held, and where an idTag is spelled otherwise now: some charge
    points take that for another, some for the same."""
    if held is None or _is_respelled(held, wanted):
        first, *rest = _parts(list(wanted.values()), most) or [[]]
        return [(True, first), *((False, part) for part in rest)]
    gone = [LocalListEntry(id_tag=id_tag, status=None) for id_tag in held if id_tag not in wanted]
    changed = [entry for id_tag, entry in wanted.items() if held.get(id_tag) != entry]
    # An update without entries still carries the version.
    return [(False, part) for part in _parts([*gone, *changed], most) or [[]]]


def _is_respelled(held: Entries, wanted: Entries) -> bool:
    spellings = {tag(id_tag): id_tag for id_tag in wanted}
    return any(spellings.get(tag(id_tag), id_tag) != id_tag for id_tag in held)


def _parts(whole: list[LocalListEntry], most: int) -> list[list[LocalListEntry]]:
    return [whole[at : at + most] for at in range(0, len(whole), most)]
