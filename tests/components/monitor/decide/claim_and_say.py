"""A monitor of its own: waits for the start, claims a key, says whether it may run."""

import sys
import time
from pathlib import Path

from components.common.artifacts.monitoring.claims import Claim
from components.monitor.decide.history import DecisionHistory, HistoryEntry

if __name__ == "__main__":
    model_dir, key, run_id, start = Path(sys.argv[1]), sys.argv[2], sys.argv[3], Path(sys.argv[4])
    history = DecisionHistory(model_dir)
    start.with_name(f"{run_id}.waits").touch()
    while not start.exists():
        time.sleep(0.001)
    claim = Claim(key=key, run_id=run_id, time_unix_s=time.time())
    mine = history.claim("runs", claim, run_lease_s=60.0).run_id == run_id
    with history.deciding():
        history.append(
            HistoryEntry(
                time_unix_s=time.time(),
                run_id=run_id,
                version=1,
                word="retrain" if mine else "keep",
                reasons=("Because.",),
                key=key,
            )
        )
    sys.stdout.write("mine" if mine else "other")
