"""Tolerant reading of one payload (C8): what is there in another form is taken, what makes no sense is noted."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from evgraph.ocpp.frames import ErrorCode

MAX_INT32 = 2**31 - 1
MAX_CONNECTOR = 999
# 2 GWh are beyond any charger's life; above stand the error marks of meters, such as 0xFFFFFFFF.
MAX_WATT_HOURS = MAX_INT32

# Decimal() itself would also take underscores, NaN and the digits of every script.
_NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?", re.ASCII)


class CallRefused(Exception):
    """To be answered with a CALLERROR."""

    def __init__(self, code: ErrorCode, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


class Fields:
    """The fields of an object in a payload. `problems` gathers, in words, what cannot be made sense of; it is shared
    with the objects inside."""

    __slots__ = ("_values", "problems")

    def __init__(self, values: Mapping[str, Any], problems: list[str] | None = None) -> None:
        self._values = values
        self.problems: list[str] = [] if problems is None else problems

    @property
    def payload(self) -> Mapping[str, Any]:
        """As it came."""
        return self._values

    def quietly(self) -> "Fields":
        """The same fields, whose problems need not be kept."""
        return Fields(self._values)

    def require(self, *names: str) -> None:
        """Raises CallRefused when one of them is missing altogether; null is there, and makes no sense."""
        missing = [name for name in names if name not in self._values]
        if missing:
            raise CallRefused(ErrorCode.OCCURENCE_CONSTRAINT_VIOLATION, f"{', '.join(missing)} is missing.")

    def is_given(self, name: str) -> bool:
        return self._values.get(name) is not None

    def value(self, name: str) -> Any:
        """As it came; null when missing."""
        return self._values.get(name)

    def text(self, name: str, longest: int) -> str | None:
        """Trimmed and cut to `longest`; null when missing, null or not a text or number."""
        value = self._values.get(name)
        if value is None:
            return None
        text = text_of(value, longest)
        if text is None:
            self.note(f"{name} is not a text")
        return text

    def required_text(self, name: str, longest: int) -> str:
        """As `text`, of a message that is refused for it (C7). Raises CallRefused when missing, or of another type."""
        self.require(name)
        text = self.quietly().text(name, longest)
        if text is None:
            raise CallRefused(ErrorCode.TYPE_CONSTRAINT_VIOLATION, f"{name} is not a text.")
        return text

    def required_word(self, name: str, longest: int) -> str:
        """As `required_text`, and refused also when it is empty."""
        word = self.required_text(name, longest)
        if not word:
            raise CallRefused(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"{name} is empty.")
        return word

    def connector_id(self, name: str = "connectorId") -> int | None:
        """0 is the charge point itself; it may come as 1.0 or "1". Null, and noted, when it is no connector."""
        value = number(self._values.get(name))
        if value is None or value != value.to_integral_value() or not 0 <= value <= MAX_CONNECTOR:
            self.note(f"{name} is not a connector")
            return None
        return int(value)

    def transaction_id(self, name: str = "transactionId") -> int | None:
        """Ours are positive int32. Chargers that never learnt one send null, 0, -1 or beyond: no id, and no problem
        (OCPP 1.6 errata 3.18, 3.54)."""
        if not self.is_given(name):
            return None
        value = number(self._values[name])
        if value is None:
            self.note(f"{name} is not an integer")
            return None
        is_one_of_ours = 0 < value <= MAX_INT32 and value == value.to_integral_value()
        return int(value) if is_one_of_ours else None

    def watt_hours(self, name: str) -> int | None:
        """A meter's register in whole Wh, half up; null, and noted, when it is none."""
        value = number(self._values.get(name))
        if value is None or not 0 <= value <= MAX_WATT_HOURS:
            self.note(f"{name} is not a meter reading")
            return None
        return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))

    def decimal(self, name: str) -> Decimal | None:
        """Not noted: the caller knows whether it matters."""
        return number(self._values.get(name))

    def objects(self, name: str) -> list["Fields"]:
        """The objects of a list; a single object counts as a list of one. Anything else in it is noted."""
        return [Fields(entry, self.problems) for entry in self.dictionaries(name)]

    def dictionaries(self, name: str) -> list[dict[str, Any]]:
        """As `objects`, bare."""
        value = self._values.get(name)
        entries = value if isinstance(value, list) else [] if value is None else [value]
        found = [entry for entry in entries if isinstance(entry, dict)]
        if len(found) < len(entries):
            self.note(f"{name} holds something else than objects")
        return found

    def note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def number(value: Any) -> Decimal | None:
    """A number, or the text of one; null otherwise. Never NaN, never infinite, never more than some 140 digits."""
    if isinstance(value, str):
        text = value.strip(" \t\r\n\x00")
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        text = str(value)
    else:
        return None
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def text_of(value: Any, longest: int) -> str | None:
    """Trimmed and cut to `longest`; null for what is neither a text nor a number."""
    if isinstance(value, str):
        # Nine of ten are plain; what is not printable may be a NUL or half a surrogate.
        return (value if value.isprintable() else _storable(value)).strip()[:longest]
    return str(value)[:longest] if isinstance(value, int | Decimal) else None


def _storable(text: str) -> str:
    """PostgreSQL takes no NUL, UTF-8 no half surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
