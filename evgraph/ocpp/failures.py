"""What went wrong on our side, in the log under an id that the charger or an operator may be told."""

import traceback
from typing import Any
from uuid import uuid4

import structlog

log = structlog.get_logger("evgraph.ocpp")


def log_failure(event: str, failure: BaseException, **fields: Any) -> str:
    """The error id. The traceback is plain: the values of variables may be a charge point's key."""
    error_id = uuid4().hex
    log.error(event, error_id=error_id, exception="".join(traceback.format_exception(failure)), **fields)
    return error_id
