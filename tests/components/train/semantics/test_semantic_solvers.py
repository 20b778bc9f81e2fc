"""The maps against their equations, and against each other where they must agree."""

import numpy as np
import pytest

from components.train.semantics.solvers import Linear, Problem, Ranking, Solver, solutions

CLASSES, ATTRIBUTES = 5, 3


@pytest.fixture
def problem() -> Problem:
    rng = np.random.default_rng(0)
    signatures = rng.normal(size=(CLASSES, ATTRIBUTES))
    labels = np.repeat(np.arange(CLASSES - 1), 12)  # the last class has no picture
    back = rng.normal(size=(ATTRIBUTES, 7))
    features = signatures[labels] @ back + 0.1 * rng.normal(size=(len(labels), 7))
    features = features - features.mean(axis=0)
    return Problem(features, np.eye(CLASSES)[labels], np.ones(len(labels)), signatures)


def test_eszsl_is_its_closed_form(problem: Problem) -> None:
    found = dict(solutions(problem, "eszsl", "attributes"))
    rows, known = problem.features, problem.signatures[:-1]
    signs = 2.0 * problem.targets[:, :-1] - 1.0
    squares, pairs = rows.T @ rows, known.T @ known
    first, second = 0.1, 10.0
    left = squares + first * np.trace(squares) / len(squares) * np.eye(len(squares))
    right = pairs + second * np.trace(pairs) / len(pairs) * np.eye(len(pairs))
    wanted = np.linalg.inv(left) @ rows.T @ signs @ known @ np.linalg.inv(right)
    np.testing.assert_allclose(
        found[first, second].kernel, wanted @ problem.signatures.T, rtol=1e-8, atol=1e-12
    )


def test_the_semantic_autoencoder_solves_its_sylvester_equation(problem: Problem) -> None:
    found = dict(solutions(problem, "sae", "attributes"))[1.0,]
    wanted = problem.targets @ problem.signatures
    # From scores 2 z . s - |s|^2 back to z = W x.
    encoder = np.linalg.lstsq(2.0 * problem.signatures, found.kernel.T, rcond=None)[0]
    first, second = wanted.T @ wanted, problem.features.T @ problem.features
    share = np.trace(first) / np.trace(second)
    left = first @ encoder + encoder @ (share * second)
    np.testing.assert_allclose(left, (1.0 + share) * wanted.T @ problem.features, rtol=1e-6)


def test_the_way_back_is_ridge_regression(problem: Problem) -> None:
    from sklearn.linear_model import Ridge

    found = dict(solutions(problem, "eszsl", "visual"))[1.0,]
    wanted = problem.targets @ problem.signatures
    penalty = np.trace(wanted.T @ wanted) / ATTRIBUTES
    ridge = Ridge(alpha=penalty, fit_intercept=False).fit(wanted, problem.features)
    prototypes = problem.signatures @ ridge.coef_.T
    np.testing.assert_allclose(found.kernel.T, 2.0 * prototypes, rtol=1e-8)
    np.testing.assert_allclose(found.bias, -(prototypes**2).sum(axis=1), rtol=1e-8)


def test_attributes_predicted_one_by_one_are_logistic_regressions(problem: Problem) -> None:
    from sklearn.linear_model import LogisticRegression

    signatures = (problem.signatures > 0).astype(float)
    signatures[:, 0] = [0, 1, 0, 1, 1]
    signatures[:, 1] = [0, 0, 1, 1, 0]
    signatures[:, 2] = [1, 0, 0, 1, 0]
    given = Problem(problem.features, problem.targets, problem.weights, signatures)
    found: Linear = dict(solutions(given, "dap", "attributes"))[1.0,]
    truths = given.targets @ signatures
    logits, kept = [], 0.0
    for truth in truths.T:
        fitted = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(given.features, truth)
        logits.append(fitted.decision_function(given.features))
    prior = truths.mean(axis=0)
    kept = signatures @ np.log(prior) + (1 - signatures) @ np.log(1 - prior)
    np.testing.assert_allclose(
        found.scores(given.features), np.array(logits).T @ signatures.T - kept, atol=0.02
    )


@pytest.mark.parametrize(
    ("solver", "ranking"),
    [
        ("eszsl", "attributes"),
        ("sae", "visual"),
        ("sae", "attributes"),
        ("eszsl", "visual"),
        ("dap", "attributes"),
    ],
)
def test_each_names_a_class_that_it_never_saw(
    problem: Problem, solver: Solver, ranking: Ranking
) -> None:
    rng = np.random.default_rng(1)
    back = np.linalg.lstsq(problem.targets @ problem.signatures, problem.features, rcond=None)[0]
    asked = problem.signatures[-1] @ back + 0.05 * rng.normal(size=(20, 7))
    best = 0.0
    for _, found in solutions(problem, solver, ranking):
        others = found.scores(asked)[:, [0, -1]]
        best = max(best, float((others.argmax(axis=1) == 1).mean()))
    assert best > 0.9
