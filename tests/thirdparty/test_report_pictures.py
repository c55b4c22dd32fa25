"""A browser opens the report: nothing overflows on a phone, and paper of both sizes holds it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from reported import lab

pytestmark = [pytest.mark.thirdparty, pytest.mark.slow]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LAPTOP = 1280
PROBE = """<script>onload = () => { const d = frames[0].document.documentElement;
const held = [...d.querySelectorAll(".scroll")];
const over = held.filter(each => each.scrollWidth > each.clientWidth).length;
document.title = `${d.scrollWidth} of ${d.clientWidth}, ${over} cut of ${held.length}`; }
</script>"""


def browse(folder: Path, *options: str) -> str:
    """Run the browser without a window; its output."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("needs a browser: install chromium")
    own = f"--user-data-dir={folder / 'browser'}"
    common = ("--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", own)
    done = subprocess.run(
        [found, *common, *options], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


@pytest.mark.parametrize("width", [390, LAPTOP])
def test_pictures_no_page_is_wider_than_its_window(tmp_path: Path, width: int) -> None:
    folder = lab(tmp_path).folder
    frame = f'<iframe src="r.html" style="width:{width}px;height:800px;border:0"></iframe>'
    (folder / "frame.html").write_text(f"<!DOCTYPE html><body>{frame}{PROBE}</body>")
    text = browse(folder, "--dump-dom", f"file://{folder}/frame.html")
    found = re.search(r"<title>(\d+) of (\d+), (\d+) cut of (\d+)</title>", text)
    assert found, text[-400:]
    assert int(found[1]) <= int(found[2])
    assert int(found[3]) == 0 or width < LAPTOP, "a table is cut at its right edge"
    assert int(found[4]) > 5


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_pictures_the_page_prints(tmp_path: Path, paper: str) -> None:
    folder = lab(tmp_path).folder
    page = folder / "r.html"
    page.write_text(page.read_text().replace("size: auto", f"size: {paper}"))
    browse(folder, f"--print-to-pdf={folder}/r.pdf", "--no-pdf-header-footer", f"file://{page}")
    data = (folder / "r.pdf").read_bytes()
    boxes = set(re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", data))
    sides = {(round(float(width)), round(float(height))) for width, height in boxes}
    assert sides <= {(595, 842), (596, 842), (595, 841)} if paper == "A4" else {(612, 792)}
    assert sides
