"""Whether this machine computes convolutions faster in bfloat16."""

import logging
from pathlib import Path
from typing import Literal

import keras

from components.networks.accelerator import gpus
from components.networks.config import Precision

LOG = logging.getLogger(__name__)

_CPU_FACTS = Path("/proc/cpuinfo")
_DOT_PRODUCTS = {"avx512_bf16", "amx_bf16"}


def chosen(asked: Literal["auto", "float32", "bfloat16"]) -> Precision:
    """Return the precision for "auto": bfloat16 where it was measured to be faster.

    That is with TensorFlow on a processor with bfloat16 dot products. JAX has no fast bfloat16
    convolutions on processors. On a GPU it was never measured, and old cards have none: there
    "bfloat16" has to be asked for.
    """
    if asked != "auto":
        return asked
    on_processor = keras.backend.backend() == "tensorflow" and not gpus()
    pays = on_processor and _has_dot_products(_CPU_FACTS)
    precision: Precision = "bfloat16" if pays else "float32"
    LOG.info("convolutions in %s", precision)
    return precision


def _has_dot_products(facts: Path) -> bool:
    try:
        lines = facts.read_text().splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return bool(_DOT_PRODUCTS & set(flags.split()))
