"""What a stranger is told of an error: its code, and of a bug of ours only the id that the log knows it by."""

import uuid
from collections.abc import Iterator
from typing import Any

import structlog
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from evgraph.domain.refusals import Refusal
from evgraph.models.failures import in_log
from evgraph.schema.errors import BAD_USER_INPUT
from evgraph.services.permissions import Forbidden, RateLimited, Unauthenticated

INTERNAL = "INTERNAL"
_CODES: dict[type[Exception], str] = {
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "FORBIDDEN",
    RateLimited: "RATE_LIMITED",
    Refusal: BAD_USER_INPUT,
    InvalidOperationTypeError: BAD_USER_INPUT,
    CannotGetOperationTypeError: BAD_USER_INPUT,
}
_log = structlog.get_logger("evgraph.graph")


class MaskErrors(SchemaExtension):
    """Gives every error its code, in answers and in each event of a stream."""

    def on_operation(self) -> Iterator[None]:
        yield
        self._mask(self.execution_context.result)

    def on_stream_result(self, result: Any) -> Iterator[None]:
        self._mask(result)
        yield

    def _mask(self, result: Any) -> None:
        errors = getattr(result, "errors", None)
        if errors:
            result.errors = [masked(error, self.execution_context.operation_name) for error in errors]


def masked(error: GraphQLError, operation: str | None = None) -> GraphQLError:
    if error.extensions and "code" in error.extensions:
        return error
    cause = _cause(error)
    code = next((code for kind, code in _CODES.items() if isinstance(cause, kind)), None)
    if code:
        return _told(error, error.message, code)
    # Without a cause it is GraphQL's own: a document or a variable that does not fit the schema. Within the answer
    # (it has a path) only an argument can be the client's fault; the rest is a value of ours that the schema forbids.
    if cause is None and (error.path is None or error.message.startswith("Argument")):
        return _told(error, error.message, BAD_USER_INPUT)
    id_ = uuid.uuid4().hex
    _log.error(
        "operation failed",
        id=id_,
        operation=operation,
        path=error.path,
        **in_log(cause or error),
    )
    told = _told(error, f"Something went wrong on our side. Tell support this id: {id_}.", INTERNAL)
    told.extensions = {"code": INTERNAL, "id": id_}
    return told


def _cause(error: GraphQLError) -> Exception | None:
    """What our code raised; null where GraphQL itself found the fault."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _told(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(message, nodes=error.nodes, path=error.path, extensions={"code": code})
