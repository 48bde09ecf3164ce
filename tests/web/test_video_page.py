"""Short videos in the page, in a real Chromium: a frame to choose by, the whole to take home."""

import time

import pytest

from artifix.web import video as work
from artifix.web.limits import Limits

pytest.importorskip("av")
expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser


@pytest.fixture
def film(clip, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(clip)
    return path


def test_a_frame_is_compared_and_the_video_taken_home(open_page, address, film, upload):
    page = open_page(address)
    expect(page.locator("#allowed")).to_contain_text("Videos of up to 20 s and 1280 × 720.")
    upload(page, film)
    expect(page.locator("#facts")).to_have_text("96 × 80 pixels · 0.3 s · 2 kB")
    expect(page.locator("#found")).to_have_text(
        "A video in H.264. You see one frame of it; the download is the whole video."
    )
    for hidden in ("#format", "#detail", "#cancel"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("#frame-value")).to_have_text("0.1 s")
    sides = ".left .original", ".right .restored"
    assert [page.locator(side).evaluate("one => one.naturalWidth") for side in sides] == [96, 96]
    middle = [page.locator(side).get_attribute("src") for side in sides]
    page.locator("#frame").press("Home")
    expect(page.locator("#frame-value")).to_have_text("0.0 s")
    expect(page.locator("#strip li")).to_have_attribute("data-state", "done")
    first = [page.locator(side).get_attribute("src") for side in sides]
    assert not set(first) & set(middle)
    with page.expect_download() as download:
        page.click("#download")
    assert download.value.suggested_filename == "film-restored.mp4"
    assert download.value.path().read_bytes()[4:8] == b"ftyp"
    expect(page.locator("#download")).to_have_text("Download")
    with page.expect_download():  # which is kept
        page.click("#download")


def test_progress_is_said_and_cancelling_ends_the_work(open_page, served, film, upload, monkeypatch):
    def half(upload, progress, *rest, **named):
        while True:
            time.sleep(0.01)
            progress(0.5)

    monkeypatch.setattr(work, "restore", half)
    with served(Limits()) as port:
        page = open_page(f"http://127.0.0.1:{port}/")
        upload(page, film)
        page.click("#download")
        expect(page.locator("#download")).to_have_text("Restoring, 50 %")
        expect(page.locator("#lost")).to_have_text("Less than a minute left.")
        assert page.request.get(f"http://127.0.0.1:{port}/api/health").json()["working"] == 1
        page.click("#cancel")
        expect(page.locator("#download")).to_have_text("Download")
        expect(page.locator("#cancel")).to_be_hidden()
        expect(page.locator("#live")).to_have_text("Cancelled")
        while page.request.get(f"http://127.0.0.1:{port}/api/health").json()["working"]:
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"video_seconds": 0.2}, "The video has 8 frames in 0.3 s; this server takes up to 0.2 s"),
        ({"video_seconds": 0}, "Videos are not restored here"),
    ],
)
def test_a_video_that_is_not_taken_says_why(open_page, served, film, limits, words):
    with served(Limits(**limits)) as port:
        page = open_page(f"http://127.0.0.1:{port}/")
        page.set_input_files("#files", str(film))
        expect(page.locator("#notice-text")).to_have_text(words)
        expect(page.locator("#notice-button")).to_have_text("Remove")
