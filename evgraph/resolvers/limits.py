"""What one document may ask for: how deep, how often, and how much in all."""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension

from evgraph.schema.errors import bad_user_input

MAX_TOKENS = 4000
MAX_DEPTH = 15
MAX_ALIASES = 50
MAX_COST = 200_000
_NUL_ESCAPE = re.compile(r"\\u(0000|\{0+\})")
_NOTHING = parse("{ __typename }")
# What a list is taken to hold when nothing says how much of it is asked for.
_LIST_OF = {"garages": 50, "rateHistory": 20, "stays": 50, "sessions": 50, "samples": 200, "edges": 1, "nodes": 1}
_ANY_LIST = 10
_SIZES = ("first", "points")
_MOST = 2000


class Documents:
    """The last documents that were asked, parsed and validated, by their text: clients ask the same ones again."""

    def __init__(self, most: int = 500, longest: int = 20_000) -> None:
        self._most = most
        self._longest = longest
        self._kept: OrderedDict[str, tuple[DocumentNode, list[GraphQLError]]] = OrderedDict()

    def read(self, text: str, schema: GraphQLSchema) -> tuple[DocumentNode, list[GraphQLError]]:
        """Raises GraphQLSyntaxError."""
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        document = parse(text, max_tokens=MAX_TOKENS)
        errors = validate(schema, document, specified_rules) or list(_shape_errors(document))
        if len(text) <= self._longest:
            self._kept[text] = document, errors
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return document, errors


class LimitedDocuments(SchemaExtension):
    """Parses and validates by way of `Documents`, then weighs the document with its variables."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._errors: list[GraphQLError] = []

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        context.parse_options["max_tokens"] = MAX_TOKENS
        try:
            schema = context.schema._schema
            context.graphql_document, self._errors = self._documents.read(context.query or "", schema)
        except GraphQLSyntaxError:
            pass  # Strawberry parses it itself then, and reports what it finds.
        except RecursionError:
            context.graphql_document, self._errors = _NOTHING, [bad_user_input("This document is nested too deep.")]
        yield

    def on_validate(self) -> Iterator[None]:
        asked = self.execution_context
        errors = self._errors
        if not errors and asked.graphql_document:
            errors = refusals(asked.query or "", asked.graphql_document, asked.variables, asked.operation_name)
        asked.pre_execution_errors = errors
        yield


def refusals(
    text: str, document: DocumentNode, variables: Mapping[str, Any] | None, operation_name: str | None
) -> list[GraphQLError]:
    """Why a valid document is not executed with these variables; mostly empty."""
    if _holds_nul(variables) or _NUL_ESCAPE.search(text):
        return [bad_user_input("Text cannot hold the character U+0000.")]
    if cost_of(document, variables or {}, operation_name) > MAX_COST:
        return [bad_user_input("This operation asks for too much at once. Ask for smaller pages.")]
    return []


def _holds_nul(value: Any) -> bool:
    """PostgreSQL's text has no place for it."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(part) for part in value.values())
    return isinstance(value, list) and any(_holds_nul(part) for part in value)


def cost_of(document: DocumentNode, variables: Mapping[str, Any], operation_name: str | None) -> int:
    """About how many objects a valid document asks for."""
    fragments = _fragments(document)
    weighed: dict[str, int] = {}

    def weigh(selections: SelectionSetNode) -> int:
        total = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                if selection.selection_set and not selection.name.value.startswith("__"):
                    total += _size(selection, variables) * (1 + weigh(selection.selection_set))
            elif isinstance(selection, InlineFragmentNode):
                total += weigh(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in weighed:
                    weighed[name] = weigh(fragments[name].selection_set)
                total += weighed[name]
        return total

    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if node.name and node.name.value == operation_name] or operations
    return max((weigh(operation.selection_set) for operation in chosen), default=0)


_LISTS = frozenset(
    {
        "garages", "rateHistory", "ports", "chargePoints", "stays", "sessions", "needsCharging", "charging", "charged",
        "requests", "lineItems", "samples", "roles", "moves",
    }
)  # fmt: skip


def _size(field: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in field.arguments or ():
        if argument.name.value in _SIZES:
            value: Any = None
            if isinstance(argument.value, IntValueNode):
                value = int(argument.value.value)
            elif isinstance(argument.value, VariableNode):
                value = variables.get(argument.value.name.value)
            if isinstance(value, int):
                return max(1, min(value, _MOST))
    name = field.name.value
    return _LIST_OF.get(name, _ANY_LIST) if name in _LISTS else 1


def _shape_errors(document: DocumentNode) -> Iterator[GraphQLError]:
    """Of a document that is valid otherwise: its fragments are all there, and no ring of them."""
    fragments = _fragments(document)
    measured: dict[str, tuple[int, int]] = {}

    def measure(selections: SelectionSetNode) -> tuple[int, int]:
        """How deep, and how many aliases."""
        depth = aliases = 0
        for selection in selections.selections:
            inner_depth = inner_aliases = 0
            if isinstance(selection, FieldNode):
                aliases += selection.alias is not None
                if selection.selection_set and not selection.name.value.startswith("__"):
                    inner_depth, inner_aliases = measure(selection.selection_set)
                    inner_depth += 1
            elif isinstance(selection, InlineFragmentNode):
                inner_depth, inner_aliases = measure(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                name = selection.name.value
                if name not in measured:
                    measured[name] = measure(fragments[name].selection_set)
                inner_depth, inner_aliases = measured[name]
            depth, aliases = max(depth, inner_depth), aliases + inner_aliases
        return depth, aliases

    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            depth, aliases = measure(node.selection_set)
            if depth > MAX_DEPTH:
                yield bad_user_input(f"This operation is nested deeper than {MAX_DEPTH} levels.")
            if aliases > MAX_ALIASES:
                yield bad_user_input(f"This operation has more than {MAX_ALIASES} aliases.")


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
