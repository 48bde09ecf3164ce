"""A study as it would be held, by 12 simulated raters in Chromium, from the first command to the opened report."""

import csv
from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("matplotlib")
pytest.importorskip("fastapi")
from artifix.cli import app
from artifix.study.design import read_design
from artifix.study.order import Trial
from artifix.study.ratings import read_raters, read_ratings
from artifix.study.simulate import SimulatedRater, worths_of
from artifix.study.store import Store

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser
RATERS = 12


def invoke(*arguments):
    done = CliRunner().invoke(app, ["study", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done.output


class Seat:
    """One simulated rater before one window; what is shown there is all that the rater goes by."""

    def __init__(self, page, design, worths, rng):
        self.page, self.done = page, 0
        self.rater = SimulatedRater(design, worths, rng)
        self.names = {
            f"/pictures/{file}.png": (image.name, method)
            for image in design.by_name.values()
            for method, file in image.tests.items()
        }

    def begin(self):
        page = self.page
        page.select_option("#age", "18-29")
        page.select_option("#vision", "normal")
        page.check("#consent")
        page.click("#start")
        page.click("#card-done")

    def rate(self):
        """Rate the next trial as it is seen."""
        page, self.done = self.page, self.done + 1
        shown = page.locator(f'body[data-trial="{self.done}"] #stage:not(.blank) #test')
        image, method = self.names[shown.get_attribute("src")]
        page.locator("#score").fill(str(self.rater.score(Trial("test", image, method))))
        page.locator("#score").press("Enter")


def test_twelve_raters_from_the_first_command_to_the_report(pictures, make_server, open_page, tmp_path):
    study = tmp_path / "study"
    create = ["--data", pictures, "--images", 2, "--model", "jpeg,mse", "--repeats", 1, "--checks", 1]
    invoke("create", *create, "--minimum-seconds", 0, "-o", study)
    server, design = make_server(study), read_design(study)
    worths, rng = worths_of(study, design), np.random.default_rng(0)
    seats = [Seat(open_page(f"{server.address}?simulated"), design, worths, rng) for _ in range(RATERS)]
    for seat in seats:
        seat.begin()
    for _ in range(design.trials + len(design.practice)):
        for seat in seats:  # side by side, as in a room
            seat.rate()
    for seat in seats:
        expect(seat.page.locator("#finish")).to_be_visible()

    raters, ratings = read_raters(study), read_ratings(study)
    assert all(rater.finished and rater.simulated and rater.pixels_per_mm for rater in raters)
    codes = {seat.page.locator("#completion").inner_text().split()[-1].rstrip(".") for seat in seats}
    assert codes == {rater.completion for rater in raters}
    assert Counter(rating.kind for rating in ratings) == {
        "practice": RATERS * 4,
        "test": RATERS * 4,
        "repeat": RATERS,
        "check": RATERS,
    }
    orders = {tuple((one.image, one.method) for one in ratings if one.rater == rater.number) for rater in raters}
    assert len(orders) == RATERS
    assert not Store(study).by_invitation

    files = {name: tmp_path / name for name in ("report.html", "pictures.csv", "ratings.csv")}
    told = invoke(
        "report", study, "--simulated", "--html", files["report.html"], "--csv", files["pictures.csv"],
        "--ratings", files["ratings.csv"],
    )  # fmt: skip
    assert "SIMULATED RATERS" in " ".join(told.split())
    with files["ratings.csv"].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == RATERS * 6
    page = open_page(files["report.html"].as_uri())
    expect(page.get_by_role("alert")).to_contain_text("say nothing of what people see")
    text = page.locator("body").inner_text()
    for words in ("Table 3", "Screening", "Intraclass correlation", "Holm", "PSNR of luma", "checks failed"):
        assert words in text
    assert page.locator(".rated img").evaluate_all("all => all.every(image => image.naturalWidth > 0)")
    target = page.locator("svg a").first.get_attribute("xlink:href").removeprefix("#")
    assert page.locator(f'figure[id="{target}"]').count() == 1
