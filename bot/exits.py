"""How commands end: 0 fine, 1 a finding, 2 usage, 3 could not be done."""

import typer

FINDING, USAGE, NOT_DONE = 1, 2, 3


def fail(message: str, code: int = NOT_DONE) -> typer.Exit:
    """Say why on standard error; gives the exit to raise."""
    typer.echo(message, err=True)
    return typer.Exit(code)
