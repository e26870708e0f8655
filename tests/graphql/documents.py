"""Operations made at random out of the schema itself: every field of it can turn up, with arguments, aliases,
fragments, variables and conditions."""

import random
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

# By the argument, else by the field that it is an argument of: what kind of thing its id names.
_NAMED_BY = {
    ("garageId", None): "Garage",
    ("portId", None): "Port",
    ("sessionId", None): "ChargingSession",
    ("chargePointId", None): "ChargePoint",
    ("id", "garage"): "Garage",
    ("id", "stay"): "Stay",
    ("id", "session"): "ChargingSession",
    ("id", "port"): "Port",
}


@dataclass
class Made:
    """A document with the variables that it is asked with."""

    text: str
    variables: dict[str, Any]


@dataclass
class Documents:
    """`ids`: by the name of a type, some global ids of it."""

    schema: GraphQLSchema
    ids: dict[str, list[str]]
    random: random.Random
    _variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    _fragments: list[str] = field(default_factory=list)

    def query(self, *, depth: int = 6, fields: int = 5) -> Made:
        self._variables, self._fragments = {}, []
        assert self.schema.query_type is not None
        selected = self._selection(self.schema.query_type, depth, fields)
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in self._variables.items())
        text = f"query{f'({declared})' if declared else ''} {selected}\n" + "\n".join(self._fragments)
        return Made(text, {name: value for name, (_, value) in self._variables.items() if value is not _LEFT_OUT})

    def _selection(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int, fields: int) -> str:
        chosen = self.random.sample(sorted(kind.fields), min(len(kind.fields), self.random.randint(1, fields)))
        parts = [part for name in chosen if (part := self._field(name, kind.fields[name], depth, fields))]
        if self.random.random() < 0.2 or not parts:
            parts.append("__typename")
        if isinstance(kind, GraphQLInterfaceType):
            for possible in self.random.sample(list(self.schema.get_possible_types(kind)), 3):
                parts.append(f"... on {possible.name} {self._selection(possible, depth - 1, 3)}")
        elif self.random.random() < 0.15:
            parts.append(self._spread(kind, depth, fields))
        return "{ " + " ".join(parts) + " }"

    def _field(self, name: str, of: GraphQLField, depth: int, fields: int) -> str | None:
        kind = get_named_type(of.type)
        below = ""
        if not is_leaf_type(kind):
            if depth <= 0 or not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
                return None
            below = " " + self._selection(kind, depth - 1, fields)
        alias = f"a{len(self._variables)}_{self.random.randrange(10**9)}: " if self.random.random() < 0.2 else ""
        # Two fields of one name and other arguments would not merge.
        if of.args and not alias:
            alias = f"{name}_{self.random.randrange(10**9)}: "
        return f"{alias}{name}{self._arguments(name, of)}{self._condition()}{below}"

    def _spread(self, kind: GraphQLObjectType, depth: int, fields: int) -> str:
        selected = self._selection(kind, depth - 1, fields)
        if self.random.random() < 0.5:
            return f"... on {kind.name}{self._condition()} {selected}"
        name = f"F{len(self._fragments)}_{self.random.randrange(10**9)}"
        self._fragments.append(f"fragment {name} on {kind.name} {selected}")
        return f"...{name}{self._condition()}"

    def _condition(self) -> str:
        if self.random.random() > 0.08:
            return ""
        directive = self.random.choice(("skip", "include"))
        value = self.random.random() < 0.5
        condition = f"${self._variable('Boolean!', value)}" if self.random.random() < 0.7 else str(value).lower()
        return f" @{directive}(if: {condition})"

    def _arguments(self, name: str, of: GraphQLField) -> str:
        given = []
        for argument, definition in of.args.items():
            is_required = isinstance(definition.type, GraphQLNonNull)
            # A garage, a stay are named by their ids.
            if is_required or argument == "id" or self.random.random() < 0.25:
                value = self._value(name, argument, definition)
                if value is not None:
                    given.append(f"{argument}: {value}")
        return f"({', '.join(given)})" if given else ""

    def _value(self, of_field: str, name: str, argument: GraphQLArgument) -> str | None:
        kind = _NAMED_BY.get((name, of_field)) or _NAMED_BY.get((name, None))
        text, value = self._literal(argument.type, kind, name)
        if text is None:
            return None
        if self.random.random() < 0.5:
            left_out = not isinstance(argument.type, GraphQLNonNull) and self.random.random() < 0.2
            return f"${self._variable(str(argument.type), _LEFT_OUT if left_out else value)}"
        return text

    def _literal(self, kind: GraphQLInputType, names: str | None, name: str) -> tuple[str | None, Any]:
        if isinstance(kind, GraphQLNonNull):
            return self._literal(kind.of_type, names, name)
        if isinstance(kind, GraphQLList):
            text, value = self._literal(kind.of_type, names, name)
            return f"[{text}]", [value]
        if isinstance(kind, GraphQLEnumType):
            value = self.random.choice(sorted(kind.values))
            return value, value
        match kind.name:
            case "ID":
                known = self.ids[names] if names else [one for some in self.ids.values() for one in some]
                value = self.random.choice([*known, known[0], "bm9uZQ=="])
                return f'"{value}"', value
            case "Int":
                number = self.random.choice((1, 2, 3, 5, 200))
                return str(number), number
            case "Boolean":
                flag = self.random.random() < 0.5
                return str(flag).lower(), flag
            case "DateTime":
                value = self.random.choice(("2026-11-22T08:48:00.000Z", "2026-11-21T23:00:00+01:00"))
                return f'"{value}"', value
            case "String" if name not in ("after", "locationId", "ticketNumber"):
                value = self.random.choice(("", "JVR", "AX48-NYC-034", "34th", "tesla"))
                return f'"{value}"', value
        return None, None

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{len(self._variables)}"
        self._variables[name] = kind, value
        return name


_LEFT_OUT = object()
