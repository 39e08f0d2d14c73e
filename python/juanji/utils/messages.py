"""Messages to the user."""

from __future__ import annotations

import logging
import sys

from juanji import config


def tell(message: str, end: str = "\n") -> None:
    """Prints a message, or hands it to the logger 'juanji' where interactive logging is disabled."""
    if config.is_interactive_logging_enabled():
        print(message, end=end, flush=True)
    else:
        logging.getLogger("juanji").info(message)


def on_terminal() -> bool:
    """Whether somebody sees standard output as it is written; programs without a console have none."""
    return sys.stdout is not None and sys.stdout.isatty()
