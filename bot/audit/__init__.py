"""The commands of an auditor: `audit verify` and what stands beside it, each in a file of its own.

They read the store beside a running server, or the file of a stopped one.
"""

import typer

from bot.audit.verify import verify

audit = typer.Typer(help="Check, show and hand out what happened.", no_args_is_help=True)
audit.command("verify")(verify)

__all__ = ["audit"]
