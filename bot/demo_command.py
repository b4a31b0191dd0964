"""`andon-server demo`."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from bot.garbage import loading
from bot.settings import SettingsError

#: The usual port of the page; another is taken where it is not free.
PAGE_PORT = 8700


def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The page's port; another if it is taken.")
    ] = PAGE_PORT,
    folder: Annotated[Path, typer.Option(help="For records, keys and log.")] = Path(".demo"),
) -> None:
    """Show all of it in a browser, with no Slack workspace: ends with Ctrl-C."""
    try:
        asyncio.run(_until_stopped(port, folder))
    except TimeoutError:
        raise _failed(f"its parts did not find one another. The log is in {folder}.") from None
    except (SettingsError, OSError) as error:
        raise _failed(str(error)) from None


def _failed(why: str) -> typer.Exit:
    typer.echo(f"The demo could not start: {why}", err=True)
    return typer.Exit(3)


async def _until_stopped(port: int, folder: Path) -> None:
    with loading():  # a whole workspace too, which no other command needs
        from bot.demo_side import playing

    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with playing(folder, port=port) as demo:
        typer.echo(
            f"\n  Andon's demo:  {demo.url}\n\n"
            "  Open it in a browser. Three operations are held and wait for you.\n"
            f"  Ctrl-C ends it. Its records and log are in {demo.folder}.\n"
        )
        await stopping.wait()
        typer.echo("\n  Stopping.")
