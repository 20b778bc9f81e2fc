"""Fine-tuning time beside what a user would run instead, at equal arms: seconds and quality.

    python -m benchmarks.finetune_speed --results DIR [--epochs 10 30] [--seeds 5] [--arms ...]

- `graft-*`: the default gradient method (LP-FT) from an empty activation cache.
- `probe-*`: what Graft does where nothing else is asked for, the frozen probe, from an empty cache:
  beside the goals, for it trains the head alone and knows no epochs.
- `keras-*`: Keras `fit` on the whole network, augmentation as layers, for bfloat16 the policy
  `mixed_bfloat16`.
- `torch-*`: PyTorch and timm's `tf_efficientnet_lite2`, eager, channels last, autocast for
  bfloat16; not run where they are not installed (`pip install torch timm`).

All start from the same files and the same weights; all but the probe train the last third of the
demo's network (BatchNorm fixed, AdamW, batches of 32, the same rate, warm-up and cosine) on the
same split, stop early alike (`--patience`), and are scored in float32 on the same test pictures,
one view. The clock holds all that a user waits for: decoding, augmentation (views made before by
Graft, drawn again each epoch by the others), compiling, training, the validation loss after each
epoch.

A seed is one fold of `benchmarks.quality`, grouped by module. Every training runs in a process of
its own, one after the other: leave the machine alone meanwhile. `--results` keeps each finished
training, and the same command goes on where it stopped.
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.finetune_arms import REFERENCE, Job, Outcome
from benchmarks.first_steps import augment, ingest
from benchmarks.quality import Task, answers_frame, split_for_testing, splits
from benchmarks.quality_answers import KeptAnswers
from benchmarks.quality_figures import Row, difference_table, figures_table, value
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import link_tree
from components.common.artifacts.shards import Shards
from pipelines.config import TrainingRun, override, read_preset, resolve

ARMS: tuple[str, ...] = ("graft-float32", "graft-bfloat16", "keras-float32", "keras-bfloat16")
ARMS += ("torch-float32", "torch-bfloat16", "probe-float32", "probe-bfloat16")
_OURS = ("graft", "probe")
TARGETS = {10: 3.0, 30: 5.0}
TARGET_SMALL, SMALL = 2.0, 300
AUC_POINTS = 0.5
PREPARING = "decoding and augmenting"
_PHASE = "s: "


class Bench:
    """Deals out the pictures, trains, keeps what is finished."""

    def __init__(self, asked: argparse.Namespace, work: Path) -> None:
        self._asked = asked
        self._work = work
        self._settings = settings_of(asked.set)
        self._kept = KeptAnswers(asked.results or work / "results", self._settings)

    def row(self, arm: str, epochs: int, seed: int) -> Row:
        """Return one training, from the results where it is already there."""
        asked = self._asked
        name = f"{asked.pictures or 'all'}-{epochs}-{asked.patience}-{seed}-{arm}"
        answers = self._kept.read(name)
        if answers is None:
            answers = self._trained(arm, epochs, seed)
            self._kept.write(name, answers)
        return Row(f"{epochs} epochs", arm, seed, answers)

    def _trained(self, arm: str, epochs: int, seed: int) -> pd.DataFrame:
        library, _, precision = arm.partition("-")
        views = self._settings.augment.views if library in _OURS else 1
        root, preparing_s = self.shards(seed, views)
        job = Job(
            arm=library,
            precision=precision,
            epochs=epochs,
            seed=seed,
            shards=str(root),
            out=str(self._work / "logits.npy"),
            patience=self._asked.patience,
            changes=self._asked.set,
        )
        if library == "torch" and not (root / REFERENCE).exists():
            apart(dataclasses.replace(job, arm="reference"))
        outcome = apart(job)
        return _answers(Shards.read(root), np.load(job.out), outcome, preparing_s)

    def shards(self, seed: int, views: int) -> tuple[Path, float]:
        """Return the pictures of a seed with so many views, and the seconds that these took."""
        root = self._work / f"{seed}-{views}"
        seconds = root / "seconds"
        if not seconds.exists():
            dataset = self._dataset(seed)
            started = time.monotonic()
            changed = dataclasses.replace(self._settings.augment, views=views)
            augment(dataset, out=root / "shards", settings=changed)
            seconds.write_text(str(time.monotonic() - started))
        return root / "shards", float(seconds.read_text())

    def _dataset(self, seed: int) -> Path:
        ingested, out = self._work / "ingested", self._work / f"dataset-{seed}"
        if out.exists():
            return out
        if not ingested.exists():
            ingest(out=ingested, settings=self._settings.ingest)
        dataset = Dataset.read(ingested)
        dealt = splits(dataset.manifest, Task("grouped", seed, 0), self._settings)
        manifest = thinned(dataset.manifest.assign(split=dealt), self._asked.pictures, seed)
        link_tree(ingested / "pictures", out / "pictures")
        Dataset(out, dataset.info, manifest).write()
        return out


def thinned(manifest: pd.DataFrame, pictures: int, seed: int) -> pd.DataFrame:
    """Return a manifest with so many training pictures, 0 for all, and validation in proportion.

    Drawn by chance within each class; the test pictures stay as they are.
    """
    share = pictures / (manifest["split"] == "train").sum() if pictures else 1.0
    parts = [
        part if split == "test" else part.sample(frac=min(1.0, share), random_state=seed)
        for (split, _), part in manifest.groupby(["split", "label"])
    ]
    return pd.concat(parts).sort_index()


def settings_of(changes: list[str]) -> TrainingRun:
    """Return the demo's settings with the changes."""
    return resolve(override(read_preset("solar"), changes))


