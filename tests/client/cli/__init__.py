"""The `andon` command."""
