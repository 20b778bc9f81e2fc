"""The paper's CNN: its head, its two stages, and what its training pictures look like."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.published_recipe import QUICK, Batches, Recipe, Regressor, build, fit
from components.common.errors import WeightsError
from components.networks.data import Split, TrainingData, none_of

pytestmark = pytest.mark.slow

SIZE_PX = 32
SEED = 0


def split(pictures: int) -> Split:
    """Noise; picture i has i in its first corner, and its probability grows with i."""
    rng = np.random.default_rng(SEED)
    pixels = rng.integers(100, 200, (pictures, SIZE_PX, SIZE_PX, 1)).astype(np.uint8)
    pixels[:, 0, 0, 0] = np.arange(pictures)
    probable = np.linspace(0, 1, pictures, dtype=np.float32)
    return Split(
        pixels=pixels,
        targets=np.stack([1 - probable, probable], axis=1),
        labels=(probable > 0.5).astype(np.int64),
        weights=np.ones(pictures, np.float32),
        groups=np.arange(pictures).astype(str).astype(object),
        paths=tuple(f"{i}.png" for i in range(pictures)),
        content_sha256="",
    )


def weights(regressor: Regressor) -> dict[str, list[npt.NDArray[Any]]]:
    whole = {layer.name: layer.get_weights() for layer in regressor.model.layers}
    return whole | {layer.name: layer.get_weights() for layer in regressor.backbone.layers}


def moved(recipe: Recipe) -> set[str]:
    """Which layers a training changes, by kind."""
    regressor = build(recipe, weights="none")
    before = weights(regressor)
    fit(
        regressor,
        TrainingData(split(6), split(4), ("a", "b"), none_of(split(6))),
        recipe,
        positive=1,
        seed=SEED,
    )
    after = weights(regressor)
    changed = {
        name
        for name, old in before.items()
        if any(not np.array_equal(a, b) for a, b in zip(old, after[name], strict=True))
    }
    inside = {layer.name for layer in regressor.backbone.layers}
    return {"backbone" if name in inside else name.split("_")[0] for name in changed} - {"vgg19"}


def test_it_is_the_network_of_the_paper() -> None:
    head = 512 * 4096 + 4096 + 4096 * 2048 + 2048 + 2048 + 1
    regressor = build(Recipe(), weights="none")
    assert regressor.model.input_shape == (None, 300, 300, 3)
    assert regressor.model.output_shape == (None, 1)
    assert regressor.model.count_params() == 20_024_384 + head


@pytest.mark.parametrize(
    ("stage", "changes"),
    [
        ({"head_epochs": 2, "all_epochs": 0}, {"dense"}),
        ({"head_epochs": 0, "all_epochs": 2}, {"dense", "backbone"}),
    ],
)
def test_the_head_is_trained_first_and_then_everything(
    stage: dict[str, int], changes: set[str]
) -> None:
    assert moved(Recipe(image_size_px=SIZE_PX, hidden=QUICK.hidden, **stage)) == changes


def test_an_epoch_has_every_picture_once_beside_its_own_probability() -> None:
    taken = split(10)
    batches = Batches(taken, taken.targets[:, 1], batch=4, seed=SEED)
    orders = []
    for _ in range(2):
        pixels, truth = zip(*(batches[step] for step in range(len(batches))), strict=True)
        assert [len(one) for one in pixels] == [4, 4, 2]
        # Whatever corner it was turned to, it is the least value of the picture.
        numbers = np.concatenate(pixels).min(axis=(1, 2, 3)).astype(int)
        assert sorted(numbers) == list(range(10))
        np.testing.assert_array_equal(np.concatenate(truth)[:, 0], taken.targets[numbers, 1])
        orders.append(numbers.tolist())
        batches.on_epoch_end()
    assert orders[0] != orders[1]


def test_pictures_come_in_all_eight_positions() -> None:
    taken = split(1)
    batches = Batches(taken, taken.targets[:, 1], batch=1, seed=SEED)
    assert len({batches[0][0].tobytes() for _ in range(100)}) == 8


def test_weights_that_are_not_there_are_one_clear_error() -> None:
    with pytest.raises(WeightsError, match=r"received 'nowhere\.h5', which is not a file"):
        build(QUICK, weights="nowhere.h5")
