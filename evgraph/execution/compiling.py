"""From a document to its plan. Fields are collected and merged by graphql-core's own functions, arguments converted by
Strawberry's, so that both mean what they mean there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from strawberry import Schema
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from evgraph.execution.calling import calling
from evgraph.execution.completing import by_type, completer_of
from evgraph.execution.driving import all_of
from evgraph.execution.plan import Arguments, Change, Column, Plan, Run, Selection, Step, Unplanned

_BACKREF = GraphQLCoreConverter.DEFINITION_BACKREF
_TYPE_NAME = "__typename"


def compile_plan(
    schema: Schema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any] | None
) -> Plan:
    """Of a valid document; `variables` as the client gave them. Raises Unplanned.

    The plan holds for these values of the variables that decide what is selected (`deciding_variables`), and for any
    of the others.
    """
    return _Compiler(schema, document, operation_name, variables).plan()


def deciding_variables(document: DocumentNode) -> tuple[str, ...]:
    """The names of the variables that a directive asks (@skip, @include)."""
    names: set[str] = set()

    class Deciding(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    names.add(argument.value.name.value)

    visit(document, Deciding())
    return tuple(sorted(names))


class _Compiler:
    def __init__(
        self,
        schema: Schema,
        document: DocumentNode,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
    ) -> None:
        self._strawberry = schema
        self._schema: GraphQLSchema = schema._schema
        self._fragments = {
            node.name.value: FragmentDetails(node)
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._operation = _operation(document, operation_name)
        self._variables = _coerced(self._schema, self._operation, variables)
        # Of each field whose arguments ask variables: what makes its resolver's keywords of them.
        self._converters: list[Callable[[VariableValues], Mapping[str, Any]]] = []
        self._change: Change | None = None

    def plan(self) -> Plan:
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            raise Unplanned("no such operation")
        collected = collect_fields(self._schema, self._fragments, self._variables, root, self._operation)
        if collected.new_defer_usages:
            raise Unplanned("@defer")
        kind, fields = self._operation.operation, collected.grouped_field_set
        if kind is OperationType.MUTATION and len(fields) != 1:
            # One after the other, each answered before the next is begun.
            raise Unplanned("several changes")
        selection = self._selection(root, fields)
        return Plan(selection, self._arguments, is_query=kind is OperationType.QUERY, change=self._change)

    def _arguments(self, variables: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
        """Also where no argument asks for them: a variable that does not fit is an error all the same."""
        if not self._operation.variable_definitions:
            return ()
        coerced = _coerced(self._schema, self._operation, variables)
        return [converted(coerced) for converted in self._converters]

    def _selection(self, kind: GraphQLObjectType, grouped: GroupedFieldSet) -> Selection:
        fields = [(name, self._field(kind, details)) for name, details in grouped.items()]
        return Selection(_origin(kind), fields, _is_kind(kind))

    def _field(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> Step:
        node = details[0].node
        name = node.name.value
        if name == _TYPE_NAME:
            return _constant(parent.name)
        definition = parent.fields.get(name)
        if definition is None:
            # __schema and __type.
            raise Unplanned(name)
        complete = completer_of(definition.type, lambda kind: self._objects(kind, details))
        resolve = self._resolver(parent, definition, details[0])

        async def step(run: Run, sources: Column) -> Column:
            return await complete(run, await resolve(run, sources))

        return step

    def _objects(self, kind: Any, details: list[FieldDetails]) -> Step:
        if isinstance(kind, GraphQLObjectType):
            return self._subselection(kind, details).run
        if isinstance(kind, GraphQLInterfaceType):
            possible = self._schema.get_possible_types(kind)
            return by_type({_origin(one): self._subselection(one, details) for one in possible})
        raise Unplanned(f"the type {kind}")

    def _subselection(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Selection:
        collected = collect_subfields(self._schema, self._fragments, self._variables, self._operation, kind, details)
        if collected.new_defer_usages:
            raise Unplanned("@defer")
        return self._selection(kind, collected.grouped_field_set)

    def _resolver(self, parent: GraphQLObjectType, definition: GraphQLField, details: FieldDetails) -> Step:
        field = definition.extensions.get(_BACKREF)
        if not isinstance(field, StrawberryField) or field.extensions:
            raise Unplanned(f"the field {parent.name}.{details.node.name.value}")
        if self._operation.operation is OperationType.SUBSCRIPTION and parent is self._schema.subscription_type:
            # The event itself.
            return _itself
        if self._operation.operation is OperationType.MUTATION and parent is self._schema.mutation_type:
            self._change = self._changing(field, definition, details)
            return _itself
        if field.base_resolver is None:
            return _attribute(self._strawberry.config.default_resolver, field.python_name)
        return self._called(field, definition, details)

    def _changing(self, field: StrawberryField, definition: GraphQLField, details: FieldDetails) -> Change:
        step = self._called(field, definition, details)

        async def do(context: Any, arguments: Arguments) -> Any:
            (given,) = await step(Run(context, arguments, None), [None])
            return given

        return Change(details.node.name.value, do)

    def _called(self, field: StrawberryField, definition: GraphQLField, details: FieldDetails) -> Step:
        resolver = field.base_resolver
        if resolver is None or resolver.parent_parameter or resolver.root_parameter:
            raise Unplanned("a resolver that takes its parent by name")
        informed = resolver.info_parameter.name if resolver.info_parameter else None
        call = calling(
            cast("Callable[..., Any]", resolver.wrapped_func),
            takes_source=bool(resolver.self_parameter),
            info_name=informed,
        )
        keywords = self._keywords(field, definition, details)

        async def step(run: Run, sources: Column) -> Column:
            results = call(sources, run.info, keywords(run))
            return await all_of(results) if is_async else results

        is_async = field.is_async
        return step

    def _keywords(
        self, field: StrawberryField, definition: GraphQLField, details: FieldDetails
    ) -> Callable[[Run], Mapping[str, Any]]:
        """What a run calls the field's resolver with, beside its object and Info."""
        config = self._strawberry.config
        registry = self._strawberry.schema_converter.scalar_registry

        def converted(variables: VariableValues) -> Mapping[str, Any]:
            given = get_argument_values(definition, details.node, variables)
            return convert_arguments(given, field.arguments, registry, config)

        if not _asks_variables(details.node):
            always = converted(_NONE) if definition.args else {}
            return lambda run: always
        place = len(self._converters)
        self._converters.append(converted)
        return lambda run: run.arguments[place]


