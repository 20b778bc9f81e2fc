"""`python -m serving.server`: a model server that speaks TF Serving's APIs.

Ready when its ports are open: they open only after the first load, as in the original.
"""

import logging
import os
import sys
from collections.abc import Sequence

from components.common.errors import ConfigError, GraftError
from serving.protocol.status import Code, StatusError
from serving.server.flags import Flags, check_flags, parse_flags, usage

_LOG = logging.getLogger(__name__)

_START_FAILURE = 255


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; return the exit status (0 after a drain, 255 when it cannot start)."""
    flags = _read_flags(sys.argv[1:] if arguments is None else list(arguments))
    if isinstance(flags, int):
        return flags
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    try:
        check_flags(flags)
        _serve(flags)
    except GraftError as error:
        code = error.code if isinstance(error, StatusError) else Code.INVALID_ARGUMENT
        _LOG.error("Failed to start server. Error: %s: %s", code.name, error)
        return _START_FAILURE
    return 0


def _serve(flags: Flags) -> None:
    from serving.server.graph.light_tensorflow import import_tensorflow

    # Before anything that imports it in the ordinary, slower way.
    import_tensorflow()
    from serving.server.process import Server

    Server(flags).run()


def _read_flags(arguments: list[str]) -> Flags | int:
    """Return the flags, or the exit status when there is nothing to serve."""
    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(usage())
        return 0
    try:
        parsed = parse_flags(arguments)
    except ConfigError as error:
        sys.stdout.write(f"{error}\n{usage()}")
        return _START_FAILURE
    flags = parsed.flags
    if flags.version:
        sys.stdout.write("graft model server, TensorFlow Serving API 2.20\n")
        return 0
    if not flags.model_base_path and not flags.model_config_file:
        sys.stdout.write(usage())
        return _START_FAILURE
    if parsed.unknown:
        # The original says so and goes on.
        sys.stdout.write(f"unknown argument: {parsed.unknown[0]}\n{usage()}")
    sys.stdout.flush()
    return flags


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    # TensorFlow's threads outlive the interpreter's teardown badly; nothing is left to save.
    os._exit(status)
