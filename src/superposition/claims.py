"""`python -m superposition.claims` runs the ledger; its room is `superposition.ledger`."""

import sys

from superposition.ledger.claims import main

if __name__ == "__main__":
    sys.exit(main())
