"""The report as a page: what it says, that it is one file, and that no name can be markup."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from reported import HOSTILE, Lab, at_work, empty, flop, hostile, lab, shared

from ledger.report.page_style import STYLE

Run = Callable[..., Any]
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """A page read by a strict reader: every element is closed in its order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a kind."""
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return shared(tmp_path_factory, lab)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return shared(tmp_path_factory, hostile)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return shared(tmp_path_factory, empty)


def test_the_first_screen_says_how_it_stands(made: Lab) -> None:
    page = Page(made.text("r.html"))
    verdict = page.text.partition("Law of")[0]
    assert "1 line of binding law is met by model:owl-1" in verdict
    assert "1 line more will be met by what is signed" in verdict
    assert "the next date is 2026-12-04 (notify-commission, model:owl-1)" in verdict
    standing = page.text.partition("How it stands How each")[2].partition("Signs:")[0]
    # Total, band, line, distance, evidence and next date of the model ahead of its line.
    row = "6×10^24 FLOP 4.2×10^24 to 7.8×10^24 > 10^25 FLOP 60 % of 10^25; 4×10^24 left E 100 %"
    assert row in standing
    assert "2026-12-06 notify-commission, 13 left, runs on to 2026-12-07" in standing
    assert "crosses 2027-01-31 UTC" in standing
    assert "1.234×10^26 FLOP" in standing  # cut off, not rounded up
    assert "not known no upper end" in standing  # what nobody stated is no zero


def test_parts_come_in_the_order_of_what_a_reader_asks(made: Lab) -> None:
    heads = re.findall(r"<h2[^>]*>([^<]*)</h2>", made.text("r.html"))
    assert heads[:4] == [
        "How it stands",
        "What changed since the last report",
        "What is missing",
        "What this does not prove",
    ]
    assert heads[-1] == "Stamp"


def test_what_changed_is_told_or_that_there_was_no_earlier_report(made: Lab) -> None:
    assert "No earlier report was given" in made.text("first.html")
    text = Page(made.text("r.html")).text
    assert "No earlier report" not in text
    assert "gpaisr-presumption model:falcon-2 not met foreseen foreseen; dates" in text
    assert "gpaisr-presumption model:owl-1 not asked met new" in text
    assert "were recorded since; the rule pack is the same" in text


def test_the_stamp_names_everything_to_make_it_again(made: Lab) -> None:
    stamp = Page(made.text("r.html")).text.rpartition("Stamp command")[2]
    early = json.loads((made.folder / "early.json").read_text())
    assert early["coordinates"]["pack"] in stamp
    assert "--as-of 2026-11-23 --since early.json" in stamp
    assert re.search(r"head [0-9a-f]{64}", stamp)
    assert "met +" in stamp
    assert "22 allocation + 3 commitment + 1 fact" in stamp
    # 20 runs of 3*10^23 and one of 123456789012345678901234567; the open one adds no low end.
    assert "129,456,789,012,345,678,901,234,567 to" in stamp
    assert "1 without an upper end" in stamp


def test_words_that_promise_too_much_are_not_used(made: Lab) -> None:
    text = Page(made.text("r.html")).text.lower()
    for word in ("tamper-proof", "immutable", "zero-knowledge", "certified", "guarantee"):
        assert word not in text


def test_the_same_input_gives_the_same_bytes(made: Lab) -> None:
    assert made.text("r.html") == made.text("again.html")


@pytest.mark.parametrize("name", ["made", "odd", "bare"])
def test_a_page_is_one_file_that_loads_and_runs_nothing(
    name: str, request: pytest.FixtureRequest
) -> None:
    text = request.getfixturevalue(name).text("r.html")
    page = Page(text)
    tags = {tag for tag, _ in page.found}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
    for _, attributes in page.found:
        for key, value in attributes.items():
            assert not key.startswith("on"), attributes
            if key in {"href", "src", "xlink:href"}:
                assert value is not None
                assert value.startswith("#"), attributes
    urls = re.findall(r"url\(([^)]*)\)", text)
    assert all(url.startswith("#") for url in urls)
    assert "@import" not in text
    ids = Counter(attributes["id"] for _, attributes in page.found if "id" in attributes)
    assert [each for each, count in ids.items() if count > 1] == []
    targets = {value for a in page.all("a") if (value := a.get("href"))}
    assert {target.removeprefix("#") for target in targets} <= set(ids)
    assert {url.removeprefix("#") for url in urls} <= set(ids)


@pytest.mark.parametrize("name", ["made", "bare"])
def test_a_page_can_be_read_aloud(name: str, request: pytest.FixtureRequest) -> None:
    page = Page(request.getfixturevalue(name).text("r.html"))
    assert page.all("html") == [{"lang": "en"}]
    counts = Counter(tag for tag, _ in page.found)
    assert (counts["main"], counts["header"], counts["footer"], counts["nav"]) == (1, 1, 1, 1)
    assert counts["h1"] == 1
    assert all(head.get("scope") in {"col", "row", "rowgroup"} for head in page.all("th"))
    for drawing in page.all("svg"):
        assert drawing["role"] == "img"
        named = (drawing["aria-labelledby"] or "").split()
        assert len(named) == 2
    assert counts["title"] == 1 + counts["svg"]
    assert all(each["aria-label"] for each in page.all("div") if each.get("role") == "region")


def test_charts_draw_what_the_tables_say(made: Lab) -> None:
    text = made.text("r.html")
    described = re.findall(r'<desc id="growth-\d-d">([^<]*)</desc>', text)
    falcon = next(each for each in described if "6×10^24 surely done" in each)
    assert "10^25 is crossed on 2027-01-31 UTC" in falcon
    assert "stated error 4.2×10^24 to 7.8×10^24" in falcon
    for name in ("growth-1", "timeline", "held", "shares"):
        assert f'aria-labelledby="{name}-t {name}-d"' in text
    assert "var(--c1)" in text
    assert not re.search(r"#0[0-9]0[0-9]0[0-9]", text)  # every colour became one of the page's


def test_colours_can_be_told_apart_from_the_paper() -> None:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    assert len(blocks) == 3  # light, dark, paper
    for block in blocks:
        held = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6})", block))
        full = {
            k: "#" + "".join(c * 2 for c in v[1:]) if len(v) == 4 else v for k, v in held.items()
        }
        paper = light(full["paper"])
        for name, colour in full.items():
            if name in {"paper", "rule", "band"}:
                continue
            high, low = max(light(colour), paper), min(light(colour), paper)
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, colour)


def test_no_name_becomes_markup(odd: Lab) -> None:
    page = Page(odd.text("r.html"))
    for name in HOSTILE[:-1]:
        assert name in "".join(page.words), name
    assert not [tag for tag, _ in page.found if tag in {"script", "img"}]


def test_a_huge_name_breaks_and_is_cut_in_charts_only(odd: Lab) -> None:
    text = odd.text("r.html")
    assert re.search(r'class="long">model:a{200}<', text)
    for drawing in re.findall(r"<text[^>]*>([^<]*)</text>", text):
        assert len(drawing) < 80, drawing


def test_an_empty_ledger_says_that_nothing_can_be_said(bare: Lab) -> None:
    text = Page(bare.text("r.html")).text
    assert "nothing can be said" in text
    assert "No rule asked compares anything" in text
    assert "no entry yet" in text
    assert "0 to 0 operations in 0 primary allocations" in text


def test_a_report_of_what_nobody_knows_says_so(flopledger: Run, tmp_path: Path) -> None:
    with at_work(tmp_path):
        flop("init", "--origin", "ledger.example/open")
        heads = "run,model,activity,not_after,precision,sparsity"
        Path("t.csv").write_text(f"{heads}\nr,wren,pretrain,2026-11-20,bf16,dense\n")
        flop("import", "t.csv", "--source", "csv")
        done = flopledger("report", "-o", "r.html", "--regime", "eu.aia")
    assert done.code == 3, done.err
    text = Page((tmp_path / "r.html").read_text()).text
    assert "findings wait for a missing fact" in text
    assert "run:r operations" in text
    assert "no upper end" in text


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("-o", "report.pdf"), "names neither"),
        (("-o", "r.html", "--since", "absent.json"), "absent.json"),
        (("-o", "r.html", "--since", "other.json"), "is of the ledger 'ledger.example/elsewhere'"),
        (("-o", "r.html", "--since", "longer.json"), "cannot come later"),
        (("-o", "r.html", "--since", "forged.json"), "are not those of the earlier report"),
        (("-o", "ledger.db"), "names neither"),
    ],
)
def test_what_cannot_be_reported_is_refused(
    made: Lab, options: tuple[str, ...], told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with at_work(made.folder):
        early = json.loads(Path("early.json").read_text())
        changes: dict[str, dict[str, Any]] = {
            "other": {"origin": "ledger.example/elsewhere"},
            "longer": {"size": 99},
            "forged": {"root": "0" * 64},
        }
        for name, change in changes.items():
            ledger = {**early["ledger"], **change}
            signed = {"size": ledger["size"], "root": ledger["root"]}
            at = {**early["coordinates"], "checkpoint": signed}
            told_so = {**early, "ledger": ledger, "coordinates": at}
            Path(f"{name}.json").write_text(json.dumps(told_so))
        kept = Path("r.html").read_bytes()
        capfd.readouterr()
        flop("report", *options, code=4 if "forged.json" in options else 2)
        assert told in capfd.readouterr().err
        assert Path("r.html").read_bytes() == kept


def test_what_is_not_installed_is_named(
    made: Lab, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with at_work(made.folder):
        flop("report", "-o", "x.html", code=2)
    told = capfd.readouterr().err
    assert "matplotlib is not installed" in told
    assert "pip install 'flopledger[report]'" in told
