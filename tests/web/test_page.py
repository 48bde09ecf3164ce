"""The page in a real Chromium, from the upload to the downloaded bytes."""

import base64
import re
import shutil
import threading
import time
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from artifix.models.catalog import DEFAULT, read_model
from artifix.restoration import Restorer
from artifix.web import work
from artifix.web.limits import Limits

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser


def slide(page, name, value):
    page.locator(name).evaluate(
        "(slider, value) => { slider.value = value; for (const t of ['input', 'change'])"
        " slider.dispatchEvent(new Event(t, { bubbles: true })) }",
        value,
    )


def taken(page, click) -> tuple[str, bytes]:
    with page.expect_download() as download:
        click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def seen(page) -> np.ndarray:
    """The middle of the viewer as it is on the screen."""
    image = np.asarray(Image.open(BytesIO(page.locator("#viewer").screenshot())).convert("RGB")).astype(float)
    height, width, _ = image.shape
    return image[height // 2 - 30 : height // 2 + 30, width // 2 - 40 : width // 2 + 40]


def test_upload_compare_and_download(open_page, address, photo, tmp_path, upload):
    page = open_page(address)
    posts = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    upload(page, photo)
    expect(page.locator("#found")).to_contain_text("JPEG of quality 15, colour at a quarter of the resolution")
    expect(page.locator("#facts")).to_contain_text("128 × 96 pixels")
    expect(page.locator("#live")).to_have_text("photo.jpg: Restored")

    Restorer().restore_file(photo, tmp_path / "full.jpg")
    assert taken(page, page.locator("#download").click) == ("photo-restored.jpg", (tmp_path / "full.jpg").read_bytes())

    before_sliding = len(posts)
    page.keyboard.press("1")
    page.keyboard.press("f")
    after = seen(page)
    page.keyboard.press("f")
    before = seen(page)
    assert np.abs(after - before).mean() > 1
    page.keyboard.press("f")
    for strength in (0, 0.25, 1):
        slide(page, "#strength", strength)
        blend = (1 - strength) * before + strength * after
        assert np.abs(seen(page) - blend).max() <= 2, strength
    assert len(posts) == before_sliding  # the browser answered by itself

    slide(page, "#strength", 0.25)
    expect(page.locator("#lost")).to_have_text("")
    page.select_option("#format", "png")
    Restorer(strength=0.25).restore_file(photo, tmp_path / "quarter.png")
    assert taken(page, lambda: page.keyboard.press("s")) == (
        "photo-restored.png",
        (tmp_path / "quarter.png").read_bytes(),
    )


def test_a_formats_note_goes_with_the_format(open_page, address, photograph, tmp_path, upload):
    Image.fromarray(photograph).save(tmp_path / "a.png")
    page = open_page(address)
    upload(page, tmp_path / "a.png")
    left = "Left as it is: no trace of compression."
    lossy = re.compile("ossy JPEG, quality 95")
    expect(page.locator("#lost")).to_have_text(left)
    page.select_option("#format", "jpeg")
    expect(page.locator("#lost")).to_have_text("")  # nothing is known of a file that is not made
    name, _ = taken(page, page.locator("#download").click)
    assert name == "a-restored.jpg"
    expect(page.locator("#lost")).to_have_text(lossy)
    page.select_option("#format", "")
    expect(page.locator("#lost")).to_have_text(left)
    page.select_option("#format", "jpeg")
    expect(page.locator("#lost")).to_have_text(lossy)


def test_several_pictures_in_a_queue(open_page, address, photo, photograph, tmp_path):
    Image.fromarray(photograph).save(tmp_path / "flat.tif")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    page = open_page(address)
    page.set_input_files("#files", [str(tmp_path / name) for name in ("photo.jpg", "flat.tif", "broken.jpg")])
    states = page.locator("#strip li")
    for number, state in enumerate(("done", "done", "failed")):
        expect(states.nth(number)).to_have_attribute("data-state", state)
    expect(page.locator("#name")).to_have_text("photo.jpg")
    page.keyboard.press("n")
    expect(page.locator("#name")).to_have_text("flat.tif")
    expect(page.locator("#found")).to_have_text("A TIFF without a trace of JPEG.")
    width = page.locator(".right img.restored").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert width == 128  # a browser shows no TIFF, so the server made it a PNG
    Restorer().restore_file(tmp_path / "flat.tif", tmp_path / "out.tif")
    name, data = taken(page, page.locator("#download").click)
    assert (name, data) == ("flat-restored.tif", (tmp_path / "out.tif").read_bytes())
    page.keyboard.press("n")
    expect(page.locator("#notice-text")).to_contain_text("Not a picture")
    expect(page.locator("#download")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#notice-button")).to_have_text("Remove")  # another attempt would end as this one
    page.get_by_label("Remove broken.jpg").click()
    expect(states).to_have_count(2)


def test_all_are_one_archive(open_page, address, photograph, tmp_path, upload):
    names = ["a/photo.jpg", "b/photo.jpg", "c/PHOTO.JPG", "häuser.jpg", *(f"{number}.png" for number in range(8))]
    for number, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.roll(photograph, 7 * number, axis=1)[:32, :48]).save(tmp_path / name)
    page = open_page(address)
    upload(page, *(tmp_path / name for name in names))
    expected, restorer = [], Restorer()
    for number, name in enumerate(names):
        target = tmp_path / f"restored-{number}{(tmp_path / name).suffix}"
        restorer.restore_file(tmp_path / name, target)
        expected.append(target.read_bytes())
    called, data = taken(page, page.locator("#download-all").click)
    assert called == "artifix.zip"
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert [archive.read(name) for name in archive.namelist()] == expected
        assert archive.namelist()[:4] == [
            "photo-restored.jpg",
            "photo-restored (2).jpg",
            "PHOTO-restored (3).JPG",
            "häuser-restored.jpg",
        ]
        assert archive.namelist()[4:] == [f"{number}-restored.png" for number in range(8)]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert time.localtime().tm_year - archive.infolist()[0].date_time[0] in (0, 1)
    expect(page.locator("#archive")).to_have_text("12 of 12 pictures downloaded.")


def test_what_cannot_be_made_is_said_and_the_others_are_in_the_archive(open_page, address, photo, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    page = open_page(address)
    page.set_input_files("#files", [str(tmp_path / name) for name in ("photo.jpg", "photo.jpg", "broken.jpg")])
    expect(page.locator("#strip li[data-state=done]")).to_have_count(2)
    expect(page.locator("#strip li[data-state=failed]")).to_have_count(1)
    slide(page, "#strength", 0.5)
    page.click("#for-all")
    page.route("**/api/restore?*", lambda route: route.fulfill(status=500, json={"error": "no luck"}), times=1)
    _, data = taken(page, page.locator("#download-all").click)
    assert zipfile.ZipFile(BytesIO(data)).namelist() == ["photo-restored.jpg"]
    expect(page.locator("#archive")).to_contain_text(
        "1 of 3 pictures downloaded; photo.jpg: no luck; broken.jpg: Not a"
    )
    expect(page.locator("#download-all")).to_have_attribute("aria-disabled", "false")


def test_model_and_detail_run_anew_without_another_upload(open_page, served, photo, tmp_path, upload):
    other, vivid = tmp_path / "other.safetensors", tmp_path / "vivid.safetensors"
    for path in (other, vivid):
        path.write_bytes(read_model("mse").to_bytes())
    with served(Limits(), models={DEFAULT: "mse", "other": other}, vivid=vivid) as port:
        page = open_page(f"http://127.0.0.1:{port}/")
        upload(page, photo, photo)
        sent = []
        page.on("request", lambda request: sent.append(request.url) if request.post_data else None)
        with page.expect_response("**/api/restore?model=other&detail=0&*") as answer:
            page.click("#research summary")
            page.select_option("#model", "other")
        assert answer.value.status == 200
        with page.expect_response("**/api/restore?model=other&detail=0.5&*") as answer:
            slide(page, "#detail", 0.5)
        assert answer.value.status == 200
        with page.expect_response("**/api/restore?model=other&detail=0.5&*") as answer:
            page.click("#for-all")
        assert answer.value.status == 200
        expect(page.locator("#strip li[data-state=done]")).to_have_count(2)
        assert sent == []


def test_a_picture_that_the_server_keeps_no_longer_is_sent_again(open_page, served, photo, upload):
    with served(Limits(kept_seconds=1)) as port:
        page = open_page(f"http://127.0.0.1:{port}/")
        upload(page, photo)
        time.sleep(1.5)
        with page.expect_request("**/api/uploads?*"), page.expect_response("**/api/restore?model=fast&*") as answer:
            page.get_by_label("Quick").check(force=True)
            expect(page.locator("#strip li[data-state=done]")).to_have_count(1)
        assert answer.value.status in (200, 410)
        expect(page.locator("#strip li[data-state=done]")).to_have_count(1)


def test_dropped_and_pasted_pictures(open_page, address, jpeg):
    page = open_page(address)
    data = base64.b64encode(jpeg).decode()
    transfer = """(data) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        const transfer = new DataTransfer();
        transfer.items.add(new File([bytes], "NAME.jpg", { type: "image/jpeg" }));
        return transfer;
    }"""
    dropped = page.evaluate_handle(transfer.replace("NAME", "dropped"), data)
    page.dispatch_event("body", "drop", {"dataTransfer": dropped})
    pasted = page.evaluate_handle(transfer.replace("NAME", "pasted"), data)
    page.evaluate("(clipboardData) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }))", pasted)
    expect(page.locator("#strip li[data-state=done]")).to_have_count(2)
    assert [item.split("\n")[0] for item in page.locator("#strip li").evaluate_all("all => all.map(o => o.title)")] == [
        "dropped.jpg",
        "pasted.jpg",
    ]


def test_a_server_that_is_away_is_said_and_files_wait(open_page, address, photo):
    page = open_page("about:blank")
    page.route("**/api/models", lambda route: route.abort(), times=1)
    page.goto(address)
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    page.set_input_files("#files", [str(photo)] * 2)
    expect(page.locator("#early")).to_have_text("2 pictures waiting")
    page.route("**/api/health", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"), times=1)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("alert")).to_contain_text("The server answers 502.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#strip li[data-state=done]")).to_have_count(2)


def test_nothing_is_said_to_be_uploaded_where_nothing_is(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    page.evaluate("""() => {
        window.said = [];
        const notice = document.getElementById("notice-text");
        new MutationObserver(() => window.said.push(notice.textContent)).observe(notice, { childList: true });
    }""")
    with page.expect_response("**/api/restore?model=fast&*"):
        page.get_by_label("Quick").check(force=True)
    expect(page.locator("#strip li[data-state=done]")).to_have_count(1)
    said = page.evaluate("window.said")
    assert said
    assert not [text for text in said if text.startswith("Upload")]


def test_the_focus_stays_in_the_strip_when_pictures_are_removed(open_page, address, photo, tmp_path, upload):
    paths = [photo, *(shutil.copy(photo, tmp_path / f"{name}.jpg") for name in "ab")]
    page = open_page(address)
    upload(page, *paths)
    page.get_by_label("Remove a.jpg").focus()
    for following in ("Remove b.jpg", "Remove photo.jpg"):
        page.keyboard.press("Enter")
        expect(page.get_by_label(following)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#choose")).to_be_focused()


def test_progress_is_live_and_cancelling_stops_the_server(open_page, address, photo, monkeypatch):
    stopped = threading.Event()

    def slow(upload, progress, *rest):
        try:
            while True:
                progress(0.25)
                time.sleep(0.01)
        finally:
            stopped.set()

    monkeypatch.setattr(work, "restore", slow)
    page = open_page(address)
    page.set_input_files("#files", str(photo))
    expect(page.locator("#notice-text")).to_have_text("Restoring, 25 %")
    expect(page.locator("#notice-bar")).to_have_js_property("value", 0.25)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#notice-text")).to_have_text("Cancelled")
    assert stopped.wait(10)
    monkeypatch.undo()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#strip li[data-state=done]")).to_have_count(1)


def test_every_control_has_a_name(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    tree = page.locator("body").aria_snapshot()
    assert "- button\n" not in tree
    assert 'slider "Divider between before and after"' in tree
    assert 'slider "Strength' in tree
    assert all(f'radio "{name}"' in tree for name in ("Faithful", "Quick", "Vivid", "Before", "After"))
    page.click("#research summary")
    assert 'combobox "Model"' in page.locator("body").aria_snapshot()
    slide(page, "#strength", 0.25)
    expect(page.locator("#strength")).to_have_attribute("aria-valuetext", "25 %")
    expect(page.locator("#detail")).to_have_attribute("aria-valuetext", "0 %")


def test_a_token_is_asked_for(open_page, served, photo, upload):
    with served(Limits(), token="sesame") as port:
        page = open_page(f"http://127.0.0.1:{port}/")
        expect(page.locator("#token-dialog")).to_be_visible()
        expect(page.locator("#token-wrong")).to_be_hidden()
        page.fill("#token", "wröng")
        page.keyboard.press("Enter")
        expect(page.locator("#token")).to_have_value("wröng")  # no header bears that
        page.fill("#token", "wrong")
        page.keyboard.press("Enter")
        expect(page.locator("#token")).to_have_value("")
        expect(page.get_by_role("alert")).to_have_text("The server refuses that one.")
        page.fill("#token", "sesame")
        page.keyboard.press("Enter")
        expect(page.locator("#token-dialog")).to_be_hidden()
        upload(page, photo)
        page = open_page(f"http://127.0.0.1:{port}/#token=sesame")
        upload(page, photo)
        assert "sesame" not in page.url


def test_the_api_page_says_what_there_is(open_page, address):
    page = open_page(f"{address}docs.html")
    expect(page.locator(".operation")).to_have_count(13)
    expect(page.locator(".operation").first).to_contain_text("0 to 1; 1 by default")
