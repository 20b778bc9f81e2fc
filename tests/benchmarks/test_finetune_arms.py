"""Every arm trains the same part of the same network on tiny pictures, and answers."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tiny_shards import write_tiny_shards

from benchmarks.finetune_arms import REFERENCE, Job, run

pytestmark = pytest.mark.slow

TINY = ["train.weights=none", "augment.image_size_px=32"]


# The blocks after the cut, and the head.
TRAINED = 2_865_842


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shards")
    write_tiny_shards(root)
    return root


@pytest.fixture
def job(shards: Path, tmp_path: Path) -> Job:
    return Job(
        arm="graft",
        precision="float32",
        epochs=2,
        seed=0,
        shards=str(shards),
        out=str(tmp_path / "logits.npy"),
        changes=TINY,
    )


@pytest.mark.parametrize(("arm", "precision"), [("graft", "float32"), ("keras", "bfloat16")])
def test_an_arm_trains_the_last_third_and_answers(job: Job, arm: str, precision: str) -> None:
    outcome = run(dataclasses.replace(job, arm=arm, precision=precision))
    assert np.isfinite(np.load(job.out)).all()
    assert np.load(job.out).shape == (4, 2)
    assert outcome.trained_parameters == TRAINED
    wanted = {"graft": "fine-tuning", "keras": "fit"}[arm]
    assert outcome.phases_s[wanted] > 0
    assert outcome.processor_s > 0
    assert outcome.peak_memory_bytes > 0


def test_the_default_fits_the_head_alone_whatever_the_epochs(job: Job) -> None:
    outcome = run(dataclasses.replace(job, arm="probe", epochs=30))
    assert np.isfinite(np.load(job.out)).all()
    assert 0 < outcome.trained_parameters < TRAINED / 100
    assert "fine-tuning" not in outcome.phases_s


def test_timm_computes_what_we_compute_and_trains_the_same_part(job: Job) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("timm")
    from benchmarks.finetune_torch import augmented, same_network, share

    run(dataclasses.replace(job, arm="reference"))
    reference = Path(job.shards) / REFERENCE
    outcome = run(dataclasses.replace(job, arm="torch", precision="bfloat16", patience=1))
    assert np.isfinite(np.load(job.out)).all()
    assert outcome.trained_parameters == TRAINED
    kept = dict(np.load(reference))
    np.savez(reference, **kept | {"answers": kept["answers"] + 0.01})
    with pytest.raises(ValueError, match="expected timm's logits within"):
        same_network(reference)

    assert [round(share(step, 100), 3) for step in (0, 5, 10, 55, 100)] == [0, 0.5, 1, 0.5, 0]
    pixels = torch.arange(0, 256).float().reshape(1, 1, 16, 16).repeat(8, 1, 1, 1)
    seen = augmented(pixels)
    assert seen.shape == pixels.shape
    assert 0 <= seen.min() <= seen.max() <= 255
    assert len({tuple(one.flatten().tolist()) for one in seen}) == 8
