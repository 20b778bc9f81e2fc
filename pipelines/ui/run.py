"""The console's process: open the port, serve until stopped."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from aiohttp import web

from components.common.errors import ServerError
from pipelines.ui.app import create_app
from pipelines.ui.settings import UiSettings


def run(settings: UiSettings, *, ready: Callable[[], object]) -> None:
    """Serve the console until SIGTERM or SIGINT; call `ready` once it answers.

    Raises:
        ConfigError: it would listen to other machines without a token.
        ServerError: the port is taken.
    """
    asyncio.run(_serve(settings, ready))


async def _serve(settings: UiSettings, ready: Callable[[], object]) -> None:
    runner = web.AppRunner(create_app(settings), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            raise ServerError(
                f"port {settings.port} of {settings.host} to be free",
                received=f"'{error.strerror or error}'",
                do="end what listens there, or choose another --port",
            ) from None
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        ready()
        await stop.wait()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await runner.cleanup()
