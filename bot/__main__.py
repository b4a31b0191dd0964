"""`python -m bot`: the same as `andon-server`."""

from bot.cli import app

if __name__ == "__main__":
    app()
