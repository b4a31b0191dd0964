"""The demo's workspace in a process of its own, for a server in HTTP mode."""

import asyncio
import socket
import sys
from pathlib import Path

import yaml

from bot.demo import cast
from bot.demo.workspace import serve

BOT_TOKEN, APP_TOKEN = "xoxb-of-the-benchmark", "xapp-of-the-benchmark"

#: The demo's workspace is joined over Socket Mode; its secret is as good as any here.
SIGNING_SECRET = "not used over Socket Mode"


async def main() -> None:
    """Serve on the port given, until ended."""
    manifest = yaml.safe_load((Path(__file__).parent.parent / "manifest.yml").read_text())
    workspace = cast.the_workspace(manifest, bot_token=BOT_TOKEN, app_token=APP_TOKEN)
    async with serve(workspace, listener=socket.create_server(("127.0.0.1", int(sys.argv[1])))):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
