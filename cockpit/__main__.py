"""`python -m cockpit`: the same program as the console script."""

import sys

from cockpit.cli import main

if __name__ == "__main__":
    sys.exit(main())
