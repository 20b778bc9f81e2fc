"""Import Apache Beam, an extra, without the noise it makes."""

import importlib
import logging
import warnings

from components.common.errors import ConfigError, expected


def import_beam() -> None:
    """Import Beam before any module that needs it.

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
            expected("Apache Beam", received=str(error), do="run: pip install 'graft[batch]'")
        ) from None
    finally:
        logging.disable(before)