def apart(job: Job) -> Outcome:
    """Train once in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.finetune_arms",
        json.dumps(dataclasses.asdict(job)),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def _answers(
    shards: Shards, logits: np.ndarray, outcome: Outcome, preparing_s: float
) -> pd.DataFrame:
    positive = shards.info.classes.index(shards.info.positive)
    margin = logits[:, positive] - logits[:, 1 - positive]
    phases = {PREPARING: preparing_s, **outcome.phases_s}
    return answers_frame(split_for_testing(shards), margin, positive=positive).assign(
        seconds=sum(phases.values()),
        processor_s=outcome.processor_s,
        peak_gib=outcome.peak_memory_bytes / 2**30,
        trained_parameters=outcome.trained_parameters,
        note=outcome.note,
        **{_PHASE + phase: seconds for phase, seconds in phases.items()},
    )


def times_table(rows: list[Row], *, pictures: int) -> Table:
    """Return mean seconds, how many times those of the faster Graft arm, and equal quality."""
    drawn = Table(title="fine-tuning, means over seeds")
    for column in ("epochs", "arm", "seeds", "s", "times graft", "set out for", "processor s"):
        drawn.add_column(column)
    for column in ("ROC-AUC", "graft's is, points", "peak GiB"):
        drawn.add_column(column)
    for protocol in dict.fromkeys(row.protocol for row in rows):
        seconds = mean_seconds(rows, protocol)
        ours = min((arm for arm in seconds if arm.startswith("graft")), key=seconds.__getitem__)
        auc = {arm: mean_auc(rows, protocol, arm) for arm in seconds}
        rival = fastest_rival(rows, protocol)
        epochs = int(protocol.split()[0])
        target = TARGET_SMALL if 0 < pictures <= SMALL else TARGETS.get(epochs)
        for arm, mean_s in seconds.items():
            mine = [row for row in rows if (row.protocol, row.method) == (protocol, arm)]
            peak = max(float(row.answers["peak_gib"].iloc[0]) for row in mine)
            processor = statistics.mean(float(row.answers["processor_s"].iloc[0]) for row in mine)
            ratio = mean_s / seconds[ours]
            goal = f">= {target:g}: {'met' if ratio >= target else 'MISSED'}" if target else ""
            cells = [f"{mean_s:.1f}", f"{ratio:.2f}", goal if arm == rival else ""]
            cells.append(f"{processor:.0f}")
            cells += [f"{auc[arm]:.4f}", judged(100 * (auc[ours] - auc[arm])), f"{peak:.2f}"]
            drawn.add_row(str(epochs), arm, str(len(mine)), *cells)
    return drawn


def judged(gap: float) -> str:
    """Return a difference in points of ROC-AUC, and whether it counts as equal quality."""
    word = "within" if abs(gap) <= AUC_POINTS else "better" if gap > 0 else "WORSE"
    return f"{gap:+.2f} {word}"


def mean_auc(rows: list[Row], protocol: str, arm: str) -> float:
    """Return an arm's mean ROC-AUC over the seeds."""
    mine = [row.answers for row in rows if (row.protocol, row.method) == (protocol, arm)]
    return statistics.mean(value(answers, "roc_auc") for answers in mine)


