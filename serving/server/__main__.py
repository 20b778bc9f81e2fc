"""`python -m serving.server`: see the package."""

import logging
import os
import sys
from collections.abc import Sequence

from components.common.errors import GraftError
from serving.protocol.status import Code, StatusError
from serving.server.flags import parse_flags

_LOG = logging.getLogger(__name__)

_START_FAILURE = 255


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; return the exit status (0 after a drain, 255 when it cannot start)."""
    flags = parse_flags(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    from serving.server.graph.light_tensorflow import import_tensorflow

    # Before anything that imports it in the ordinary, slower way.
    import_tensorflow()
    from serving.server.process import Server

    try:
        Server(flags).run()
    except GraftError as error:
        code = error.code if isinstance(error, StatusError) else Code.INVALID_ARGUMENT
        _LOG.error("Failed to start server. Error: %s: %s", code.name, error)
        return _START_FAILURE
    return 0


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    # TensorFlow's threads outlive the interpreter's teardown badly; nothing is left to save.
    os._exit(status)
