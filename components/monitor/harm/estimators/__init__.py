"""Estimators of the loss of accuracy without labels, one file each: the file name is the key.

Each has `loss_points(window, reference) -> float`: how many percentage points of accuracy the
window loses against the reference, positive is worse, NaN where it cannot say. Both are `Evidence`
of at least one picture, so no value is missing, and all of the reference is labelled. None of them
is right alone: `learn.py` corrects them.
"""
