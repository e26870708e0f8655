"""Who may see what. A garage without a role in it does not exist for a viewer; one with too small a role says so."""

from evgraph.domain.people import Right, Viewer
from evgraph.services.permissions import Forbidden, Unauthenticated


def signed_in(viewer: Viewer | None) -> Viewer:
    """Raises Unauthenticated."""
    if viewer is None:
        raise Unauthenticated("Sign in first.")
    return viewer


def require(viewer: Viewer | None, right: Right, garage_id: int) -> None:
    """Raises Unauthenticated or Forbidden."""
    if not signed_in(viewer).may(right, garage_id):
        raise Forbidden(f"Your role in this garage does not allow this ({right.name}).")


def may_see(viewer: Viewer | None, right: Right, garage_id: int) -> bool:
    """False in a garage that the viewer has no role in. Raises Unauthenticated, or Forbidden where the role is less."""
    if not signed_in(viewer).sees(garage_id):
        return False
    require(viewer, right, garage_id)
    return True
