"""What a charger says of a transaction, read and translated; and what it is answered (OCPP 1.6 sections 4.8, 4.10)."""

import re
from dataclasses import dataclass
from datetime import datetime

from evgraph.domain.charging_session import AuthorizationStatus, StopReason
from evgraph.domain.energy import Reading, WattHours

__all__ = ["AuthorizationStatus", "StartAnswer", "TransactionStart", "TransactionStop", "is_one_time", "tag"]

ONE_TIME_PREFIX = "EV"
ONE_TIME_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
ONE_TIME_LENGTH = 18
_ONE_TIME = re.compile(f"{ONE_TIME_PREFIX}[{ONE_TIME_ALPHABET}]{{{ONE_TIME_LENGTH}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStart:
    """A StartTransaction. `connector_id` is 0 and `id_tag` empty where they could not be read, `meter_start_wh` null.

    `at` is the instant to bill from by the stamp alone (B7), `reported_at` the charger's stamp as text. `stamped_at`:
    the instant that the charger wrote, believable or not, null where it cannot be read; left out where it is `at`.
    `received_at`: when it came, null where that is not known."""

    connector_id: int
    id_tag: str
    meter_start_wh: WattHours | None
    at: datetime
    reported_at: str
    clock_replaced: bool
    stamped_at: datetime | None = None
    received_at: datetime | None = None

    @property
    def own_stamp(self) -> datetime | None:
        """What the charger wrote."""
        return _own_stamp(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStop:
    """A StopTransaction. `meter_stop_wh` is null when it could not be read; `raw` is the frame, for quarantine (T3).
    Its times as of TransactionStart."""

    transaction_id: int | None
    id_tag: str | None
    meter_stop_wh: WattHours | None
    at: datetime
    reason: StopReason
    readings: tuple[Reading, ...]
    clock_replaced: bool
    raw: str
    stamped_at: datetime | None = None
    received_at: datetime | None = None

    @property
    def own_stamp(self) -> datetime | None:
        """What the charger wrote."""
        return _own_stamp(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAnswer:
    """`transaction_id`: a positive int32, unique for ever; sent also with a status that is not Accepted. The rest is
    the card's, where one began it."""

    transaction_id: int
    status: AuthorizationStatus
    expires_at: datetime | None = None
    parent_id_tag: str | None = None


def tag(id_tag: str) -> str:
    """An idTag to compare by: CiString20, without regard to case (OCPP 1.6 section 7.28). Some letters are longer in
    capitals."""
    return id_tag.strip()[:20].upper()[:20].strip()


def spelled(id_tag: str) -> str:
    """An idTag to be sent: as it was entered, for some chargers compare it letter by letter. One that is not ASCII,
    which OCPP does not foresee, in capitals: databases do not agree on its case."""
    text = id_tag.strip()[:20]
    return text if text.isascii() else tag(text)


def is_one_time(id_tag: str) -> bool:
    """S1: an idTag that was made for one start, which no card bears: 88 random bits."""
    return _ONE_TIME.fullmatch(tag(id_tag)) is not None


def _own_stamp(message: TransactionStart | TransactionStop) -> datetime | None:
    if message.stamped_at is not None or message.clock_replaced:
        return message.stamped_at
    return message.at
