"""Messages to the user."""

from __future__ import annotations

import logging
import sys

from juanji import config


def tell(message: str, end: str = "\n") -> None:
    """Prints a message, or hands it to the logger 'juanji' where interactive logging is disabled."""
    if config.is_interactive_logging_enabled():
        sys.stdout.write(message + end)
        sys.stdout.flush()
    else:
        logging.getLogger("juanji").info(message)
