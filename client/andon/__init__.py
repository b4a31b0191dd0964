"""The client of Andon: ask people before a dangerous operation, and run it only when released."""
