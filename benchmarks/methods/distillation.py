"""Distillation on the demo: a student, alone and taught, beside its teacher; its speed; int8."""

import dataclasses
import logging
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from benchmarks.methods.table import Row
from benchmarks.quality import CACHE_BYTES, _folds
from benchmarks.first_steps import augment, ingest
from components.common import config, plugins
from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.lineage import Provenance
from components.common.artifacts.records import PROVENANCE, link_tree, write_record
from components.common.artifacts.shards import Shards
from components.common.seeding import derive
from components.common.statistics.figures import Scored
from components.networks import data, network
from components.networks.data import Floats, TrainingData
from components.networks.features.cache import ActivationCache
from components.networks.network import Network
from components.train.config import METHODS, TrainConfig
from components.train.session import Session, flip_averaged_logits
from pipelines.config import override, read_preset, resolve

WORK = Path(".graft") / "distillation"
