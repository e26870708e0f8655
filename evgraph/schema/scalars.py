"""Instants and exact decimals, between text and values."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import strawberry
from graphql import FloatValueNode, GraphQLError, IntValueNode, StringValueNode, ValueNode
from strawberry.types.scalar import ScalarDefinition

from evgraph.domain.rate import plain

_NO_INSTANT = "Give an instant as ISO 8601 with its offset, for example 2026-11-22T08:48:00.000Z."
_NO_OFFSET = "This instant has no offset: add Z for UTC, or for example +01:00."
_NO_DECIMAL = 'Give an exact decimal number as a string, for example "32.5".'
_MAX_DIGITS = 40
_SMALLEST_INT, _LARGEST_INT = -(2**31), 2**31 - 1


def instant_text(instant: datetime) -> str:
    """UTC, with milliseconds and Z."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_instant(value: Any) -> datetime:
    """An aware instant in UTC. Raises GraphQLError with what to do."""
    if not isinstance(value, str):
        raise GraphQLError(_NO_INSTANT)
    try:
        instant = datetime.fromisoformat(value.strip())
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise GraphQLError(_NO_INSTANT) from None
    raise GraphQLError(_NO_OFFSET)


def as_int(number: int) -> int:
    """As GraphQL's Int holds it, 32 bits: what is beyond stands at the end of the range. A meter out of its mind must
    not blank the board that its port is on; the kWh, and money as it is formatted, are exact."""
    return min(max(number, _SMALLEST_INT), _LARGEST_INT)


def decimal_text(number: Decimal) -> str:
    """As exact as it is held, never with an exponent."""
    return format(number, "f")


def plain_decimal(number: Decimal) -> Decimal:
    """A price as people write it: a column's 25.5000 is 25.5."""
    return Decimal(plain(number))


def parse_decimal(value: Any) -> Decimal:
    """Of a string, a whole number, or a float by its shortest text. Raises GraphQLError with what to do."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise GraphQLError(_NO_DECIMAL)
    text = value.strip() if isinstance(value, str) else repr(value)
    try:
        # Python's own reading would also take underscores and other scripts' digits.
        number = Decimal(text if text.isascii() and "_" not in text else "no number")
    except InvalidOperation:
        raise GraphQLError(_NO_DECIMAL) from None
    # An exponent would let a few characters stand for a number of any length.
    if not number.is_finite() or len(number.as_tuple().digits) > _MAX_DIGITS or abs(number.adjusted()) > _MAX_DIGITS:
        raise GraphQLError(_NO_DECIMAL)
    return number


def _instant_literal(node: ValueNode, variables: Any = None) -> datetime:
    return parse_instant(node.value if isinstance(node, StringValueNode) else None)


def _decimal_literal(node: ValueNode, variables: Any = None) -> Decimal:
    """By the literal's own text: 32.50 stays 32.50, and no float comes between."""
    return parse_decimal(node.value if isinstance(node, StringValueNode | IntValueNode | FloatValueNode) else None)


DateTimeScalar: ScalarDefinition = strawberry.scalar(
    name="DateTime",
    description="An instant, ISO 8601 in UTC, for example 2026-11-22T08:48:00.000Z.",
    serialize=instant_text,
    parse_value=parse_instant,
    parse_literal=_instant_literal,
)
DecimalScalar: ScalarDefinition = strawberry.scalar(
    name="Decimal",
    description='An exact decimal number, as a string: 32.5 cents per kWh is "32.5".',
    serialize=decimal_text,
    parse_value=parse_decimal,
    parse_literal=_decimal_literal,
)
SCALARS: dict[object, ScalarDefinition] = {datetime: DateTimeScalar, Decimal: DecimalScalar}
