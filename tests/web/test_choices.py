"""The page's choices in a real Chromium: models for people, results kept, any two compared, changes taken back."""

import threading

import numpy as np
import pytest
from PIL import Image

from artifix.models.catalog import DEFAULT
from artifix.web import work

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser


@pytest.fixture
def posts():
    """posts(page) -> the restorations that it asks for from now on, as their queries."""

    def listen(page):
        found = []
        page.on("request", lambda request: found.append(request.url) if "/api/restore?" in request.url else None)
        return found

    return listen


def choose(page, label):
    page.get_by_label(label, exact=True).check(force=True)


def done(page, count=1):
    expect(page.locator("#strip li[data-state=done]")).to_have_count(count)


def test_models_are_offered_in_words(open_page, address, photo, upload, posts):
    page = open_page(address)
    asked = posts(page)
    upload(page, photo)
    expect(page.get_by_label("Faithful")).to_be_checked()
    expect(page.locator("#model-words")).to_contain_text("It adds nothing of its own")
    expect(page.locator("#model")).to_be_hidden()
    assert page.locator("#choices img").evaluate_all("all => all.every(image => image.naturalWidth > 0)")
    expect(page.locator("#detail")).to_be_visible()
    choose(page, "Vivid")
    done(page)
    expect(page.locator("#model-words")).to_contain_text("made up")
    expect(page.locator("#detail")).to_be_hidden()  # there is none beyond it
    page.click("#research summary")
    names = page.locator("#model option").all_inner_texts()
    assert "ssim" in names
    assert not {DEFAULT, "fast", "gan"} & set(names)
    page.select_option("#model", "ssim")
    done(page)
    expect(page.get_by_label("Vivid")).not_to_be_checked()
    assert [url.split("model=")[1].split("&")[0] for url in asked] == ["", "gan", "ssim"]
    for word in ("As it came", "As the format needs"):
        assert word not in page.locator("body").inner_text()


def test_going_back_is_at_once(open_page, address, photo, upload, posts):
    page = open_page(address)
    upload(page, photo)
    choose(page, "Quick")
    done(page)
    asked = posts(page)
    for label in ("Faithful", "Quick", "Faithful"):
        choose(page, label)
        expect(page.locator("#strip li")).to_have_attribute("data-state", "done", timeout=1000)
    assert asked == []


def box(page):
    from io import BytesIO

    from PIL import Image

    return np.asarray(Image.open(BytesIO(page.locator("#viewer").screenshot())).convert("RGB")).astype(float)


def test_any_two_are_compared(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    assert page.locator("#against option").all_inner_texts() == ["the original", "the file’s bound"]
    choose(page, "Vivid")
    done(page)
    page.select_option("#against", label="Faithful")
    assert page.locator(".tag").all_inner_texts() == ["Faithful", "Vivid"]
    expect(page.locator("#view-left")).to_have_text("Left")
    page.keyboard.press("f")
    right = box(page)
    page.keyboard.press("f")
    left = box(page)
    assert page.locator(".tag:visible").all_inner_texts() == ["Faithful"]
    page.select_option("#against", label="the original")
    before = box(page)
    assert np.abs(left - right).mean() > 0.3  # Faithful and Vivid
    assert np.abs(left - before).mean() > 0.3
    slider = page.locator("#strength")
    slider.focus()
    slider.press("Home")
    page.select_option("#against", label="Vivid")
    assert page.locator(".tag").all_inner_texts() == ["Vivid", "Vivid, 0 %"]


def test_side_by_side_both_have_the_same_place(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    page.get_by_label("Side by side").check(force=True)
    page.keyboard.press("2")
    expect(page.locator("#zoom-value")).to_have_text("200 %")
    places = page.locator(".side").evaluate_all("""all => all.map((side) => {
        const [whole, image] = [side, side.querySelector(".original")].map((one) => one.getBoundingClientRect());
        return [image.x - whole.x, image.y - whole.y, image.width];
    })""")
    assert abs(places[0][0] - places[1][0]) <= 1
    assert places[0][1:] == places[1][1:]
    assert places[0][2] == 256
    left, right = (page.locator(f".side.{side}").bounding_box() for side in ("left", "right"))
    assert left["x"] + left["width"] <= right["x"]


def test_cancelling_a_change_gives_the_finished_result_back(open_page, address, photo, upload, monkeypatch):
    page = open_page(address)
    upload(page, photo)
    shown = page.locator(".right .restored").get_attribute("src")

    def forever(upload, progress, *rest):
        while not threading.Event().wait(0.01):
            progress(0.5)

    monkeypatch.setattr(work, "restore", forever)
    choose(page, "Vivid")
    expect(page.locator("#notice-text")).to_have_text("Restoring, 50 %")
    assert page.locator(".right .restored").get_attribute("src") == shown  # it is there to be looked at meanwhile
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Faithful")).to_be_checked()
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator("#viewer")).to_be_focused()
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "photo-restored.jpg"


def test_a_change_that_fails_can_be_taken_back(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    page.route("**/api/restore?*", lambda route: route.fulfill(status=500, json={"error": "no luck"}), times=1)
    choose(page, "Quick")
    expect(page.locator("#notice-text")).to_have_text("No luck")
    page.get_by_role("button", name="Go back").click()
    expect(page.get_by_label("Faithful")).to_be_checked()
    done(page)


def test_a_map_shows_where_the_file_bounds_the_picture(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    expect(page.locator("#bound-words")).to_be_hidden()
    page.select_option("#against", label="the file’s bound")
    expect(page.locator(".tag.left")).to_have_text("Where the file bounds it")
    expect(page.locator("#bound-words")).to_contain_text("was brought back")
    drawn = page.locator(".left .restored")
    assert drawn.evaluate(
        "async image => { await image.decode(); return [image.naturalWidth, image.naturalHeight]; }"
    ) == [
        128,
        96,
    ]
    first = drawn.get_attribute("src")
    choose(page, "Quick")  # another model has another map
    done(page)
    expect(drawn).not_to_have_attribute("src", first)
    expect(page.locator(".tag.left")).to_have_text("Where the file bounds it")
    page.select_option("#against", label="the original")
    expect(page.locator("#bound-words")).to_be_hidden()
    expect(page.locator(".tag.left")).to_have_text("Before")


def test_what_no_file_bounds_has_no_map(open_page, address, photograph, upload, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "photo.png")
    page = open_page(address)
    upload(page, tmp_path / "photo.png")
    expect(page.locator("#bound-words")).to_be_hidden()
    assert "the file’s bound" not in page.locator("#against").inner_text()
