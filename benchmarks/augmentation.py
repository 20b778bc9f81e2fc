"""What a view costs, whether it is plausible, and whether what `policy: auto` chooses pays.

    python -m benchmarks.augmentation speed    # every policy on the demo's pictures, one thread
    python -m benchmarks.augmentation auto     # a probe on test modules: none, default, auto

`auto`: modules of the demo are dealt out, three tenths to test. The policy is chosen by pictures of
the others alone. A probe is fitted on their originals and views and asked about test originals.
"""

import argparse
import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.embedded import SIZE_PX, WORK, embedded_folder, settings_of
from components.augment.automatic import choose, named
from components.augment.sample import read_some
from components.common import plugins
from components.common.artifacts.dataset import Dataset
from components.common.augmentation.composition import (
    POLICIES,
    Composition,
    PolicyItem,
    parsed,
)
from components.common.augmentation.plausibility import plausibility
from components.common.pictures.decode import decode, resize
from components.common.statistics.figures import measure
from components.common.statistics.temperature import softmax
from components.networks import network
from components.networks.data import Floats, Split
from components.networks.fast.precision import chosen
from components.networks.features.embedding import embed_pictures, embedder
from components.networks.probe.probe import fit_probe
from pipelines.config import TrainingRun

DEMO = Path("data/elpv")
_TIMED_S = 2.0
_VIEWS = 3
_TEST_SHARE = 0.3


def speed() -> Iterator[str]:
    """Yield a row a policy: views a second in colour, share of implausible views of the demo."""
    run, dataset = _demo()
    originals = read_some(dataset, run.augment, count=128).originals
    coloured = [np.repeat(pixels, 3, axis=2) for _, pixels in originals]
    yield "| policy | views/s | implausible | by their |"
    for name in plugins.names(POLICIES):
        composition = Composition.of([PolicyItem(name=name)], seed=0)
        composition.view(coloured[0], sha256="", number=1)
        begun, made = time.perf_counter(), 0
        while (taken_s := time.perf_counter() - begun) < _TIMED_S:
            composition.view(coloured[made % len(coloured)], sha256=str(made), number=1)
            made += 1
        (look,) = plausibility(originals, composition)
        yield f"| `{name}` | {made / taken_s:.0f} | {look.outside:.0%} | {look.fact} |"


def auto(*, seeds: int, budget: int) -> Iterator[str]:
    """Yield what is chosen of each deal, and a row an arm of test ROC-AUC."""
    run, dataset = _demo()
    arms = _Arms(run, dataset)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        modules = rng.permutation(np.unique(arms.groups))
        held_out = np.isin(arms.groups, modules[: round(_TEST_SHARE * len(modules))])
        asked = dataclasses.replace(
            run.augment, seed=seed, auto=dataclasses.replace(run.augment.auto, budget=budget)
        )
        found = choose(_only(dataset, ~held_out), asked)
        for test in found.mirrors:
            auc = test.roc_auc
            yield f"{test.mirror}: {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})"
        for one in found.gains:
            gain = one.gain
            yield f"{named(one.policy)}: {gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
        yield f"chosen by {found.pictures} pictures: {named(found.policy)}"
        choices = {"none": parsed("none"), "default": parsed("flips_shifts_light")}
        choices["left-right"] = (PolicyItem(name="flips", options={"up_down": False}),)
        choices["auto"] = found.policy
        for name, policy in choices.items():
            yield f"seed {seed} | {name} | {arms.test_roc_auc(policy, held_out):.4f} |"


class _Arms:
    """Embeddings of all pictures by policy and view, and probes on them."""

    def __init__(self, run: TrainingRun, dataset: Dataset) -> None:
        known = embedded_folder(DEMO, pooling=run.train.pooling)
        rows = dataset.manifest
        self.groups = known.groups
        self._labels = (known.labels == dataset.info.positive).astype(np.int64)
        self._pictures = [
            (sha256, resize(decode(dataset.picture(path), name=path), SIZE_PX))
            for path, sha256 in zip(rows["path"], rows["sha256"], strict=True)
        ]
        built = network.build(run.train, image_size_px=SIZE_PX, classes=2)
        self._whole = embedder(built, precision=chosen(run.train.precision))
        plain = (PolicyItem(name="none"),)
        self._known: dict[str, Floats] = {str((plain, 0)): known.embeddings}

    def test_roc_auc(self, policy: tuple[PolicyItem, ...], held_out: np.ndarray) -> float:
        plain = self._view(parsed("none"), 0)
        views = [] if policy == parsed("none") else range(1, 1 + _VIEWS)
        features = [plain, *(self._view(policy, number) for number in views)]
        known = np.flatnonzero(~held_out)
        split = Split(
            pixels=np.empty((len(known), 0), np.uint8),
            targets=np.eye(2, dtype=np.float32)[self._labels[known]],
            labels=self._labels[known],
            weights=np.ones(len(known), np.float32),
            groups=self.groups[known],
            paths=(),
            content_sha256="",
        )
        rows = np.concatenate([one[known] for one in features])
        probe = fit_probe(rows, split, strength=0.0, seed=0)
        return measure("roc_auc", self._labels[held_out], softmax(probe.logits(plain[held_out])))

    def _view(self, policy: tuple[PolicyItem, ...], number: int) -> Floats:
        key = str((policy, number))
        if key not in self._known:
            composition = Composition.of(policy, seed=0)
            views = [
                composition.view(pixels, sha256=sha256, number=number)
                for sha256, pixels in self._pictures
            ]
            activity = f"{named(policy)} {number}"
            self._known[key] = embed_pictures(self._whole, views, activity=activity)
        return self._known[key]


def _demo() -> tuple[TrainingRun, Dataset]:
    run = settings_of(DEMO, pooling="max")
    embedded_folder(DEMO, pooling=run.train.pooling)
    auto_network = dataclasses.asdict(run.augment.auto) | {
        name: getattr(run.train, name) for name in ("backbone", "weights", "pooling", "precision")
    }
    augment = dataclasses.replace(
        run.augment, auto=type(run.augment.auto)(**auto_network), policy="auto"
    )
    dataset = Dataset.read(WORK / "elpv-max" / "dataset")
    return dataclasses.replace(run, augment=augment), _only(
        dataset, np.ones(len(dataset.manifest), bool)
    )


def _only(dataset: Dataset, mine: np.ndarray) -> Dataset:
    return dataclasses.replace(
        dataset, manifest=dataset.manifest[mine].assign(split="train").reset_index(drop=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "auto"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budget", type=int, default=6000)
    given = parser.parse_args()
    rows = speed() if given.what == "speed" else auto(seeds=given.seeds, budget=given.budget)
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    main()
