"""What `augment.fit` buys where pictures are no squares: `python -m benchmarks.shapes`.

The demo's cells are squares, so strips are cut out of them, of any proportions up to 1:3, lying or
standing, each picture's own. All arms get the same strips. A logistic regression on the embeddings
of the preset's network (pooled by maximum, as the preset does) is judged by modules that it has not
seen; its penalty is the same for all.
"""

import argparse
from pathlib import Path
from typing import get_args

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.embedded import SIZE_PX, embed_pictures, settings_of
from benchmarks.first_steps import ingest
from components.common.artifacts.dataset import Dataset
from components.common.files import new_folder
from components.common.pictures.decode import Pixels, decode, resize
from components.common.pictures.fit import Fit
from components.common.seeding import generator
from components.common.statistics.figures import Scored
from components.common.statistics.intervals import estimates

_WORK = Path(".graft") / "shapes"
_MOST = 3.0


def strip(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a part of a picture whose sides differ by up to three times."""
    height, width, _ = pixels.shape
    ratio, place, lying = rng.uniform(1, _MOST), rng.random(), rng.random() < 0.5
    if lying:
        rows = round(height / ratio)
        top = round(place * (height - rows))
        return pixels[top : top + rows]
    columns = round(width / ratio)
    left = round(place * (width - columns))
    return pixels[:, left : left + columns]


def main() -> None:
    """Measure and print the table."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=900)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    run = settings_of(Path("data/elpv"), pooling="max")
    if not _WORK.exists():
        with new_folder(_WORK) as partial:
            ingest(out=partial, settings=run.ingest)
    dataset = Dataset.read(_WORK)
    rng = generator(asked.seed, "shapes")
    rows = dataset.manifest.iloc[np.sort(rng.permutation(len(dataset.manifest))[: asked.pictures])]
    strips = [strip(decode(dataset.picture(path), name=path), rng) for path in rows["path"]]
    targets = dataset.targets(rows)
    groups = rows["group"].astype(str).tolist()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=1000))
    table = Table("fit", "ROC-AUC", "95 % interval by modules")
    for fit in get_args(Fit):
        square = [resize(one, SIZE_PX, fit=fit) for one in strips]
        embeddings = embed_pictures(square, run=run, activity=f"embedding, {fit}")
        folds = GroupKFold(5)
        found = cross_val_predict(
            model, embeddings, targets, groups=groups, cv=folds, method="predict_proba"
        )
        scored = Scored(targets, found.argmax(axis=1), found, positive=1)
        (auc,) = estimates(("roc_auc",), scored, groups)
        table.add_row(fit, f"{100 * auc.value:.1f}", f"{100 * auc.low:.1f} to {100 * auc.high:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
