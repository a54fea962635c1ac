"""`python -m app` opens the application; with arguments it is the command line."""

import sys

from app.cli import main

if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.argv.append("serve")
    main()
