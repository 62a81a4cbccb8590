"""`saqshy sources new`: one address becomes a source file that loads and a case that holds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawlers.checking import check_source
from crawlers.extraction import extract_page
from crawlers.items import readable_json
from crawlers.new_source import BadSourceName, NewSource, SourceExists, new_source
from crawlers.sources_config import load_source
from models.config import load_settings
from models.enums import FetchResult, SourceKind
from models.installation import prepare_installation
from models.worker import utc_now
from tests.crawlers.conftest import SITE_HOST, CrawlBench, channel_page
from tests.servers.site import Reply, Site

ROOT = f"http://{SITE_HOST}/"
OWN = f"""name: own
kind: channel
title: own
start: ["{ROOT}"]
languages: [ru]
schedule: {{every_minutes: 60}}
"""
TEXT = "Продаю дом и сад у реки. " * 9
LIST = b"".join(b'<li><a href="/vacancy/%d">x</a></li>' % n for n in range(5))


def make(bench: CrawlBench, tmp_path: Path, url: str = ROOT) -> NewSource:
    return new_source(bench.settings, url, folder=tmp_path / "sources", cases=tmp_path / "cases")


def test_a_recognised_page_makes_a_source_and_a_case_that_holds(bench: CrawlBench, tmp_path: Path) -> None:
    body = channel_page({1: "Требуется сиделка", 2: "Ищу работу"})
    bench.site.routes["/"] = Reply(body)
    made = make(bench, tmp_path)
    config = load_source(made.file)
    assert (config.kind, config.start, config.is_sample) == (SourceKind.CHANNEL, (ROOT,), False)
    assert config.page_object_for(f"{ROOT}?before=1") == "telegram_channel"
    assert made.case == tmp_path / "cases" / "telegram_channel" / config.name
    assert (made.case / "input.html").read_bytes() == body
    facts = json.loads((made.case / "page.json").read_text())
    read = extract_page(body, url=facts["url"], page_object="telegram_channel")
    assert json.loads((made.case / "output.json").read_text()) == readable_json(read)
    assert f"saqshy sources check {config.name}" in "\n".join(made.lines())
    with pytest.raises(SourceExists, match="--name"):
        make(bench, tmp_path)


def test_a_host_of_digits_has_a_name_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    folders = {"folder": tmp_path, "cases": tmp_path / "cases"}
    settings = load_settings(data_dir=tmp_path / "var")
    made = new_source(settings, "http://192.0.2.7/", **folders)  # an address that is never asked
    assert (made.config.name, made.case) == ("site_192_0_2_7", None)
    for name in ("2gis", "Имя", "a/b", "x"):
        with pytest.raises(BadSourceName, match="letter first"):
            new_source(settings, "http://192.0.2.7/", name=name, **folders)


def test_a_list_of_vacancies_is_found_by_its_links(bench: CrawlBench, tmp_path: Path) -> None:
    bench.site.routes["/jobs?a=1"] = Reply(b"<html><body><p>%b</p></body></html>" % LIST)
    config = load_source(make(bench, tmp_path, f"{ROOT}jobs?a=1").file)
    assert config.kind is SourceKind.JOB_BOARD
    assert config.page_object_for(f"{ROOT}jobs?a=1&page=2") == "job_listing"
    assert config.page_object_for(f"{ROOT}vacancy/3") == "job_posting"


def test_any_page_is_generic_and_the_words_say_what_to_do(bench: CrawlBench, tmp_path: Path) -> None:
    bench.site.routes["/"] = Reply(f"<html><body><p>{TEXT}</p></body></html>".encode())
    made = make(bench, tmp_path)
    assert load_source(made.file).page_object_for(ROOT) == "generic"
    assert f"crawlers/pages/{made.config.name}.py" in "\n".join(made.lines())


def test_a_page_that_does_not_come_leaves_a_skeleton_without_a_case(
    bench: CrawlBench, tmp_path: Path
) -> None:
    made = make(bench, tmp_path, f"{ROOT}gone")
    assert (made.case, load_source(made.file).pages) == (None, ())
    assert "No page came" in "\n".join(made.lines())


def test_a_check_follows_the_first_ads_of_a_list_and_shows_their_fields(bench: CrawlBench) -> None:
    posting = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": "Сварщик",
        "description": TEXT,
    }
    script = f'<script type="application/ld+json">{json.dumps(posting)}</script>'
    bench.site.routes["/jobs"] = Reply(b"<html><body><p>%b</p></body></html>" % LIST)
    bench.site.routes["/vacancy/0"] = Reply(f"<html><head>{script}</head></html>".encode())
    pages = [{"match": "/jobs", "page_object": "job_listing"}, {"match": ".", "page_object": "job_posting"}]
    bench.add_source(start=[f"{ROOT}jobs"], pages=pages)
    check = check_source(bench.db, bench.settings, "test_source")
    assert [(one.url, one.result) for one in check.followed] == [
        (f"{ROOT}vacancy/0", FetchResult.PAGE),
        (f"{ROOT}vacancy/1", FetchResult.GONE),
    ]
    lines = list(check.lines())
    assert "    title: Сварщик" in lines
    assert "    contacts: -" in lines
    assert check.is_good
    assert bench.site.paths() == ["/jobs", "/vacancy/0"]
    bench.site.routes["/vacancy/0"] = Reply(status=404)
    assert not check_source(bench.db, bench.settings, "test_source").is_good


@pytest.mark.parametrize("command", [["check", "own"], ["new", ROOT]])
def test_the_scratch_run_logs_nothing(site: Site, tmp_path: Path, command: list[str]) -> None:
    site.routes["/"] = Reply(channel_page({1: "Требуется сиделка"}))
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    prepare_installation(load_settings(data_dir=tmp_path / "var"), utc_now()).database.close()
    address = ":".join(map(str, site.address))
    environment = {
        "SAQSHY_DATA_DIR": str(tmp_path / "var"),
        "SAQSHY_SOURCES_DIR": str(folder),
        "SAQSHY_LOOPBACK_ALLOW": address,
        "SAQSHY_HOST_OVERRIDES": f"{SITE_HOST}={address}",
    }
    cases = ["--cases", str(tmp_path / "cases")] if command[0] == "new" else []
    done = subprocess.run(
        [sys.executable, "manage.py", "sources", *command, *cases],
        env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "telegram_channel: 1 ads" in done.stdout
    assert "crawl." not in done.stdout + done.stderr
