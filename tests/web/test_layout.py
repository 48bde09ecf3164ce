"""What is where, in a real Chromium: nothing cut, all in reach of a thumb, edges that can be seen."""

import re

import pytest

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
CONTROLS = "button:visible, select:visible, summary:visible, a:visible, label:has(input):visible, [role=slider]:visible"


@pytest.mark.parametrize("size", [(1024, 768), (1280, 720), (1600, 1000)])
def test_nothing_is_cut(open_page, address, photo, upload, size):
    width, height = size
    page = open_page(address, viewport={"width": width, "height": height})
    upload(page, photo, photo)
    expect(page.locator("#found")).not_to_be_empty()
    assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [*size]
    for control in page.locator(CONTROLS).all():
        box = control.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
    assert page.locator(".scroll").evaluate("one => one.scrollHeight - one.clientHeight") <= 0
    overflow = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    assert page.locator("button:visible, .segments label").evaluate_all(overflow) == []


def test_on_a_phone_download_is_in_reach_and_swipes_scroll(open_page, address, photo, upload):
    page = open_page(address, **PHONE)
    assert "drop" not in page.locator(".welcome").inner_text()
    expect(page.locator("#help")).to_be_hidden()
    upload(page, photo, photo)
    for place in (0, 10_000):
        page.evaluate("place => scrollTo(0, place)", place)
        for button in ("#download", "#download-all"):
            box = page.locator(button).bounding_box()
            assert 0 <= box["y"] <= 844 - box["height"]
    last = page.locator("#lost").bounding_box()
    assert last["y"] + last["height"] <= page.locator(".bar").bounding_box()["y"]  # nothing lies below it for good
    viewer = page.locator("#viewer")
    assert viewer.evaluate("one => getComputedStyle(one).touchAction") == "pan-y"
    page.click("#zoom-in")
    page.click("#zoom-in")
    page.click("#zoom-in")
    assert viewer.evaluate("one => getComputedStyle(one).touchAction") == "none"  # there is something to pan
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("options", [PHONE, {"viewport": {"width": 1280, "height": 720}}], ids=["phone", "desktop"])
def test_targets_are_large_enough(open_page, address, photo, upload, options):
    page = open_page(address, **options)
    upload(page, photo, photo)
    for control in page.locator(CONTROLS).all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24, control.evaluate("one => one.outerHTML")


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_edges_can_be_seen(open_page, address, photo, upload, scheme):
    page = open_page(address, color_scheme=scheme)
    surroundings = page.evaluate("""() => ["--ground", "--surface"].map((name) => {
        document.body.style.color = `var(${name})`;
        return getComputedStyle(document.body).color;
    })""")
    page.evaluate("document.body.style.color = ''")
    edge = "one => getComputedStyle(one).borderTopColor"
    upload_zone = page.locator(".dropzone").evaluate(edge)
    upload(page, photo, photo)
    edges = [upload_zone, *(page.locator(one).evaluate(edge) for one in ("#add", "#format", ".zoom", "#for-all"))]
    for colour in edges:
        assert all(contrast(colour, other) >= 3 for other in surroundings)


def test_focus_is_told_from_selection(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo, photo)
    page.locator("#strip .look").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    look = "one => [getComputedStyle(one).outlineStyle, getComputedStyle(one).boxShadow]"
    selected, focused = (page.locator("#strip .look").nth(number).evaluate(look) for number in (0, 1))
    assert selected[0] == "none"
    assert focused[0] == "solid"
    assert selected[1] != "none"
    assert focused[1] == "none"


def test_in_forced_colours_divider_and_progress_are_seen(open_page, address, photo, upload):
    page = open_page(address, forced_colors="active")
    upload(page, photo)
    ground = page.locator("#viewer").evaluate("one => getComputedStyle(one).backgroundColor")
    line = page.locator("#divider").evaluate("one => getComputedStyle(one, '::before').backgroundColor")
    grip = page.locator(".grip").evaluate("one => getComputedStyle(one).borderTopColor")
    assert contrast(line, ground) >= 3
    assert contrast(grip, ground) >= 3


def test_the_first_sight_shows_what_it_does(open_page, address):
    page = open_page(address)
    expect(page.locator("#privacy")).to_have_text("Your pictures stay on this machine.")
    assert page.locator("#sample img").evaluate_all("all => all.every(image => image.naturalWidth === 451)")
    page.click("#sample")
    expect(page.locator("#strip li[data-state=done]")).to_have_count(1)
    expect(page.locator("#found")).to_contain_text("JPEG of quality 10")
    expect(page.locator("#facts")).to_contain_text(re.compile(r"5 kB before, \d+ kB after"))


def test_without_scripts_it_is_said(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".noscript")).to_contain_text("This page needs JavaScript")
    context.close()
