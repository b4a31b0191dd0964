"""Which lane of the client's proofs runs."""

import os

#: The full lane tries every failure at every way in, and many more stories.
FULL = os.environ.get("ANDON_CLIENT_LANE", "short") == "full"
