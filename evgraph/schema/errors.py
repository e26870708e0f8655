"""Refusals as payloads show them, and the top-level error for input that no well-behaved client sends."""

import strawberry
from graphql import GraphQLError

from evgraph.domain.refusals import Refusal
from evgraph.schema.enums import ErrorCode

BAD_USER_INPUT = "BAD_USER_INPUT"


@strawberry.type
class UserError:
    code: ErrorCode
    message: str = strawberry.field(description="For people, in a whole sentence.")
    field: list[str] | None = strawberry.field(
        description='Path of the input field at fault, for example ["input", "vehicle", "licensePlate"].'
    )

    @classmethod
    def of(cls, refusal: Refusal) -> "UserError":
        return cls(
            code=refusal.code, message=refusal.message, field=list(refusal.field) if refusal.field is not None else None
        )


def bad_user_input(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": BAD_USER_INPUT})
