"""The matrix: who may do what, and when, reckoned apart from the core, and every door tried."""