def phases_table(rows: list[Row]) -> Table:
    """Return where the time went, means over seeds."""
    drawn = Table(title="seconds by phase, means over seeds")
    for column in ("epochs", "arm", "phase", "s"):
        drawn.add_column(column)
    for protocol, arm in dict.fromkeys((row.protocol, row.method) for row in rows):
        mine = [row.answers for row in rows if (row.protocol, row.method) == (protocol, arm)]
        for column in dict.fromkeys(str(name) for answers in mine for name in answers):
            if column.startswith(_PHASE):
                mean = statistics.mean(one[column].iloc[0] if column in one else 0 for one in mine)
                phase = column.removeprefix(_PHASE)
                drawn.add_row(protocol.split()[0], arm, phase, f"{mean:.1f}")
    return drawn


def mean_seconds(rows: list[Row], protocol: str) -> dict[str, float]:
    """Return each arm's mean seconds."""
    arms = dict.fromkeys(row.method for row in rows if row.protocol == protocol)
    return {
        arm: statistics.mean(
            float(row.answers["seconds"].iloc[0])
            for row in rows
            if (row.protocol, row.method) == (protocol, arm)
        )
        for arm in arms
    }


def fastest_rival(rows: list[Row], protocol: str) -> str:
    """Return the fastest arm that is not ours, "" without any."""
    seconds = mean_seconds(rows, protocol)
    rivals = [arm for arm in seconds if not arm.startswith(_OURS)]
    return min(rivals, key=seconds.__getitem__, default="")


def show(console: Console, rows: list[Row], *, pictures: int) -> None:
    """Print all tables; quality is compared with the fastest rival, epochs by epochs."""
    console.print(times_table(rows, pictures=pictures))
    console.print(phases_table(rows))
    console.print(figures_table(rows))
    for protocol in dict.fromkeys(row.protocol for row in rows):
        mine = [row for row in rows if row.protocol == protocol]
        rival = fastest_rival(mine, protocol)
        if rival:
            console.print(difference_table(mine, reference=rival))
    for row in rows:
        note = row.answers["note"].iloc[0]
        if isinstance(note, str) and note:
            console.print(f"{row.protocol}, {row.method}, seed {row.seed}: {note}")


def main() -> None:
    """Measure and print, a line for each finished training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, nargs="+", default=[10, 30])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--patience", type=int, default=0, help="early stopping, 0 for none")
    parser.add_argument("--pictures", type=int, default=0, help="to train on, 0 for all")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="as graft run")
    parser.add_argument("--results", type=Path, help="keep finished trainings here and resume")
    asked = parser.parse_args()
    console = Console(width=160)
    arms = asked.arms
    if not (find_spec("torch") and find_spec("timm")):
        arms = [arm for arm in arms if not arm.startswith("torch")]
        console.print(
            "torch-*: not run, PyTorch and timm are not installed: pip install torch timm"
        )
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as name:
        bench = Bench(asked, Path(name))
        for seed in range(asked.seeds):
            for epochs in asked.epochs:
                # In turns, another first each time: a machine that slows down slows all.
                first = seed % len(arms)
                for arm in (*arms[first:], *arms[:first]):
                    rows.append(bench.row(arm, epochs, seed))
                    console.print(f"{epochs} epochs, seed {seed}, {rows[-1]}")
    rows.sort(key=lambda row: (int(row.protocol.split()[0]), arms.index(row.method), row.seed))
    show(console, rows, pictures=asked.pictures)


if __name__ == "__main__":
    main()
