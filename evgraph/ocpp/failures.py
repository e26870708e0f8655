"""What went wrong on our side, in the log under an id that the charger or an operator may be told."""

from typing import Any
from uuid import uuid4

import structlog

from evgraph.models.failures import in_log

log = structlog.get_logger("evgraph.ocpp")


def log_failure(event: str, failure: BaseException, **fields: Any) -> str:
    """The error id."""
    error_id = uuid4().hex
    log.error(event, error_id=error_id, **in_log(failure), **fields)
    return error_id
