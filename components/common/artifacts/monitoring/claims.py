"""Claims: who acts on a trigger, and whether it was done. What is not done falls to the next look.

A monitor claims a key before anything follows from it, for a lease; the exit step settles the claim
once people were notified or the training has ended. A crash between the two leaves a lease that
runs out: what must happen happens at least once, and twice at worst.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from components.common import files
from components.common.artifacts.records import read_record, record_bytes


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who acts on a key, since when; `attempts` counts those who did, this one included."""

    key: str
    run_id: str
    time_unix_s: float
    state: Literal["leased", "done", "failed"] = "leased"
    attempts: int = 1

    def is_open(self, now_unix_s: float, *, lease_s: float) -> bool:
        """Return whether somebody else may act: it failed, or the lease ran out."""
        expired = self.state == "leased" and now_unix_s - self.time_unix_s >= lease_s
        return self.state == "failed" or expired


def take(path: Path, claim: Claim, *, lease_s: float, most_attempts: int = 0) -> Claim:
    """Take a key and return the claim that holds: this one, or that of who was first.

    Args:
        path: the key's file; it appears whole and synced, or not at all, also when two machines try
            at once. Who takes a key over that was left holds the lock of the decisions.
        claim: who wants it, since when.
        lease_s: how long an unsettled claim holds.
        most_attempts: one that was left so often stays with who had it last; 0: no limit.
    """
    if files.create(path, record_bytes(claim)):
        return claim
    first = read_record(path, Claim)
    if first.run_id == claim.run_id and first.state == "leased":
        return first
    if not first.is_open(claim.time_unix_s, lease_s=lease_s):
        return first
    if most_attempts and first.attempts >= most_attempts:
        return first
    again = dataclasses.replace(claim, attempts=first.attempts + 1)
    files.write_bytes(path, record_bytes(again))
    return again


def settle(path: Path, run_id: str, *, done: bool) -> None:
    """Say that what a claim stands for was done, or failed; no more than its owner may.

    Raises:
        GraftError: a monitor decides all the time, or the folder cannot be written.
        OSError, ValueError: the claim cannot be read.
    """
    decisions = path.parent.parent
    with files.locked(decisions, holder="a monitor", timeout_s=60.0), files.explained(path.parent):
        claim = read_record(path, Claim)
        if claim.run_id == run_id and claim.state != "done":
            state: Literal["done", "failed"] = "done" if done else "failed"
            files.write_bytes(path, record_bytes(dataclasses.replace(claim, state=state)))
