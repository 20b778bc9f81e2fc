"""Eight ways in which tasks share layers, in ordinary Keras layers on top of the embedding.

Every way has two hidden layers of `width` and a linear head a task; they differ in what the layers
of one task see of the others'. Mixing matrices are Dense layers without a bias on the last axis of
[N, width, columns], so that nothing of it needs a class of its own when the network is loaded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import layers

_SAME, _ACROSS = 0.9, 0.1  # where cross-stitch and sluice begin: mostly one's own column
_TOGETHER = 0.6  # tasks that are easy and hard on the same pictures this often share a branch


@dataclass
class Trunk:
    """What is built on one embedding: `hidden` is what each task's head reads.

    made: the hidden layers; apart: pairs of them that are to see different things (sluice).
    stitches: the mixing matrices.
    """

    x: Any
    tasks: int
    width: int
    dropout: float
    affinity: npt.NDArray[np.float64]
    hidden: list[Any] = field(default_factory=list)
    made: list[Any] = field(default_factory=list)
    apart: list[tuple[Any, ...]] = field(default_factory=list)
    stitches: list[Any] = field(default_factory=list)

    def layer(self, x: Any, width: int = 0) -> Any:
        """Return one hidden layer on x."""
        self.made.append(layers.Dense(width or self.width, activation="gelu"))
        return layers.Dropout(self.dropout)(self.made[-1](x))

    def stitched(self, columns: Sequence[Any]) -> list[Any]:
        """Return as many mixtures, each mostly its own column at the start."""
        count = len(columns)
        across = _ACROSS / max(1, count - 1)
        return self.mixed(columns, across + (_SAME - across) * np.eye(count))

    def mixed(self, columns: Sequence[Any], start: Any) -> list[Any]:
        """Return linear mixtures of columns [N, width]; learning starts at [columns, mixtures]."""
        matrix = np.asarray(start, np.float32)
        raised = [layers.Reshape((column.shape[-1], 1))(column) for column in columns]
        joined = layers.Concatenate()(raised) if len(raised) > 1 else raised[0]
        stitch = layers.Dense(matrix.shape[1], use_bias=False)
        turned = layers.Permute((2, 1))(stitch(joined))
        stitch.set_weights([matrix])
        self.stitches.append(stitch)
        ends = [(at, matrix.shape[1] - 1 - at) for at in range(matrix.shape[1])]
        return [layers.Flatten()(layers.Cropping1D(end)(turned)) for end in ends]


def build_trunk(
    sharing: str, x: Any, *, tasks: int, width: int, dropout: float, affinity: Any
) -> Trunk:
    """Return the hidden layers of a way to share.

    Args:
        sharing: a key of SHARINGS.
        x: symbolic standardised embedding, [N, D].
        tasks: how many; the first one is the class.
        width: of each hidden layer.
        dropout: behind each hidden layer.
        affinity: [tasks, tasks], see `affinity_of`; only adaptive sharing looks at it.
    """
    trunk = Trunk(x, tasks, width, dropout, affinity)
    trunk.hidden = SHARINGS[sharing](trunk)
    return trunk


def affinity_of(losses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how often two tasks are both easy or both hard, in [0, 1] (Lu 2017, section 3.3).

    Args:
        losses: [N, tasks] of single-task models, NaN without a label; hard is above the median.
    """
    hard = np.where(np.isnan(losses), np.nan, losses > np.nanmedian(losses, axis=0))
    both = hard[:, :, None] == hard[:, None, :]
    known = ~np.isnan(hard[:, :, None] + hard[:, None, :])
    found: npt.NDArray[np.float64] = (both & known).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return found


def _hard(trunk: Trunk) -> list[Any]:
    """One trunk for all (Caruana 1997); with learnt weights of the losses also `uncertainty`."""
    return [trunk.layer(trunk.layer(trunk.x))] * trunk.tasks


def _cross_stitch(trunk: Trunk) -> list[Any]:
    """A column a task; x~_t = sum_s a_ts x_s after each layer (Misra 2016, equation 1)."""
    columns = [trunk.x] * trunk.tasks
    for _ in range(2):
        columns = trunk.stitched([trunk.layer(one) for one in columns])
    return columns


def _sluice(trunk: Trunk) -> list[Any]:
    """Two subspaces a column are stitched, and b mixes the layers (Ruder 2019, equations 3-5)."""
    columns, seen = [trunk.x] * trunk.tasks, []
    for _ in range(2):
        halves = []
        for one in columns:
            pair = [trunk.layer(one, trunk.width // 2) for _ in range(2)]
            halves += pair
            trunk.apart.append(tuple(trunk.made[-2:]))
        mixed = trunk.stitched(halves)
        columns = [layers.Concatenate()(mixed[at : at + 2]) for at in range(0, len(mixed), 2)]
        seen.append(columns)
    return [trunk.mixed(pair, [[_ACROSS], [_SAME]])[0] for pair in zip(*seen, strict=True)]


def _tensor_factorisation(trunk: Trunk) -> list[Any]:
    """First layers W_t = sum_k U_k s_kt, k < tasks (Yang and Hospedales 2017, equation 2)."""
    rank = max(1, trunk.tasks - 1)
    bases = [layers.Dense(trunk.width, use_bias=False)(trunk.x) for _ in range(rank)]
    start = np.ones((rank, trunk.tasks)) / rank + 0.1 * np.eye(rank, trunk.tasks)
    each = [layers.Activation("gelu")(one) for one in trunk.mixed(bases, start)]
    return [trunk.layer(layers.Dropout(trunk.dropout)(one)) for one in each]


def _low_supervision(trunk: Trunk) -> list[Any]:
    """The other tasks read the lower layer (Sogaard and Goldberg 2016)."""
    low = trunk.layer(trunk.x)
    return [trunk.layer(low), *[low] * (trunk.tasks - 1)]


def _joint_many_task(trunk: Trunk) -> list[Any]:
    """Tasks are stacked, the class on top; each layer also sees x (Hashimoto 2017, section 2)."""
    below: list[Any] = []
    for _ in range(trunk.tasks):
        seen = layers.Concatenate()([trunk.x, *below[-1:]]) if below else trunk.x
        below.append(trunk.layer(seen))
    return below[::-1]


def _adaptive_sharing(trunk: Trunk) -> list[Any]:
    """One lower layer, then a branch for tasks that go together (Lu 2017, without its widening)."""
    low, branch = trunk.layer(trunk.x), list(range(trunk.tasks))
    for one in range(trunk.tasks):
        for other in range(one):
            if trunk.affinity[one, other] >= _TOGETHER:
                branch = [branch[other] if at == branch[one] else at for at in branch]
    upper = {name: trunk.layer(low) for name in dict.fromkeys(branch)}
    return [upper[name] for name in branch]


SHARINGS: dict[str, Callable[[Trunk], list[Any]]] = {
    "hard": _hard,
    "cross_stitch": _cross_stitch,
    "sluice": _sluice,
    "uncertainty": _hard,
    "tensor_factorisation": _tensor_factorisation,
    "low_supervision": _low_supervision,
    "joint_many_task": _joint_many_task,
    "adaptive_sharing": _adaptive_sharing,
}
