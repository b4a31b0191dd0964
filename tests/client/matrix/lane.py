"""Which lane of the client's proofs runs, and what they tell of themselves."""

import os

#: The full lane tries every failure at every way in.
FULL = os.environ.get("ANDON_CLIENT_LANE", "short") == "full"

#: Under which name a test's report carries its figures.
FIGURE = "figure of the client"
