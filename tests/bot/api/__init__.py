"""The webhook and polling API, over real HTTP on loopback."""
