"""S1, S2: no name, spelling, redirect or page leads to a forbidden address; counted at the socket."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SEED = 2026


def crawl_in_own_network(test: str, n_tries: int, folder: Path, *, seconds: float = 280) -> dict[str, Any]:
    """Run :mod:`tests.faults.forbidden` where any address is local; skips where that is not allowed."""
    own = ["unshare", "--net", "--mount", "--map-root-user"]
    if subprocess.run([*own, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine allows no network namespace (unshare --net)")
    done = subprocess.run(
        [*own, sys.executable, "-m", "tests.faults.forbidden", test, str(n_tries), str(SEED), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(f"{test}, seed {SEED}: {found}\n")
    return found


def check(found: dict[str, Any], n_tries: int) -> None:
    assert found["n_tries"] >= n_tries
    assert found["n_forbidden"] == 0
    assert not [state for state in found["states"] if not state.startswith(("done", "failed"))]
    # The allowed address was reached: the listener counts, and the crawl did go out.
    assert found["by_address"].keys() <= {"93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"}
    assert sum(found["by_address"].values()) > n_tries / 10
    assert sum(n for state, n in found["states"].items() if "blocked_address" in state) > n_tries / 10


def test_s1_s2_some_of_the_tries(tmp_path: Path) -> None:
    check(crawl_in_own_network("both", 48, tmp_path), 48)


@pytest.mark.slow
def test_s1_every_spelling_by_every_way(tmp_path: Path) -> None:
    check(crawl_in_own_network("S1", 10_000, tmp_path), 400)


@pytest.mark.slow
@pytest.mark.timeout(1_600)
def test_s2_ten_thousand_names_that_change_or_mix(tmp_path: Path) -> None:
    check(crawl_in_own_network("S2", 10_000, tmp_path, seconds=1_500), 10_000)
