"""The process that looks at a picture, from the console's side."""

import asyncio
import contextlib
import sys

from components.common import config
from components.common.errors import GraftError
from components.common.pictures.header import check_size
from pipelines.ui.try_out.asking import TIMEOUT_S, Opinion, TryRequest

_LIMIT_S = 2 * TIMEOUT_S + 10.0


async def ask(data: bytes, request: TryRequest) -> Opinion:
    """Return what the model says of an encoded picture; what goes wrong is in `problem`."""
    try:
        check_size(data)  # by the header: at once, without a process
    except GraftError as error:
        return Opinion(problem=str(error))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "pipelines.ui.try_out.asking",
        config.to_json(request),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_LIMIT_S):
            said, _ = await process.communicate(data)
        return config.from_json(Opinion, said.decode())
    except (TimeoutError, ValueError):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        code = await process.wait()
        problem = GraftError(
            "an answer about this picture",
            received=f"none: the process that looked at it ended with code {code}",
            do="try another picture",
        )
        return Opinion(problem=str(problem))
    finally:
        # Also when the browser has gone meanwhile.
        with contextlib.suppress(ProcessLookupError):
            process.kill()
