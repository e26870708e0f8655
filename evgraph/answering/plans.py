"""The plans of the documents that clients ask, made once each."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import structlog
from graphql import DocumentNode
from strawberry import Schema

from evgraph.execution import Plan, Unplanned, compile_plan, deciding_variables

_log = structlog.get_logger("evgraph.graph")
_Key = tuple[DocumentNode, str | None, tuple[Any, ...]]


class Plans:
    """The last that were asked for. `most`: how many."""

    def __init__(self, most: int = 500) -> None:
        self._most = most
        self._deciding: OrderedDict[int, tuple[DocumentNode, tuple[str, ...]]] = OrderedDict()
        self._plans: OrderedDict[tuple[int, str | None, str], tuple[DocumentNode, Plan | None]] = OrderedDict()

    def of(
        self, schema: Schema, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any] | None
    ) -> Plan | None:
        """Of a valid document. Null for what graphql-core answers."""
        given = variables or {}
        decided = repr([(name, given.get(name, "")) for name in self._deciding_of(document)])
        key = id(document), operation_name, decided
        known = self._plans.get(key)
        if known is not None and known[0] is document:
            self._plans.move_to_end(key)
            return known[1]
        try:
            plan = compile_plan(schema, document, operation_name, variables)
        except Unplanned as why:
            _log.debug("not planned", why=str(why))
            plan = None
        self._plans[key] = document, plan
        if len(self._plans) > self._most:
            self._plans.popitem(last=False)
        return plan

    def _deciding_of(self, document: DocumentNode) -> tuple[str, ...]:
        known = self._deciding.get(id(document))
        if known is not None and known[0] is document:
            return known[1]
        names = deciding_variables(document)
        self._deciding[id(document)] = document, names
        if len(self._deciding) > self._most:
            self._deciding.popitem(last=False)
        return names
