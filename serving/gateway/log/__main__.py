"""`python -m serving.gateway.log`: see `worker`.

A module of its own, since a process that `multiprocessing` forks runs its parent's main module a
second time, unless that is called `__main__`.
"""

import logging
import os

from serving.gateway.log.worker import main

if __name__ == "__main__":
    main()
    logging.shutdown()
    # A thread that still waits for an embedding must not hold the end up.
    os._exit(0)
