"""What `auto` takes and says, and what a head means where folds are hard to come by."""

import dataclasses

import numpy as np
import pytest
from rare_blobs import OPTIONS, margins, rare
from translated import check_translated

from components.networks.probe.probe import Probe
from components.train.imbalance import head
from components.train.imbalance.calibrate import fit_scaling


def test_auto_says_what_it_took_and_by_which_scores() -> None:
    rows, split = rare(300, 0.03)
    probe, note = head.treated(rows, split, "auto", OPTIONS, seed=0)
    reduced = head.Reduced.of(rows, pictures=len(rows), seed=0)
    folds, by = head.folds_of(split, seed=0)
    found = {
        name: head.treat(name, reduced.rows, split, folds, OPTIONS, seed=0)
        for name in head.COMPARED
    }
    best = head.chosen(found)
    assert by == "groups"
    assert note.startswith(f"rare classes: {best}, by how groups left out are ranked")
    assert all(f"{one.score:.3f}" in note for one in found.values())
    check_translated([note])
    own = reduced.whole(found[best].head)
    np.testing.assert_allclose(probe.logits(rows), own.logits(rows), atol=1e-4)


def test_another_treatment_has_to_be_better_by_more_than_chance() -> None:
    probe = Probe(np.zeros((1, 2), np.float32), np.zeros(2, np.float32), 0.0)

    def scored(*scores: float) -> head.Treated:
        return head.Treated(probe, scores)

    first = scored(0.8, 0.8, 0.8, 0.8)
    assert head.chosen({"first": first, "other": scored(0.95, 0.7, 0.95, 0.7)}) == "first"
    assert head.chosen({"first": first, "other": scored(0.85, 0.84, 0.86, 0.85)}) == "other"
    better = {"other": scored(0.85, 0.84, 0.86, 0.85), "third": scored(0.9, 0.9, 0.9, 0.91)}
    assert head.chosen({"first": first, **better}) == "third"
    assert head.chosen({"first": first, "other": scored(np.nan, np.nan, 0.99, np.nan)}) == "first"
    assert head.chosen({"first": scored(), "other": scored()}) == "first"


def test_pictures_stand_in_where_a_class_has_one_group() -> None:
    rows, split = rare()
    one = dataclasses.replace(split, groups=np.where(split.labels == 1, "a", split.groups))
    probe, note = head.treated(rows, one, "auto", OPTIONS, seed=0)
    assert "by how pictures left out are ranked" in note
    check_translated([note])
    assert np.mean(1 / (1 + np.exp(-margins(probe.logits(rows))))) == pytest.approx(0.05, abs=0.03)


def test_two_groups_of_defects_are_dealt_into_two_folds() -> None:
    _, split = rare(share=0.02)
    groups = np.where(split.labels == 1, (np.arange(400) % 2).astype(str), split.groups)
    for seed in range(5):
        folds, by = head.folds_of(dataclasses.replace(split, groups=groups), seed=seed)
        assert by == "groups"
        asked = np.sort(np.concatenate([fold.outer for fold in folds]))
        np.testing.assert_array_equal(asked, np.arange(400))


def test_a_single_picture_of_a_class_leaves_nothing_to_compare() -> None:
    rows, split = rare()
    kept = np.append(np.flatnonzero(split.labels == 1)[:1], np.flatnonzero(split.labels == 0))
    probe, note = head.treated(rows[kept], split.select(kept), "auto", OPTIONS, seed=0)
    assert note.startswith(f"rare classes: {head.COMPARED[0]}")
    assert np.isfinite(probe.kernel).all()


def test_three_classes_are_treated_alike() -> None:
    rng = np.random.default_rng(0)
    _, split = rare(300)
    labels = np.where(np.arange(300) < 12, 2, np.arange(300) % 2)
    rows = rng.normal(size=(300, 6)) + 3 * np.eye(3, 6)[labels]
    three = dataclasses.replace(split, labels=labels, targets=np.eye(3, dtype=np.float32)[labels])
    probe, _ = head.treated(rows.astype(np.float32), three, "discriminant", OPTIONS, seed=0)
    logits = probe.logits(rows)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(chances.mean(axis=0), np.bincount(labels) / 300, atol=0.03)
    assert (chances.argmax(axis=1) == labels).mean() > 0.9


def test_the_scaling_is_found_again_with_many_pictures() -> None:
    rng = np.random.default_rng(0)
    log_odds = rng.normal(-2.0, 2.0, 20000)
    labels = (rng.random(20000) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)
    # As a head may say it: four times too sure, and of another mix.
    said = np.stack([np.zeros(20000), 4 * (log_odds + 3.0)], axis=1).astype(np.float32)
    scaling = fit_scaling(said, labels)
    assert scaling.slope == pytest.approx(0.25, rel=0.05)
    np.testing.assert_allclose(margins(scaling.apply(said)), log_odds, atol=0.25)


def test_a_handful_does_not_turn_a_ranking_round() -> None:
    said = np.linspace(-3, 3, 200, dtype=np.float32)
    labels = np.zeros(200, np.int64)
    labels[[10, 20, 30]] = 1  # by chance those that look least like it
    scaling = fit_scaling(np.stack([-said, said], axis=1), labels)
    assert scaling.slope > 0
    chances = 1 / (1 + np.exp(-margins(scaling.apply(np.stack([-said, said], axis=1)))))
    assert chances.mean() == pytest.approx(0.015, abs=0.002)
