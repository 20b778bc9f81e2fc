"""Import TensorFlow without the libraries that serving has no use for.

`import tensorflow` ends by importing Keras, which pulls in scikit-learn, pandas, Matplotlib and
SciPy where they are installed: half of the start-up time and 150 MB. TensorFlow itself treats a
missing Keras, h5py or SciPy as normal, so they are hidden while it is imported, and only then.
"""

import os
import sys
from pathlib import Path
from typing import Any

_HIDDEN = ("keras", "tf_keras", "h5py", "scipy", "pandas", "matplotlib", "sklearn", "PIL")


def import_tensorflow() -> Any:
    """Import TensorFlow, quietly, and return the module; later calls cost nothing."""
    if "tensorflow" in sys.modules:
        return sys.modules["tensorflow"]
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    hidden = [name for name in _HIDDEN if name not in sys.modules]
    for name in hidden:
        # None makes `import name` raise ImportError (the language reference, 5.3.1).
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import tensorflow
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


def run_first_session(config: Any) -> None:
    """Run an empty graph, so that what TensorFlow says once, past every log level, goes unheard.

    Args:
        config: the ConfigProto of the sessions that follow: the first one sizes the thread pools of
            all. No GPU is touched.
    """
    import tensorflow

    without_gpu = type(config)()
    without_gpu.CopyFrom(config)
    without_gpu.device_count["GPU"] = 0
    kept = os.dup(2)
    try:
        # C++ writes to the descriptor, not to sys.stderr.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        with (
            tensorflow.Graph().as_default(),
            tensorflow.compat.v1.Session(config=without_gpu) as one,
        ):
            one.run(tensorflow.constant(0))
    finally:
        os.dup2(kept, 2)
        os.close(kept)
