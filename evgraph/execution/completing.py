"""How each type of the schema completes a column: leaves are written, lists laid flat and cut again, objects asked."""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
)

from evgraph.execution.leaves import Write, writer_of
from evgraph.execution.plan import Column, Run, Selection, Step, Unplanned

Select = Callable[[Any], Step]


def completer_of(kind: GraphQLOutputType, select: Select) -> Step:
    """`select` gives what becomes of a column of composite objects, without nulls."""
    if isinstance(kind, GraphQLNonNull):
        return _never_null(completer_of(kind.of_type, select))
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return _leaf(writer_of(kind))
    if isinstance(kind, GraphQLList):
        return _list(completer_of(kind.of_type, select))
    return _where_not_null(select(kind))


def _never_null(complete: Step) -> Step:
    async def completed(run: Run, column: Column) -> Column:
        answers = await complete(run, column)
        if None in answers:
            # graphql-core finds out how far up the answer becomes null, and says why.
            raise Unplanned("null where there must be none")
        return answers

    return completed


def _leaf(write: Write) -> Step:
    async def completed(run: Run, column: Column) -> Column:
        return [None if value is None else write(value) for value in column]

    return completed


def _list(complete: Step) -> Step:
    async def completed(run: Run, column: Column) -> Column:
        if not all(value is None or type(value) is list or type(value) is tuple for value in column):
            raise Unplanned("a list of another kind")
        flat = await complete(run, [item for value in column if value is not None for item in value])
        answers: Column = []
        at = 0
        for value in column:
            if value is None:
                answers.append(None)
            else:
                answers.append(flat[at : at + len(value)])
                at += len(value)
        return answers

    return completed


def _where_not_null(ask: Step) -> Step:
    async def completed(run: Run, column: Column) -> Column:
        if None not in column:
            return await ask(run, column) if column else []
        objects = [value for value in column if value is not None]
        if not objects:
            return column
        answers = iter(await ask(run, objects))
        return [None if value is None else next(answers) for value in column]

    return completed


def by_type(selections: dict[type, Selection]) -> Step:
    """Objects of an interface: each is asked what its own type is asked."""

    async def ask(run: Run, objects: Column) -> Column:
        answers: Column = [None] * len(objects)
        places: dict[type, list[int]] = {}
        for place, value in enumerate(objects):
            places.setdefault(type(value), []).append(place)
        for kind, of_kind in places.items():
            selection = selections.get(kind)
            if selection is None:
                raise Unplanned("an object of no known type")
            for place, answer in zip(of_kind, await selection.run(run, [objects[p] for p in of_kind]), strict=True):
                answers[place] = answer
        return answers

    return ask