_NONE = VariableValues({}, {})


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if name is None or (node.name is not None and node.name.value == name)]
    if len(chosen) != 1:
        raise Unplanned("no one operation")
    return chosen[0]


def _coerced(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
) -> VariableValues:
    values = get_variable_values(schema, operation.variable_definitions or (), dict(variables or {}))
    if isinstance(values, list):
        raise Unplanned("a variable's value")
    return values


def _origin(kind: GraphQLObjectType) -> type:
    definition = kind.extensions.get(_BACKREF)
    if not isinstance(definition, StrawberryObjectDefinition):
        raise Unplanned(f"the type {kind.name}")
    return definition.origin


def _is_kind(kind: GraphQLObjectType) -> Callable[[Any], bool] | None:
    check, origin = kind.is_type_of, _origin(kind)
    if check is None:
        return None
    return lambda value: type(value) is origin or check(value, None) is True  # type: ignore[arg-type]


def _asks_variables(node: FieldNode) -> bool:
    class Found(Visitor):
        any = False

        def enter_variable(self, *_: Any) -> None:
            self.any = True

    found = Found()
    for argument in node.arguments or ():
        visit(argument, found)
    return found.any


def _constant(text: str) -> Step:
    async def step(run: Run, sources: Column) -> Column:
        return [text] * len(sources)

    return step


async def _itself(run: Run, sources: Column) -> Column:
    return sources


def _attribute(read: Callable[[Any, str], Any], name: str) -> Step:
    async def step(run: Run, sources: Column) -> Column:
        return [read(source, name) for source in sources]

    return step
