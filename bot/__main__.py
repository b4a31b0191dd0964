"""`python -m bot`: the same as `andon-server`."""

from bot.garbage import loading

with loading():
    from bot.cli import app

if __name__ == "__main__":
    app()
