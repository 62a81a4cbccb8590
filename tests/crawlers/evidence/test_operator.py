"""As an operator does it, by commands alone: crawl, anchor, show, export, check, erase, verify."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from models.ad import Ad
from models.evidence import Evidence
from models.installation import prepare_installation
from models.review import ReviewTask
from models.worker import utc_now
from review_api.jobs import open_review_tasks
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings
from tests.crawlers.evidence.conftest import Authorities
from tests.factories import make_classification
from tests.servers.site import Reply, Site

ROOT = Path(__file__).resolve().parents[3]
PAGE = """<html><head><script type="application/ld+json">{"@type": "JobPosting", "title": "Работа",
"description": "Требуются девушки, паспорт остаётся у администратора, выезд за границу",
"url": "http://ads.example/1", "identifier": "1"}</script></head><body>Работа</body></html>""".encode()


@pytest.mark.slow
def test_evidence_of_a_case_by_commands_alone(tmp_path: Path, site: Site, authorities: Authorities) -> None:
    settings = authorities.name_in(bench_settings(tmp_path / "var", site, [SITE_HOST]))
    listed = (site.address, authorities.one.address, authorities.two.address)
    home = prepare_installation(settings.model_copy(update={"loopback_allow": listed}), utc_now())
    site.routes["/"] = Reply(PAGE)
    bench = CrawlBench(site, home.settings, home.database)
    bench.crawl(bench.add_source(pages=[{"match": ".", "page_object": "job_posting"}]))
    with home.database.write() as session:
        ad = session.scalars(select(Ad)).one()
        assert ad.current_version is not None
        make_classification(session, ad.current_version, is_flagged=True)
    open_review_tasks(home.database, home.audit, now=utc_now() + timedelta(seconds=1))
    env = {
        "PATH": os.environ["PATH"],
        "SAQSHY_DATA_DIR": str(settings.data_dir),
        "SAQSHY_LOOPBACK_ALLOW": ",".join(f"{host}:{port}" for host, port in listed),
        "SAQSHY_TIMESTAMP_AUTHORITIES": f"one={authorities.one.url},two={authorities.two.url}",
    }

    def saqshy(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert "seals stamped by all authorities" in saqshy("evidence", "anchor").stdout
    with home.database.read() as session:
        case = session.scalars(select(ReviewTask.case_number)).one()
    shown = saqshy("evidence", "show", case)
    assert "evidence 1: anchored" in shown.stdout, shown.stderr
    assert shown.stdout.count("  stamped ") == 4
    exported = saqshy("evidence", "export", case)
    assert (exported.returncode, exported.stderr) == (0, "")
    subprocess.run(["unzip", "-q", f"{case}.wacz", "-d", "out"], cwd=tmp_path, check=True)
    check = ["sh", "verify/verify.sh"]
    checked = subprocess.run(check, cwd=tmp_path / "out", capture_output=True, text=True, check=False)
    assert checked.stdout.endswith("All is well.\n"), checked.stdout + checked.stderr
    assert saqshy("evidence", "export", case).returncode == 2
    found = saqshy("verify")
    assert "evidence" not in "".join(line for line in found.stdout.splitlines() if line.startswith("DAMAGED"))
    assert saqshy("evidence", "erase", "1", "--reason", "request").returncode == 0
    assert "evidence 1: erased" in saqshy("evidence", "show", case).stdout
    with home.database.read() as session:
        sha256 = session.scalars(select(Evidence.sha256)).one()
    assert not home.store.path(sha256).exists()
    assert sha256 not in saqshy("verify").stdout
    home.database.close()
