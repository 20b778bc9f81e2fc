"""Whether this machine computes convolutions faster in bfloat16."""

import logging
from pathlib import Path
from typing import Literal

import keras

from components.train.accelerator import gpus
from components.train.folding import Precision

LOG = logging.getLogger(__name__)

_CPU_FACTS = Path("/proc/cpuinfo")
_DOT_PRODUCTS = {"avx512_bf16", "amx_bf16"}


def chosen(asked: Literal["auto", "float32", "bfloat16"]) -> Precision:
    """Return the precision for "auto": bfloat16 where it is faster.

    That is on a GPU (by what its makers say), and with TensorFlow on a processor with bfloat16 dot
    products (measured). JAX has no fast bfloat16 convolutions on processors.
    """
    if asked != "auto":
        return asked
    on_tensorflow = keras.backend.backend() == "tensorflow"
    pays = bool(gpus()) or (on_tensorflow and _has_dot_products(_CPU_FACTS))
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
