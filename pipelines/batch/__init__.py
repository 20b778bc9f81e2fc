"""Batch prediction: an Apache Beam pipeline over the exported model.

The pictures are cut into parts of a thousand. A worker reads a part, asks the model, and writes
the part's answers as one Parquet file, atomically. So pictures never travel between workers,
memory does not grow with their number, and a run that was stopped goes on with the parts that
have no file yet.
"""

import importlib
import logging
import warnings

from components.common.errors import ConfigError


def import_beam() -> None:
    """Import Beam, an extra, before any module that needs it.

    It warns of Google's optional clients each time, which is of no use here.

    Raises:
        ConfigError: it is not installed.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("apache_beam")
    except ImportError as error:
        raise ConfigError(
            "Apache Beam installed",
            received=str(error),
            do="run 'make install-dev', or: pip install 'graft-vision[batch]'",
        ) from None
    finally:
        logging.disable(before)
