"""How leaves are written into an answer: at once where a value is of the very type that its scalar writes as it is,
else as the schema's own type does it."""

from collections.abc import Callable
from math import isfinite
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLScalarType,
    GraphQLString,
    Undefined,
)

from evgraph.execution.plan import Unplanned

Write = Callable[[Any], Any]
_LEAST_INT: Final = -(2**31)
_GREATEST_INT: Final = 2**31 - 1


def writer_of(leaf: GraphQLScalarType | GraphQLEnumType) -> Write:
    """Of a value that is not null. What it returns raises what the schema's type raises, or Unplanned."""
    if isinstance(leaf, GraphQLEnumType):
        return _enum(leaf)
    if leaf is GraphQLInt:
        return _integer
    if leaf is GraphQLFloat:
        return _float
    if leaf is GraphQLString:
        return _string
    if leaf is GraphQLID:
        return _id
    if leaf is GraphQLBoolean:
        return _boolean
    return _other(leaf)


def _other(leaf: GraphQLScalarType | GraphQLEnumType) -> Write:
    def write(value: Any) -> Any:
        written = leaf.coerce_output_value(value)
        if written is None or written is Undefined:
            raise Unplanned("a leaf that is nothing")
        return written

    return write


def _enum(leaf: GraphQLEnumType) -> Write:
    as_the_schema = _other(leaf)
    # As many as the enum has members.
    known: dict[tuple[type, Any], Any] = {}

    def write(value: Any) -> Any:
        try:
            return known[type(value), value]
        except KeyError:
            written = known[type(value), value] = as_the_schema(value)
            return written

    return write


_integer_otherwise = _other(GraphQLInt)
_float_otherwise = _other(GraphQLFloat)
_string_otherwise = _other(GraphQLString)
_id_otherwise = _other(GraphQLID)
_boolean_otherwise = _other(GraphQLBoolean)


def _integer(value: Any) -> Any:
    return value if type(value) is int and _LEAST_INT <= value <= _GREATEST_INT else _integer_otherwise(value)


def _float(value: Any) -> Any:
    return value if type(value) is float and isfinite(value) else _float_otherwise(value)


def _string(value: Any) -> Any:
    return value if type(value) is str else _string_otherwise(value)


def _id(value: Any) -> Any:
    return value if type(value) is str else _id_otherwise(value)


def _boolean(value: Any) -> Any:
    return value if type(value) is bool else _boolean_otherwise(value)
