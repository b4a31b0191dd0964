"""The fake for services' own tests, and its plugin."""
