"""Who may do what: asked by every service before it changes anything."""

from evgraph.domain.people import Right, Viewer
from evgraph.domain.refusals import ErrorCode, Refusal


class Unauthenticated(Exception):
    """Nobody is signed in."""


class Forbidden(Exception):
    """The viewer sees the garage, and their role lacks the right."""


class RateLimited(Exception):
    """Too many attempts; wait before the next."""


def missing(what: str, *field: str) -> Refusal:
    """What is not there, and what is not the viewer's to see, get the same answer."""
    return Refusal(ErrorCode.NOT_FOUND, f"There is no such {what}.", field or None)


def require(viewer: Viewer, right: Right, garage_id: int, what: str, *field: str) -> None:
    """Raises Refusal NOT_FOUND in a garage that the viewer does not see, Forbidden where the role lacks the right."""
    if not viewer.sees(garage_id):
        raise missing(what, *field)
    if not viewer.may(right, garage_id):
        raise Forbidden(f"Your role in this garage does not allow this ({right.name}).")
