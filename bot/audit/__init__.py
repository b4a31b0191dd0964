"""The commands of an auditor: `audit verify` and what stands beside it, each in a file of its own.

They read the store beside a running server, or the file of a stopped one.
"""

import typer

from bot.audit.erase import erase
from bot.audit.export import export
from bot.audit.show import show
from bot.audit.verify import verify

audit = typer.Typer(help="Check, show, hand out and erase what happened.", no_args_is_help=True)
audit.command("verify")(verify)
audit.command("show")(show)
audit.command("export")(export)
audit.command("erase")(erase)

__all__ = ["audit"]
