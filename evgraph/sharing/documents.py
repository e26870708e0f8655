"""Which operations can be shared: of a valid document, one subscription to something that is watched together."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.values import get_argument_values, get_variable_values
from strawberry import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from evgraph.resolvers.context import Operation
from evgraph.resolvers.limits import Documents, refusals
from evgraph.resolvers.subscriptions import TOGETHER
from evgraph.resolvers.subscriptions.watched import Watched

Variables = Mapping[str, Any] | None

_BACKREF = GraphQLCoreConverter.DEFINITION_BACKREF
_MOST = 500
_LONGEST = 20_000


class Sharable:
    """One operation of one document."""

    def __init__(
        self, schema: Schema, text: str, document: DocumentNode, operation: OperationDefinitionNode, field: FieldNode
    ) -> None:
        self.text = text
        self.document = document
        self.name = operation.name.value if operation.name else None
        self._schema = schema
        self._operation = operation
        self._node = field

    async def watched(self, context: Operation, variables: Variables) -> Watched[Any] | None:
        """Null for values that do not fit. Raises what the subscription's resolver raises."""
        if refusals(self.text, self.document, variables, self.name):
            return None
        schema = self._schema._schema
        values = get_variable_values(schema, self._operation.variable_definitions or (), dict(variables or {}))
        if isinstance(values, list):
            return None
        definition, field = _definition(self._schema, self._node)
        try:
            given = get_argument_values(definition, self._node, values)
        except GraphQLError:
            return None
        arguments = convert_arguments(
            given, field.arguments, self._schema.schema_converter.scalar_registry, self._schema.config
        )
        return await TOGETHER[self._node.name.value](context, **arguments)


class SharableDocuments:
    """The last that were asked for, by their text and the operation's name."""

    def __init__(self, schema: Schema, documents: Documents) -> None:
        self._schema = schema
        self._documents = documents
        self._kept: OrderedDict[tuple[str, str | None], Sharable | None] = OrderedDict()

    def read(self, text: str, operation_name: str | None) -> Sharable | None:
        """Null for what goes the plain way: also for every mistake, which is told there."""
        if len(text) > _LONGEST:
            return None
        key = text, operation_name
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = self._kept[key] = self._read(text, operation_name)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return found

    def _read(self, text: str, operation_name: str | None) -> Sharable | None:
        try:
            document, errors = self._documents.read(text, self._schema._schema)
        except (GraphQLError, RecursionError):
            return None
        operation = None if errors else _operation(document, operation_name)
        if operation is None or operation.operation is not OperationType.SUBSCRIPTION:
            return None
        selections = operation.selection_set.selections
        field = selections[0]
        if len(selections) != 1 or not isinstance(field, FieldNode) or field.directives:
            return None
        if field.name.value not in TOGETHER:
            return None
        return Sharable(self._schema, text, document, operation, field)


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name is not None and node.name.value == name]
    return operations[0] if len(operations) == 1 else None


def _definition(schema: Schema, node: FieldNode) -> tuple[GraphQLField, StrawberryField]:
    root = schema._schema.subscription_type
    if root is None:
        raise LookupError("The schema has no subscriptions.")
    definition: GraphQLField = root.fields[node.name.value]
    return definition, definition.extensions[_BACKREF]
