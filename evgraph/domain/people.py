"""Who may do what, where."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Role(StrEnum):
    DISPLAY = "DISPLAY"
    ATTENDANT = "ATTENDANT"
    POS = "POS"
    OPERATOR = "OPERATOR"
    ADMIN = "ADMIN"


class Right(Enum):
    SEE_BOARD = auto()
    SEE_STAYS = auto()
    CHECK_IN_AND_OUT = auto()
    MAKE_REQUESTS = auto()
    CHARGE = auto()
    SET_RATES = auto()
    NAME_PORTS = auto()
    OPERATE = auto()


_QUEUE = {Right.SEE_BOARD, Right.SEE_STAYS, Right.CHECK_IN_AND_OUT, Right.MAKE_REQUESTS}
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.DISPLAY: frozenset({Right.SEE_BOARD}),
    Role.ATTENDANT: frozenset(_QUEUE | {Right.CHARGE}),
    Role.POS: frozenset(_QUEUE),
    Role.OPERATOR: frozenset(Right),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who is looking. `roles` by garage id: every garage of the organisation that this person has a role in."""

    id: int
    organization_id: int
    organization: str
    name: str
    email: str | None
    roles: Mapping[int, Role]

    def may(self, right: Right, garage_id: int) -> bool:
        role = self.roles.get(garage_id)
        return role is not None and right in RIGHTS[role]

    def sees(self, garage_id: int) -> bool:
        return garage_id in self.roles
