"""`python -m juanji` is the command `juanji`."""

import sys

from juanji.cli import main

if __name__ == "__main__":
    sys.exit(main())
