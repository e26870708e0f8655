"""The short road of a query or a mutation over HTTP, by a plan.

An answer is kept with the versions of the garages that it was made of (`models.reads`), and given again while they are
the same: one look at them, in the database itself, so that it is right whoever writes there. What has changed is made
anew by the plan, and of that only what changed (`resolvers.kept_answers`). Those who ask for it meanwhile share the
next answer (`answering.turns`). Whatever this road does not know, and every error, takes the long one.

A mutation is done here, once, and answered by its plan; where that fails, the long road is told what was done, and
tells what went wrong.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import DocumentNode, GraphQLSyntaxError
from starlette.requests import HTTPConnection
from starlette.responses import Response
from strawberry import Schema

from evgraph.answering.plans import Plans
from evgraph.answering.turns import Turns
from evgraph.domain.people import Viewer
from evgraph.execution import Plan, Unplanned
from evgraph.execution.plan import Arguments, Change
from evgraph.models.boards import VERSIONS
from evgraph.models.looks import by_itself
from evgraph.models.reads import Reads, noting
from evgraph.resolvers.context import Done, Operation
from evgraph.resolvers.kept_answers import KeptAnswers
from evgraph.resolvers.limits import Documents, refusals
from evgraph.resolvers.loaders import make_loaders
from evgraph.services.house import Services

# Of a request's scope: what its mutation has done already.
DONE = "evgraph.done"
# Their answers are more than data.
_WITH_COOKIES = frozenset({"signIn", "signOut"})
_MOST_BODIES = 300
_MOST_VIEWERS = 20
_LONGEST_BODY = 20_000


@dataclass(slots=True)
class _Kept:
    """For one viewer. `answer` is null until one could be kept."""

    viewer: Viewer | None
    turns: Turns[bytes | None] = field(default_factory=Turns)
    pieces: KeptAnswers = field(default_factory=KeptAnswers)
    versions: Mapping[int, int] = field(default_factory=dict)
    answer: bytes | None = None


@dataclass(slots=True)
class _Asked:
    plan: Plan
    arguments: Arguments
    kept: OrderedDict[int, _Kept] = field(default_factory=OrderedDict)


class Queries:
    def __init__(self, services: Services, schema: Schema, documents: Documents, plans: Plans) -> None:
        self._services = services
        self._schema = schema
        self._documents = documents
        self._plans = plans
        self._asked: OrderedDict[bytes, _Asked] = OrderedDict()

    async def answer(self, body: bytes, viewer: Viewer | None, request: HTTPConnection) -> bytes | None:
        """The whole answer as JSON; null where the long road must be taken."""
        asked = self._asked_by(body)
        if asked is None:
            return None
        if asked.plan.change is not None:
            return await self._changed(asked.plan, asked.plan.change, asked.arguments, viewer, request)
        kept = _kept_for(viewer, asked)
        return await kept.turns.of(lambda: self._answer(asked, kept, request))

    async def _answer(self, asked: _Asked, kept: _Kept, request: HTTPConnection) -> bytes | None:
        if kept.answer is not None and await _are_now(kept.versions):
            return kept.answer
        operation, reads = self._operation(kept.viewer, request), Reads()
        try:
            with noting(reads):
                keeper = kept.pieces.of_run(operation.loaders)
                data = await asked.plan.run_with(asked.arguments, operation, None, keeper)
        except Exception:
            # graphql-core meets it again, and says where it belongs.
            return None
        answer = _answer_of(data)
        kept.answer, kept.versions = (answer, reads.versions) if reads.is_covered else (None, {})
        return answer

    async def _changed(
        self, plan: Plan, change: Change, arguments: Arguments, viewer: Viewer | None, request: HTTPConnection
    ) -> bytes | None:
        operation = self._operation(viewer, request)
        try:
            payload = await change.do(operation, arguments)
        except Exception as failure:
            request.scope[DONE] = Done(failure=failure)
            return None
        try:
            return _answer_of(await plan.run_with(arguments, operation, payload))
        except Exception:
            request.scope[DONE] = Done(payload)
            return None

    def _operation(self, viewer: Viewer | None, request: HTTPConnection) -> Operation:
        return Operation(
            services=self._services,
            loaders=make_loaders(self._services),
            viewer=viewer,
            token=None,
            request=request,
            response=Response(),
        )

    def _asked_by(self, body: bytes) -> _Asked | None:
        asked = self._asked.get(body)
        if asked is not None:
            self._asked.move_to_end(body)
            return asked
        asked = self._read(body)
        if asked is not None and asked.plan.is_query and len(body) <= _LONGEST_BODY:
            self._asked[body] = asked
            if len(self._asked) > _MOST_BODIES:
                self._asked.popitem(last=False)
        return asked

    def _read(self, body: bytes) -> _Asked | None:
        """Null for what is no plain operation: a batch, extensions, a subscription, an error of any kind."""
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(said, dict) or not said.keys() <= {"query", "variables", "operationName"}:
            return None
        text, variables, name = said.get("query"), said.get("variables"), said.get("operationName")
        if not isinstance(text, str) or not isinstance(variables, dict | None) or not isinstance(name, str | None):
            return None
        document = self._document(text, variables, name)
        plan = self._plans.of(self._schema, document, name, variables) if document is not None else None
        if plan is None or not (plan.is_query or _is_done_here(plan.change)):
            return None
        try:
            return _Asked(plan, plan.arguments(variables))
        except Unplanned:
            return None

    def _document(self, text: str, variables: dict[str, Any] | None, name: str | None) -> DocumentNode | None:
        try:
            document, errors = self._documents.read(text, self._schema._schema)
        except (GraphQLSyntaxError, RecursionError):
            return None
        return None if errors or refusals(text, document, variables, name) else document


def _answer_of(data: Any) -> bytes:
    return b'{"data":' + orjson.dumps(data) + b"}"


def _is_done_here(change: Change | None) -> bool:
    return change is not None and change.field not in _WITH_COOKIES


def _kept_for(viewer: Viewer | None, asked: _Asked) -> _Kept:
    key = viewer.id if viewer is not None else 0
    kept = asked.kept.get(key)
    if kept is None or kept.viewer != viewer:
        kept = asked.kept[key] = _Kept(viewer)
        if len(asked.kept) > _MOST_VIEWERS:
            asked.kept.popitem(last=False)
    return kept


async def _are_now(versions: Mapping[int, int]) -> bool:
    return not versions or dict(await by_itself().rows(VERSIONS, list(versions))) == versions
