"""axe-core finds nothing against the page, whatever it shows, in either light."""

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 720}}


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whatever_the_page_shows(open_page, address, photo, clip, tmp_path, upload, assert_accessible, size, scheme):
    page = open_page(address, color_scheme=scheme, **size)
    expect(page.locator("#privacy")).not_to_be_empty()
    assert_accessible(page)
    upload(page, photo, photo)
    assert_accessible(page)
    page.get_by_label("Vivid").check(force=True)
    expect(page.locator("#strip li[data-state=done]")).to_have_count(2)
    page.select_option("#against", label="Faithful")
    page.get_by_label("Side by side").check(force=True)
    page.click("#research summary")
    assert_accessible(page)
    film, broken = tmp_path / "film.mp4", tmp_path / "broken.png"
    film.write_bytes(clip)
    broken.write_bytes(b"no picture")
    page.set_input_files("#files", str(film))
    expect(page.locator("#strip li[data-state=done]")).to_have_count(3)
    assert_accessible(page)
    page.set_input_files("#files", str(broken))
    expect(page.locator("#notice.failed")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("?")
    assert_accessible(page)


def test_the_apis_page(open_page, address, assert_accessible):
    page = open_page(f"{address}docs.html")
    expect(page.locator(".operation").first).to_be_visible()
    assert_accessible(page)
