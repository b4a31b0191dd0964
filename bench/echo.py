"""The floor: a bare aiohttp server that parses JSON and sends it back."""

import sys

from aiohttp import web


async def echo(request: web.Request) -> web.Response:
    """The body back, as JSON."""
    return web.json_response(await request.json(), status=201)


async def ping(request: web.Request) -> web.Response:
    """The shortest answer there is."""
    return web.Response(text="ok")


def main() -> None:
    """Serve on the port given."""
    app = web.Application()
    app.add_routes([web.post("/echo", echo), web.get("/ping", ping)])
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
