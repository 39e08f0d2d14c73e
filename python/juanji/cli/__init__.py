"""The command ``juanji``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_INTERRUPTED = 130  # what shells report for Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: the words after ``juanji``; those of the process by default.

    Returns:
        The exit code: 0 for success, 2 for wrong arguments or data that cannot be read, 130 after Ctrl-C.
    """
    from juanji.cli.parser import UsageError, make_parser

    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.run is None:
        parser.print_help()
        return 2
    try:
        return int(options.run(options))
    except UsageError as error:
        print(f"juanji: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("juanji: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has gone, e.g. `juanji info | head -1`
        sys.stderr.close()
        return 1
