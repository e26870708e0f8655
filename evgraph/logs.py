"""Logs: one line an event, for people at a console or as JSON for machines; the libraries' own lines alike."""

import logging
import sys

import structlog


def set_up_logs(log_format: str, level: str) -> None:
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        renderer: structlog.types.Processor = structlog.processors.JSONRenderer()
        shared.append(structlog.processors.format_exc_info)
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The rich kind prints local variables, passwords and keys among them.
            exception_formatter=structlog.dev.plain_traceback,
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, _in_one_line, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("uvicorn.access", "asyncio", "aiosqlite", "tortoise", "websockets", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # At debug it has the headers of each handshake, with keys and tokens in them, and the text of each frame.
    logging.getLogger("uvicorn.error").setLevel(max(logging.INFO, root.level))


def _in_one_line(
    logger: structlog.types.WrappedLogger, method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """A library that warns of what it tries again, such as a database that is gone, is no fault with a traceback."""
    if event.get("level") in ("debug", "info", "warning") and isinstance(event.get("exc_info"), tuple):
        _, failure, _ = event.pop("exc_info")
        event["why"] = f"{type(failure).__name__}: {failure}"
    return event
