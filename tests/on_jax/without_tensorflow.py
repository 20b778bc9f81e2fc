"""Train on JAX where there is no TensorFlow: SHARDS OUT. Run by test_on_jax.py."""

import sys
from pathlib import Path
from typing import Any


class NoTensorFlow:
    """An import hook: TensorFlow is not installed, and not even asked for."""

    asked: list[str] = []  # noqa: RUF012

    def find_spec(self, name: str, *_: Any) -> None:
        if name.partition(".")[0] in {"tensorflow", "tf_keras"}:
            self.asked.append(name)
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def main() -> None:
    shards, out = Path(sys.argv[1]), Path(sys.argv[2])
    sys.meta_path.insert(0, NoTensorFlow())  # type: ignore[arg-type]
    from components.networks.accelerator import prepare
    from components.train.config import TrainConfig

    settings = TrainConfig(
        backbone="mobilenet_v2/0.35",
        weights="none",
        method="linear_probe_finetune",
        options={"epochs": 2},
        backend="jax",
    )
    prepare(settings)
    from components.train.fit import train

    assert not NoTensorFlow.asked, NoTensorFlow.asked
    train(shards, out=out, settings=settings, cache_dir="")


if __name__ == "__main__":
    main()
