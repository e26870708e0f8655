"""Documents that together ask for every field of the schema, each with each of its arguments: made from the schema, so
that no field that is new is left out."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
)

_FIRST = 4
# What a field must load shows in the fields of its object, and of what that points to.
_LEVELS = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """`field`: Type.field, with the argument that it is asked with; `fields`: all that are asked for at once."""

    field: str
    fields: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Walk:
    """`literals`: what to give for arguments that must have a value, and for ids, by `field(argument` or `argument`."""

    schema: GraphQLSchema
    literals: Mapping[str, str]

    def documents(self) -> Iterator[Asked]:
        """One for each field of each type that a query reaches, and one for each of its arguments; what is no object
        is asked for together."""
        for type_, path in self._paths().items():
            leaves = [name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type))]
            if leaves:
                asked = frozenset(f"{type_.name}.{name}" for name in leaves)
                yield Asked(f"{type_.name}.*", asked, _within(path, " ".join(leaves)))
            for name, field in type_.fields.items():
                for given in self._ways_to_ask(name, field) if name not in leaves else ():
                    selection = self._selection(name, field, _LEVELS, given)
                    if selection is not None:
                        field_name = f"{type_.name}.{name}"
                        asked = frozenset({field_name})
                        yield Asked(f"{field_name}({given})" if given else field_name, asked, _within(path, selection))

    def fields(self) -> set[str]:
        """All that the documents are to ask for."""
        return {f"{type_.name}.{name}" for type_ in self._paths() for name in type_.fields}

    def node_documents(self) -> Iterator[tuple[str, str]]:
        """Of each type that is a Node: what to ask a list of ids for."""
        interface = self.schema.type_map["Node"]
        assert isinstance(interface, GraphQLInterfaceType)
        for type_ in self.schema.get_possible_types(interface):
            yield type_.name, f"... on {type_.name} {self._fields(type_, 1)}"

    def _paths(self) -> dict[GraphQLObjectType, tuple[str, ...]]:
        """How each type is reached by way of lists, where it is: what is asked of one is asked of many then."""
        query = self.schema.query_type
        assert query is not None
        paths: dict[GraphQLObjectType, tuple[str, ...]] = {query: ()}
        for by_lists_alone in (True, False):
            waiting = deque(paths)
            while waiting:
                type_ = waiting.popleft()
                for name, field in type_.fields.items():
                    target = get_named_type(field.type)
                    called = self._call(name, field)
                    if called is None or not isinstance(target, GraphQLObjectType) or target in paths:
                        continue
                    if by_lists_alone and type_ is query and "Connection" not in target.name:
                        continue
                    paths[target] = (*paths[type_], called)
                    waiting.append(target)
        return paths

    def _ways_to_ask(self, name: str, field: GraphQLField) -> Iterator[str]:
        """As it is, with each argument, and with all of them."""
        yield ""
        given = [text for key, argument in field.args.items() for text in self._values(name, key, argument)]
        yield from given
        one_of_each = {text.partition(":")[0]: text for text in given}
        if len(one_of_each) > 1:
            yield ", ".join(one_of_each.values())

    def _values(self, name: str, key: str, argument: GraphQLArgument) -> Iterator[str]:
        type_ = get_named_type(argument.type)
        literal = self.literals.get(f"{name}({key}", self.literals.get(key))
        if is_required_argument(argument) or key in ("first", "points"):
            return
        if literal is not None:
            yield f"{key}: {literal}"
        elif isinstance(type_, GraphQLEnumType):
            yield f"{key}: {next(iter(type_.values))}"
        else:
            simple = {"Boolean": "true", "DateTime": '"2026-11-22T08:00:00Z"', "String": '"a"'}
            yield f"{key}: {simple[type_.name]}"

    def _call(self, name: str, field: GraphQLField, given: str = "") -> str | None:
        """The field with what it must be given; null where nobody said what that is."""
        arguments = [given] if given else []
        told = {part.partition(":")[0].strip() for part in given.split(", ")}
        for key, argument in field.args.items():
            if key in ("first", "points"):
                arguments.append(f"{key}: {_FIRST}")
            elif (is_required_argument(argument) or f"{name}(!{key}" in self.literals) and key not in told:
                literal = self.literals.get(f"{name}(!{key}", self.literals.get(f"{name}({key}"))
                if literal is None:
                    return None
                arguments.append(f"{key}: {literal}")
        return f"{name}({', '.join(arguments)})" if arguments else name

    def _selection(self, name: str, field: GraphQLField, levels: int, given: str = "") -> str | None:
        called, type_ = self._call(name, field, given), get_named_type(field.type)
        if called is None or is_leaf_type(type_):
            return called
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            # Types that share a name differ in what it is: each is asked for on its own (node_documents).
            return f"{called} {{ __typename }}"
        if levels < 0:
            return None
        assert isinstance(type_, GraphQLObjectType)
        # What only holds others is no level of its own.
        is_wrapping = type_.name.endswith(("Connection", "Edge"))
        return f"{called} {self._fields(type_, levels if is_wrapping else levels - 1)}"

    def _fields(self, type_: GraphQLObjectType, levels: int) -> str:
        parts = [self._selection(name, field, levels) for name, field in type_.fields.items()]
        return f"{{ {' '.join(part for part in ('__typename', *parts) if part)} }}"


def is_list(field: GraphQLField) -> bool:
    type_ = field.type.of_type if is_non_null_type(field.type) else field.type
    return is_list_type(type_)


def _within(path: tuple[str, ...], selection: str) -> str:
    for called in reversed(path):
        selection = f"{called} {{ __typename {selection} }}"
    return f"{{ __typename {selection} }}"
