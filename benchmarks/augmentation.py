"""What a view costs, whether it is plausible, and whether what `policy: auto` chooses pays.

    python -m benchmarks.augmentation speed [--only crop]  # on the demo's pictures, one thread
    python -m benchmarks.augmentation auto     # what it measures and chooses on the demo
    python -m benchmarks.augmentation arms     # a probe on test modules, by policy

Modules of the demo are dealt out, three tenths to test. `auto` chooses by the others' pictures. In
`arms` a probe is fitted on their originals and views and asked about test originals.
"""

import argparse
import dataclasses
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.digit_arrays import interval
from benchmarks.embedded import SIZE_PX, WORK, embedded_folder, settings_of
from components.augment.automatic import choose, named
from components.augment.sample import read_some
from components.common import plugins
from components.common.artifacts.dataset import Dataset
from components.common.augmentation.composition import POLICIES, Composition, PolicyItem, parsed
from components.common.augmentation.plausibility import plausibility
from components.common.pictures.decode import decode, resize
from components.common.statistics.figures import measure
from components.common.statistics.temperature import softmax
from components.networks import network
from components.networks.data import Split
from components.networks.fast.precision import chosen
from components.networks.features.embedding import embed_pictures, embedder
from components.networks.probe.probe import fit_probe
from components.networks.rows import Floats
from pipelines.config import TrainingRun

DEMO = Path("data/elpv")
_TIMED_S = 1.0
_PLAUSIBLE = 48
_VIEWS = 3
_TEST_SHARE = 0.3


def speed(only: list[str]) -> Iterator[str]:
    """Yield a row a policy: views a second in colour, share of implausible views of the demo."""
    run, dataset = _demo()
    originals = read_some(dataset, run.augment, count=_PLAUSIBLE).originals
    coloured = [np.repeat(pixels, 3, axis=2) for _, pixels in originals]
    yield "| policy | views/s | implausible | by their |"
    for name in only or plugins.names(POLICIES):
        composition = Composition.of([PolicyItem(name=name)], seed=0)
        composition.view(coloured[0], sha256="", number=1)
        begun, made = time.perf_counter(), 0
        while (taken_s := time.perf_counter() - begun) < _TIMED_S:
            composition.view(coloured[made % len(coloured)], sha256=str(made), number=1)
            made += 1
        (look,) = plausibility(originals, composition)
        yield f"| `{name}` | {made / taken_s:.0f} | {look.outside:.0%} | {look.fact} |"


def auto(*, budget: int, seed: int) -> Iterator[str]:
    """Yield what is measured and chosen without the test modules of a deal."""
    run, dataset = _demo()
    groups = dataset.manifest["group"].to_numpy(dtype=str)
    asked = dataclasses.replace(
        run.augment, seed=seed, auto=dataclasses.replace(run.augment.auto, budget=budget)
    )
    found = choose(_only(dataset, ~_held_out(groups, seed)), asked)
    for test in found.mirrors:
        auc = test.roc_auc
        yield f"{test.mirror}: {auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})"
    for one in found.gains:
        gain = one.gain
        yield f"{named(one.policy)}: {gain.value:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
    yield f"seed {seed}: chosen by {found.pictures} pictures: {named(found.policy)}"


def arms(*, seeds: int) -> Iterator[str]:
    """Yield a row a policy: the mean test ROC-AUC over deals, and its difference to `none`."""
    run, dataset = _demo()
    probes = _Arms(run, dataset)
    mirrored = {True: "flips, both", False: "flips, left-right"}
    policies = {"none": parsed("none")} | {
        name: (PolicyItem(name="flips", options={"up_down": both}),)
        for both, name in mirrored.items()
    }
    policies["default"] = parsed("flips_shifts_light")
    plain = np.zeros(seeds)
    yield "| policy | ROC-AUC | minus none |"
    for name, policy in policies.items():
        found = np.array(
            [probes.test_roc_auc(policy, _held_out(probes.groups, seed)) for seed in range(seeds)]
        )
        plain = found if name == "none" else plain
        mean, low, high = interval(found - plain)
        yield f"| {name} | {found.mean():.4f} | {mean:+.2f} ({low:+.2f} to {high:+.2f}) |"


def _held_out(groups: np.ndarray, seed: int) -> np.ndarray:
    modules = np.random.default_rng(seed).permutation(np.unique(groups))
    return np.isin(groups, modules[: round(_TEST_SHARE * len(modules))])


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
            kept = WORK / "augmentation" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
            if not kept.exists():
                composition = Composition.of(policy, seed=0)
                views = [
                    composition.view(pixels, sha256=sha256, number=number)
                    for sha256, pixels in self._pictures
                ]
                activity = f"{named(policy)} {number}"
                found = embed_pictures(self._whole, views, activity=activity)
                kept.parent.mkdir(exist_ok=True)
                np.save(kept, found)
            self._known[key] = np.load(kept)
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
    parser.add_argument("what", choices=("speed", "auto", "arms"))
    parser.add_argument("--seeds", type=int, default=5, help="deals of arms")
    parser.add_argument("--seed", type=int, default=0, help="the deal of auto")
    parser.add_argument("--budget", type=int, default=6000)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    rows = {
        "speed": lambda: speed(given.only),
        "auto": lambda: auto(budget=given.budget, seed=given.seed),
        "arms": lambda: arms(seeds=given.seeds),
    }[given.what]()
    for row in rows:
        print(row, flush=True)


if __name__ == "__main__":
    main()
