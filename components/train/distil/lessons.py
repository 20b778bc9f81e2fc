"""What teachers say about every view of every picture, and a training that listens.

Teacher and student see the same view (Beyer et al. 2021, arXiv:2106.05237). The teachers' answers
to all views are computed once and kept with the activations.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.common import plugins
from components.common.errors import DataError
from components.common.progress import within
from components.common.seeding import derive
from components.common.statistics.folds import covering_folds
from components.common.statistics.temperature import softmax
from components.networks import network
from components.networks.config import INPUT, LOGITS
from components.networks.data import Split, TrainingData
from components.networks.features.cache import Want
from components.networks.network import Network
from components.networks.rows import Floats, Rows
from components.train.config import METHODS, method_options
from components.train.distil.teacher import Teacher
from components.train.loop.inputs import TuningInputs
from components.train.session import Session

_FOLDS = 5


@dataclass(frozen=True)
class Lessons:
    """The teachers' probabilities at the temperature, float32 [rows, classes] of each split."""

    train: Floats
    unlabelled: Floats


def ask(
    teachers: tuple[Teacher, ...],
    data: TrainingData,
    session: Session,
    *,
    temperature: float,
    unseen: bool = False,
) -> Lessons:
    """Return the mean of the teachers' softened answers.

    In a fold of cross-validation each teacher is fitted again by its recipe, on the fold's own
    pictures: the one that was published has seen those that the fold is asked about.

    Args:
        teachers: at least one.
        data: what they are asked about.
        session: whether this is a fold; cache.
        temperature: that softens.
        unseen: each training picture is answered by recipes that were fitted without its group.

    Raises:
        DataError: a recipe is needed and no record tells it.
        WeightsError: the classes are others than the teacher's.
    """
    heard = []
    for number, teacher in enumerate(teachers, start=1):
        teacher.check_classes(data.classes)
        with within(f"teacher {number} of {len(teachers)}"):
            if unseen:
                heard.append(_by_others(teacher, data, session, temperature=temperature))
                continue
            known = _fitted_again(teacher, data, session) if session.in_fold else _loaded(teacher)
            splits = (data.train, data.unlabelled)
            heard.append([_softened(known, one, session, temperature) for one in splits])
    return Lessons(*(np.mean(answers, axis=0) for answers in zip(*heard, strict=True)))


def _by_others(
    teacher: Teacher, data: TrainingData, session: Session, *, temperature: float
) -> list[Floats]:
    """Return answers by teachers of other groups; without a label those of all, on average."""
    split = data.train
    folds = covering_folds(split.labels, split.groups, folds=_FOLDS, seed=session.seed)
    if not folds:
        raise DataError(
            "every class in at least two groups, to be taught by teachers of other groups",
            received="a class within one group",
            do="set train.options.cross_fit=false",
        )
    answers = np.empty((split.views * split.pictures, split.targets.shape[1]), np.float32)
    others = []
    for fold in folds:
        known = _fitted_again(teacher, data.fold(fold.inner), session)
        rows = np.concatenate([split.pictures * view + fold.outer for view in range(split.views)])
        answers[rows] = _softened(known, split.select(fold.outer), session, temperature)
        others.append(_softened(known, data.unlabelled, session, temperature))
    return [answers, np.mean(others, axis=0)]


@dataclass(frozen=True)
class _TeacherNetwork:
    """A teacher's network, and the layer up to which its activations may be in the cache."""

    network: Network
    cut: str = INPUT


def _loaded(teacher: Teacher) -> _TeacherNetwork:
    model = keras.models.load_model(teacher.candidate.model_path, compile=False)
    return _TeacherNetwork(Network(model, cut_points=(), default_cut="", pools=()))


def _fitted_again(teacher: Teacher, data: TrainingData, session: Session) -> _TeacherNetwork:
    recipe = teacher.recipe()
    keras.utils.set_random_seed(derive(recipe.seed, "train"))
    size_px = teacher.candidate.info.image_size_px
    built = network.build(
        dataclasses.replace(recipe, warm_start=""),
        image_size_px=size_px,
        classes=len(data.classes),
    )
    own = dataclasses.replace(session, seed=recipe.seed, standings=None)
    options = method_options(recipe.method, recipe.options)
    fitted = plugins.load(METHODS, recipe.method).fit(data, built, options, own)
    return _TeacherNetwork(fitted.network or built, fitted.cut)


def _softened(known: _TeacherNetwork, split: Split, session: Session, temperature: float) -> Floats:
    if not split.pictures:
        return np.empty((0, split.targets.shape[1]), np.float32)
    starts = known.network.boundary(known.cut)
    want = Want(split, (LOGITS,), starts=starts, activity="asking the teacher")
    (logits,) = session.cache.get(known.network, want)
    return softmax(logits.astype(np.float32) / np.float32(temperature))


def taught(
    inputs: TuningInputs, lessons: Lessons, unlabelled: Split, more: tuple[Rows, ...]
) -> TuningInputs:
    """Return a training with the teachers' answers, and with pictures that only they label.

    Args:
        inputs: the labelled pictures.
        lessons: the answers.
        unlabelled: pictures without a label, often none.
        more: what the tail is fed of these, as `inputs.train_inputs`.
    """
    if not unlabelled.pictures:
        return dataclasses.replace(inputs, taught=lessons.train)
    train, counts = inputs.train, (inputs.train.pictures, unlabelled.pictures)
    joined = Split(
        pixels=JoinedRows(train.pixels, unlabelled.pixels, counts),
        targets=np.concatenate([train.targets, unlabelled.targets]),
        labels=np.concatenate([train.labels, unlabelled.labels]),
        weights=np.concatenate([train.weights, np.ones(counts[1], np.float32)]),
        groups=np.concatenate([train.groups, unlabelled.groups]),
        paths=(*train.paths, *unlabelled.paths),
        content_sha256=f"{train.content_sha256}+{unlabelled.content_sha256}",
    )
    answers = JoinedRows(lessons.train, lessons.unlabelled, counts)
    return dataclasses.replace(
        inputs,
        train=joined,
        train_inputs=tuple(
            JoinedRows(one, other, counts)
            for one, other in zip(inputs.train_inputs, more, strict=True)
        ),
        taught=answers[:],
        unlabelled=counts[1],
    )


@dataclass(frozen=True)
class JoinedRows:
    """The rows of two splits as those of one, view-major: each view's first pictures are `one`'s.

    counts: pictures of each. Both have as many views.
    """

    one: Rows
    other: Rows
    counts: tuple[int, int]

    def __len__(self) -> int:
        return len(self.one) + len(self.other)

    def __getitem__(self, rows: Any) -> npt.NDArray[Any]:
        first, second = self.counts
        view, picture = np.divmod(np.arange(len(self))[rows], first + second)
        own = picture < first
        mine = self.one[(view * first + picture)[own]]
        theirs = self.other[(view * second + picture - first)[~own]]
        joined = np.empty((len(own), *mine.shape[1:]), mine.dtype)
        joined[own], joined[~own] = mine, theirs
        return joined
