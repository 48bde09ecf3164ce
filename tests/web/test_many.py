"""Many pictures in a real Chromium: how far they are, folders kept, nothing lost by leaving or by a full server."""

import threading
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from artifix.web import work
from artifix.web.limits import Limits

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser


@pytest.fixture
def pictures(photograph, tmp_path):
    """pictures(names) -> their paths, a small PNG each, in folders where the names have some."""

    def write(names):
        paths = [tmp_path / "holiday" / name for name in names]
        for number, path in enumerate(paths):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.roll(photograph, 7 * number, axis=1)[:32, :48]).save(path)
        return paths

    return write


@pytest.fixture
def metered(monkeypatch):
    """Restoring waits until it is let go on, picture by picture."""
    turn, real = threading.Semaphore(0), work.restore

    def wait(upload, progress, *rest):
        while not turn.acquire(timeout=0.01):
            progress(0.25)
        return real(upload, progress, *rest)

    monkeypatch.setattr(work, "restore", wait)
    yield turn
    turn.release(1000)


def test_how_far_many_pictures_are(open_page, served, pictures, metered):
    paths = pictures([f"{number}.png" for number in range(7)])
    with served(Limits(workers=1)) as port:
        page = open_page(f"http://127.0.0.1:{port}/")
        page.set_input_files("#files", [str(path) for path in paths])
        expect(page.locator("#summary")).to_have_text("0 of 7")
        expect(page.locator("#download-all")).to_be_hidden()
        metered.release(2)
        expect(page.locator("#download-all")).to_have_text("Download 2 ready")
        metered.release(2)
        expect(page.locator("#summary")).to_have_text("4 of 7, less than a minute left")
        assert page.title() == "4 of 7, less than a minute left · artifix"
        with page.expect_download() as download:
            page.click("#download-all")
        names = zipfile.ZipFile(BytesIO(download.value.path().read_bytes())).namelist()
        assert names == [f"{number}-restored.png" for number in range(4)]
        expect(page.locator("#archive")).to_have_text("4 of 7 pictures downloaded; 3 others not restored yet.")
        metered.release(3)
        expect(page.locator("#download-all")).to_have_text("Download all 7")
        expect(page.locator("#summary")).to_have_text("7 restored")
        assert page.title() == "artifix"


def test_a_folder_in_is_a_folder_out(open_page, address, pictures):
    paths = pictures(["b.png", "a/1.png", "a/2.png", "a/deep/1.png"])
    (paths[1].parent / "notes.txt").write_text("no picture")
    page = open_page(address)
    page.set_input_files("#folders", str(paths[0].parent))
    expect(page.locator("#strip li[data-state=done]")).to_have_count(4)
    with page.expect_download() as download:
        page.click("#download-all")
    assert zipfile.ZipFile(BytesIO(download.value.path().read_bytes())).namelist() == [
        "holiday/b-restored.png",
        "holiday/a/1-restored.png",
        "holiday/a/2-restored.png",
        "holiday/a/deep/1-restored.png",
    ]


def test_new_pictures_are_shown(open_page, address, pictures):
    first, second = pictures(["first.png", "second.png"])
    page = open_page(address)
    for path in (first, second):
        page.set_input_files("#files", str(path))
        expect(page.locator("#name")).to_have_text(path.name)


def test_leaving_with_unsaved_pictures_asks(open_page, address, photo, upload):
    page = open_page(address)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    upload(page, photo)
    page.click("#zoom-in")  # browsers ask only those who have touched the page
    page.reload()
    assert asked == ["beforeunload"]
    upload(page, photo)
    with page.expect_download():
        page.click("#download")
    expect(page.locator("#live")).to_have_text("photo.jpg downloaded")
    page.reload()
    assert asked == ["beforeunload"]


def test_a_full_server_is_waited_for(open_page, address, photo):
    page = open_page(address)
    full = {"status": 429, "headers": {"Retry-After": "1"}, "json": {"error": "too many"}}
    for path in ("uploads", "restore"):
        page.route(f"**/api/{path}?*", lambda route: route.fulfill(**full), times=1)
    page.set_input_files("#files", str(photo))
    expect(page.locator("#notice-text")).to_have_text("The server is busy; trying again")
    expect(page.locator("#strip li[data-state=done]")).to_have_count(1)


def test_delete_removes_the_picture(open_page, address, pictures, upload):
    page = open_page(address)
    upload(page, *pictures(["a.png", "b.png", "c.png"]))
    page.locator("#strip .look").nth(1).focus()
    page.keyboard.press("Delete")
    expect(page.locator("#strip .look").nth(1)).to_be_focused()
    assert page.locator("#strip li").evaluate_all("all => all.map(one => one.title[0])") == ["a", "c"]
    page.locator("#viewer").focus()
    page.keyboard.press("Delete")
    expect(page.locator("#name")).to_have_text("c.png")
    expect(page.locator("#viewer")).to_be_focused()
    page.keyboard.press("Delete")
    expect(page.locator("#choose")).to_be_focused()


def test_a_link_instead_of_a_picture_is_said(open_page, address):
    page = open_page(address)
    link = page.evaluate_handle("""() => {
        const transfer = new DataTransfer();
        transfer.setData("text/uri-list", "https://pictures.example/a.jpg");
        return transfer;
    }""")
    page.dispatch_event("body", "drop", {"dataTransfer": link})
    expect(page.locator("#trouble-text")).to_contain_text("a link, not a picture")
