"""The test-time views whose answers are averaged."""

# (left-right, up-down), the picture as it is first; `flips: 2` means the first two.
FLIPS: tuple[tuple[bool, bool], ...] = (
    (False, False),
    (True, False),
    (False, True),
    (True, True),
)
