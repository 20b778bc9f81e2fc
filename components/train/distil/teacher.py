"""A teacher: a network that Graft fitted before, and the recipe by which it was."""

from dataclasses import dataclass

from components.common import config
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.lineage import read_provenance
from components.common.artifacts.model_folder import CANDIDATES, is_number
from components.common.artifacts.passport import read_passport
from components.common.artifacts.records import file_sha256
from components.common.errors import DataError, WeightsError, expected
from components.common.pictures.fit import Fit
from components.train import warm_start
from components.train.config import TrainConfig


@dataclass(frozen=True)
class Teacher:
    """The Candidate behind what the settings name."""

    named: str
    candidate: Candidate

    @classmethod
    def at(cls, named: str) -> "Teacher":
        """Find it.

        Args:
            named: the path of a published model, one of its versions, or a Candidate.

        Raises:
            WeightsError: there is no such thing.
        """
        root = warm_start.candidate(named)
        if not root.is_dir():
            raise _unfit(
                "the folder of a published model, one of its versions, or a Candidate",
                f"'{named}', which is no such folder",
                "correct the path, or publish the teacher first (graft run)",
            )
        return cls(named, Candidate.read(root))

    @property
    def sha256(self) -> str:
        """The digest of its network's file."""
        return file_sha256(self.candidate.model_path)

    @property
    def seen(self) -> frozenset[str]:
        """The pictures (sha256) that it was ever trained or calibrated on."""
        return warm_start.seen(str(self.candidate.model_path))

    def check_classes(self, classes: tuple[str, ...]) -> None:
        """Refuse a teacher of other classes, or of these in another order.

        Raises:
            WeightsError: it is one.
        """
        theirs = self.candidate.info.classes
        if theirs != classes:
            raise _unfit(
                f"a teacher of the classes {', '.join(classes)}",
                f"{self.named} of the classes {', '.join(theirs)}",
                "name a teacher that was trained on these classes",
            )

    def check_pictures(self, image_size_px: int, fit: Fit) -> None:
        """Refuse pictures of another size than the teacher takes, or made square in another way.

        Raises:
            WeightsError: they are.
        """
        info = self.candidate.info
        if (info.image_size_px, info.fit) != (image_size_px, fit):
            raise _unfit(
                f"pictures of {info.image_size_px} px made square by '{info.fit}', as {self.named} "
                "takes them",
                f"{image_size_px} px and '{fit}'",
                f"set augment.image_size_px={info.image_size_px} and augment.fit={info.fit}; the "
                "backbone `small` makes pictures smaller inside of the student",
            )

    def recipe(self) -> TrainConfig:
        """Return the settings by which it was trained, to fit it again without some pictures.

        Raises:
            DataError: no record says so.
        """
        root = self.candidate.root
        if root.parent.name == CANDIDATES and is_number(root.name):
            passport = read_passport(root.parent.parent, int(root.name))
            if passport and "train" in passport.settings:
                return config.load(TrainConfig, passport.settings["train"], where="train")
        provenance = read_provenance(root)
        if provenance and provenance.step == "train":
            return config.from_json(TrainConfig, provenance.config)
        raise DataError(
            f"to know how the teacher {self.named} was trained, as cross-validation fits it again "
            "without the pictures that a fold is asked about",
            received="no passport or provenance beside it",
            do="name a published model, or hold pictures out (validate.evidence=holdout)",
        )


def _unfit(want: str, received: str, do: str) -> WeightsError:
    return WeightsError("train.options.teachers: " + expected(want, received=received, do=do))
