"""A real Chromium goes through whole studies; its raters are simulated ones, and are marked so."""

import shutil
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from artifix.errors import DataError
from artifix.evaluate.methods import JPEG, Method
from artifix.study.design import create_study
from artifix.study.order import Controls
from artifix.study.ratings import read_raters, read_ratings
from artifix.study.results import findings
from artifix.study.store import Store

pytest.importorskip("fastapi")
playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser
TRIALS = 8


@pytest.fixture(scope="module")
def server(pictures, make_server, tmp_path_factory):
    """One for all tests; a rater more or less makes no difference to them."""
    study = tmp_path_factory.mktemp("page") / "study"
    create_study(pictures, [JPEG, Method("darker", lambda degraded, file: degraded // 2)], study, images=2)
    return make_server(study)


def begin(page):
    expect(page.locator("#start")).to_be_disabled()
    introduce(page)
    page.click("#start")
    page.click("#card-skip")
    at(page, 1)


def introduce(page):
    """Say what the first page asks."""
    page.select_option("#age", "30-44")
    page.select_option("#vision", "normal")
    page.check("#consent")


def at(page, number):
    """Wait until the trial of this number is shown."""
    expect(page.locator(f'body[data-trial="{number}"][data-view="rating"] #stage:not(.blank)')).to_be_visible()


def shown(page):
    return [page.locator(f"#stage {name}").get_attribute("src") for name in ("#original", "#test")]


def place(page, share):
    """Put the mark there by the mouse, and give the score that this makes."""
    box = page.locator("#score").bounding_box()
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    return float(page.locator("#score").input_value())


def has_mark(slider):
    """Whether the line is thicker anywhere: then it is dark a little above its middle, too."""
    image = np.asarray(Image.open(BytesIO(slider.screenshot())).convert("L"))
    height, width = image.shape
    return bool((image[height // 2 - 10, 10 : width - 10] < 60).any())


def test_three_raters_side_by_side_a_kill_and_a_reload(open_page, make_study, make_server):
    server = make_server(make_study())
    pages = [open_page(f"{server.address}?simulated") for _ in range(3)]
    given = [[] for _ in pages]

    def rate(which, number):
        at(pages[which], number)
        given[which].append(place(pages[which], 0.1 + 0.08 * number + 0.05 * which))
        pages[which].click("#next")

    for page in pages:
        begin(page)
        expect(page.locator("#simulated")).to_be_visible()
    for number in (1, 2):
        for which in range(3):
            rate(which, number)
    for page in pages:
        at(page, 3)
    before, address = shown(pages[0]), pages[0].url
    place(pages[0], 0.9)  # and reloads before it is sent

    server.kill()
    with suppress(playwright.Error):  # nobody answers
        pages[0].reload()
    pages[0].wait_for_url("chrome-error://chromewebdata/", wait_until="commit")  # or it would interrupt what follows
    rate(1, 3)
    expect(pages[1].locator("#hint")).to_contain_text("Nothing is lost; trying again")
    assert len(read_ratings(server.study)) == 6
    server.start()

    pages[0].goto(address)
    at(pages[0], 3)
    assert shown(pages[0]) == before
    expect(pages[0].locator("#place")).to_have_text("Practice 3 of 4")
    at(pages[1], 4)  # it was sent again by itself
    for number in range(3, TRIALS + 1):
        for which in range(3):
            if (which, number) != (1, 3):
                rate(which, number)
    for page in pages:
        expect(page.locator("#finish")).to_be_visible()

    kept = read_ratings(server.study)
    assert [[r.score for r in kept if r.rater == which + 1] for which in range(3)] == given
    assert [len(scores) for scores in given] == [TRIALS] * 3
    assert all(rating.simulated and rating.seconds > 0 for rating in kept)
    assert {(rating.ratio, rating.window) for rating in kept} == {(1, "1280x720")}
    assert findings(server.study, simulated=True).kept == [1, 2, 3]
    with pytest.raises(DataError, match="no person has rated"):
        findings(server.study)


def test_one_picture_is_said_to_be_one(open_page, pictures, make_server, tmp_path):
    create_study(pictures, [JPEG], tmp_path / "study", images=1)
    page = open_page(make_server(tmp_path / "study").address)
    expect(page.locator("#length")).to_have_text("There is 1 trial; it takes about a minute.")


def test_no_going_on_before_the_mark_is_placed(open_page, server):
    page = open_page(f"{server.address}?simulated")
    begin(page)
    slider, button = page.locator("#score"), page.locator("#next")
    expect(button).to_be_disabled()
    assert not has_mark(slider)
    page.keyboard.press("Enter")
    expect(button).to_be_disabled()
    assert slider.get_attribute("list") is None  # no marks on it
    assert not any(letter.isdigit() for letter in page.locator("#answer").inner_text())
    page.keyboard.press("ArrowRight")  # the line has the focus
    expect(button).to_be_enabled()
    assert has_mark(slider)
    page.keyboard.press("Enter")
    at(page, 2)
    expect(button).to_be_disabled()
    assert read_ratings(server.study)[-1].score == 51


def test_the_middle_is_a_place_too(open_page, server):
    page = open_page(f"{server.address}?simulated")
    begin(page)
    assert place(page, 0.5) == pytest.approx(50, abs=0.5)
    expect(page.locator("#next")).to_be_enabled()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844), (844, 390)])
def test_both_pictures_are_of_one_size_and_all_is_in_the_window(open_page, server, size):
    page = open_page(f"{server.address}?simulated", viewport={"width": size[0], "height": size[1]})
    begin(page)
    boxes = [page.locator(f"#{name}").bounding_box() for name in ("original", "test", "answer", "next")]
    assert (boxes[0]["width"], boxes[0]["height"]) == (boxes[1]["width"], boxes[1]["height"])
    for box in boxes:
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= size[1]
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(128, 128, 128)"


def test_who_comes_back_may_go_on(open_page, server):
    page = open_page(f"{server.address}?simulated")
    begin(page)
    place(page, 0.3)
    page.click("#next")
    at(page, 2)
    page.goto(server.address)
    page.click("#resume")
    at(page, 2)
    page.goto(f"{server.address}rate/nobody")
    expect(page.locator("#reason")).to_have_text("no such rater")


@pytest.mark.parametrize("ratio", [1, 1.5, 2])
def test_a_picture_is_shown_pixel_for_pixel(browser, server, ratio):
    """On a screen of this ratio, not on an emulated one, where Chromium lays out in CSS pixels."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    arguments = ["--no-sandbox", f"--force-device-scale-factor={ratio}", "--window-size=1280,800"]
    with browser.browser_type.launch(executable_path=chromium, args=arguments) as scaled:
        page = scaled.new_context(no_viewport=True).new_page()
        page.goto(f"{server.address}?simulated")
        assert page.evaluate("devicePixelRatio") == ratio
        begin(page)
        source = page.request.get(server.address.rstrip("/") + page.locator("#test").get_attribute("src"))
        file = np.asarray(Image.open(BytesIO(source.body())).convert("RGB"))
        screen = np.asarray(Image.open(BytesIO(page.screenshot())).convert("RGB"))
        box = page.locator("#test").bounding_box()
        top, left = round(box["y"] * ratio), round(box["x"] * ratio)
        height, width, _ = file.shape
        assert np.array_equal(screen[top : top + height, left : left + width], file)
        place(page, 0.3)
        page.click("#next")
        at(page, 2)
        rating = read_ratings(server.study)[-1]
        assert rating.ratio == ratio


def test_a_window_too_small_is_refused_until_it_is_larger(open_page, server):
    page = open_page(f"{server.address}?simulated", viewport={"width": 100, "height": 400})
    introduce(page)
    expect(page.locator("#room")).to_contain_text("too small for pictures of")
    expect(page.locator("#start")).to_be_disabled()
    page.set_viewport_size({"width": 800, "height": 600})
    expect(page.locator("#room")).to_be_hidden()
    page.click("#start")
    page.click("#card-skip")
    at(page, 1)
    place(page, 0.4)
    page.set_viewport_size({"width": 800, "height": 200})
    expect(page.locator("#small-text")).to_contain_text("make the window larger")
    page.locator("#answer").evaluate("form => form.requestSubmit()")
    page.set_viewport_size({"width": 800, "height": 600})
    expect(page.locator("#small")).to_be_hidden()
    page.click("#next")
    at(page, 2)


@pytest.fixture
def serve_study(pictures, make_server, tmp_path):
    """serve_study(**options of create_study) -> the server of a study of one picture by two methods."""

    def make(**options):
        methods = [JPEG, Method("darker", lambda degraded, file: degraded // 2)]
        create_study(pictures, methods, tmp_path / "study", images=1, **options)
        return make_server(tmp_path / "study")

    return make


@pytest.mark.parametrize(("procedure", "grades"), [("dsis", 5), ("acr", 5), ("pairs", 2)])
def test_grades_are_chosen_by_mouse_or_keys(open_page, serve_study, assert_accessible, procedure, grades):
    server = serve_study(procedure=procedure)
    page = open_page(f"{server.address}?simulated", viewport={"width": 390, "height": 844})
    begin(page)
    assert_accessible(page)
    assert page.locator("#grades label").count() == grades
    assert page.locator("#grades :checked").count() == 0
    expect(page.locator("#line")).to_be_hidden()
    expect(page.locator("#next")).to_be_disabled()
    page.locator("#grades label").first.click()
    page.click("#next")
    at(page, 2)
    assert page.locator("#grades :checked").count() == 0
    page.keyboard.press("ArrowDown")  # the first grade has the focus
    page.keyboard.press("Enter")
    at(page, 3)
    best = 1 if procedure == "pairs" else 5
    assert [rating.score for rating in read_ratings(server.study)] == [best, best - 1]
    for box in page.locator("#stage img, #grades label, #next").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    ):
        assert box["left"] >= 0
        assert box["right"] <= 390
        assert box["bottom"] <= 844


def test_a_trial_must_be_looked_at(open_page, serve_study):
    page = open_page(f"{serve_study(controls=Controls(minimum_seconds=1.5)).address}?simulated")
    begin(page)
    began = page.evaluate("performance.now()")
    place(page, 0.4)
    expect(page.locator("#next")).to_be_disabled()
    expect(page.locator("#hint")).to_contain_text("a moment longer")
    expect(page.locator("#next")).to_be_enabled()
    assert page.evaluate("performance.now()") - began > 1000
    page.click("#next")
    at(page, 2)


def test_a_card_tells_the_size_of_the_screen(open_page, serve_study):
    server = serve_study()
    page = open_page(f"{server.address}?simulated")
    introduce(page)
    page.click("#start")
    page.locator("#card-width").fill("428")  # CSS pixels for 85.6 mm: 5 a millimetre
    assert page.locator("#frame").bounding_box()["width"] == 428
    # A pixel of 0.2 mm is seen under one minute of arc from 0.2 mm / tan(1') = 688 mm.
    expect(page.locator("#distance")).to_contain_text("about 69 cm")
    page.click("#card-done")
    at(page, 1)
    (rater,) = read_raters(server.study)
    assert rater.pixels_per_mm == pytest.approx(5)
    assert (rater.age, rater.vision, rater.screen) == ("30-44", "normal", "1280x720")


def test_a_screen_too_small_is_refused(open_page, server):
    size = {"width": 60, "height": 100}
    page = open_page(f"{server.address}?simulated", viewport=size, screen=size)
    expect(page.locator("#room")).to_contain_text("This screen is too small")
    expect(page.locator("#start")).to_be_disabled()


def test_nothing_is_begun_before_the_questions_are_answered(open_page, serve_study):
    server = serve_study()
    (code,) = Store(server.study).add_invites(1)
    page = open_page(server.address)
    start = page.locator("#start")
    page.check("#consent")
    page.select_option("#age", "60+")
    expect(start).to_be_disabled()
    page.select_option("#vision", "unsaid")
    expect(start).to_be_disabled()  # the study is by invitation
    page.goto(f"{server.address}?invite={code}")
    introduce(page)
    page.click("#start")
    page.click("#card-skip")
    at(page, 1)
    assert read_raters(server.study)[0].invite == code


def test_the_page_speaks_the_studys_language_to_its_end(open_page, serve_study, assert_accessible):
    server = serve_study(language="de")
    page = open_page(f"{server.address}?simulated")
    expect(page.locator("h1").first).to_have_text("Wie nah kommt ein Bild seinem Original?")
    assert page.evaluate("document.documentElement.lang") == "de"
    assert_accessible(page)
    begin(page)
    assert_accessible(page)
    for number in range(1, 7):
        at(page, number)
        place(page, 0.5)
        page.click("#next")
    completion = read_raters(server.study)[0].completion
    expect(page.locator("#completion")).to_have_text(f"Ihr Abschlusscode lautet {completion}.")
    assert_accessible(page)


def test_the_experimenter_sees_who_is_where(open_page, serve_study, assert_accessible):
    server = serve_study()
    rater = open_page(f"{server.address}?simulated")
    begin(rater)
    place(rater, 0.5)
    rater.click("#next")
    at(rater, 2)
    page = open_page(f"{server.address}progress#wrong")
    expect(page.locator("#sum")).to_contain_text("the experimenter's key is needed")
    page = open_page(f"{server.address}progress#{server.key}")
    expect(page.locator("#sum")).to_have_text("0 began, 0 finished.")
    expect(page.locator("#raters tr")).to_contain_text(["1 of 6"])
    assert_accessible(page)
