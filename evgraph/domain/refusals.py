"""Why a well-behaved client did not get what it asked for; shown to people, so each message is a whole sentence."""

from enum import StrEnum


class ErrorCode(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    STAY_CLOSED = "STAY_CLOSED"
    REQUEST_EXISTS = "REQUEST_EXISTS"
    REQUEST_NOT_WAITING = "REQUEST_NOT_WAITING"
    PORT_NOT_OPEN = "PORT_NOT_OPEN"
    PORT_IN_USE = "PORT_IN_USE"
    CHARGER_REJECTED = "CHARGER_REJECTED"
    CHARGER_TIMEOUT = "CHARGER_TIMEOUT"
    CHARGER_OFFLINE = "CHARGER_OFFLINE"
    CHARGER_BUSY = "CHARGER_BUSY"
    STILL_CHARGING = "STILL_CHARGING"
    SESSION_NOT_ACTIVE = "SESSION_NOT_ACTIVE"
    SESSION_ASSIGNED = "SESSION_ASSIGNED"
    ALREADY_RESOLVED = "ALREADY_RESOLVED"
    DUPLICATE_TICKET = "DUPLICATE_TICKET"
    NAME_TAKEN = "NAME_TAKEN"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"


class Refusal(Exception):
    """A typed no. `field` is the path of the input at fault, for example ("input", "vehicle", "licensePlate")."""

    def __init__(self, code: ErrorCode, message: str, field: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class IllegalMove(Exception):
    """A state was asked to make a move that it does not have: a bug of ours, never a charger's or a person's."""

    def __init__(self, move: str, *, expected: str, got: str) -> None:
        super().__init__(f"{move}: expected {expected}, got {got}")
