"""Logging: an event name and ids, on the console or as JSON lines; called only by entry points.

Never give a logger ad text, names, phones or search terms.
"""

import logging
import sys
from typing import Literal

import structlog

_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logs(
    log_format: Literal["console", "json"], log_level: Literal["info", "warning"] = "info"
) -> None:
    """Send all logs to standard error in one form."""
    level = logging.getLevelNamesMapping()[log_level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The default shows local variables: a password, an ad's text.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([structlog.processors.format_exc_info] if log_format == "json" else []),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Libraries that would put addresses or texts of crawled pages into the log at INFO.
    for name in (
        "fontTools",
        "scrapy",
        "twisted",
        "alembic",
        "apscheduler",
        "pymorphy3",
        "uvicorn.access",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its warnings are tracebacks of an absent server; what failed is said by whoever asked.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Logger whose events read ``room.thing.happened`` with ids as keyword arguments."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
