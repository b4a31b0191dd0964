"""`python -m andon`: the command, where it is not installed."""

import sys

from andon.cli import main

if __name__ == "__main__":
    sys.exit(main())
