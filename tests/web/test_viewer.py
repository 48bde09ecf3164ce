"""The viewer in a real Chromium: its divider, zoom and pan, and the room that it has."""

import numpy as np
import pytest

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = pytest.mark.browser


def test_the_divider_by_hand_and_by_keys(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    divider, box = page.locator("#divider"), page.locator("#viewer").bounding_box()
    divider.focus()
    for key, place in {"ArrowRight": "51", "Shift+ArrowLeft": "41", "Home": "0", "End": "100"}.items():
        page.keyboard.press(key)
        expect(divider).to_have_attribute("aria-valuenow", place)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    expect(divider).to_have_attribute("aria-valuetext", "25 % left, 75 % right")
    clip = page.locator(".side.right").evaluate("side => getComputedStyle(side).clipPath")
    assert clip == "inset(0px 0px 0px 25%)" or clip.endswith("px)")


def layers(page) -> list[str]:
    return page.locator(".side .layer").evaluate_all("all => all.map(one => getComputedStyle(one).transform)")


def test_zoom_and_pan_are_one_for_both_sides(open_page, address, photo, upload):
    page = open_page(address)
    upload(page, photo)
    fitted = layers(page)
    box = page.locator("#viewer").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -800)
    expect(page.locator("#zoom-value")).not_to_have_text("Fit")
    zoomed = layers(page)
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4 - 90, box["y"] + box["height"] / 4 - 50)
    page.mouse.up()
    panned = layers(page)
    assert len({tuple(fitted), tuple(zoomed), tuple(panned)}) == 3
    assert all(len(set(places)) == 1 for places in (fitted, zoomed, panned))
    page.keyboard.press("0")
    assert layers(page) == fitted
    page.keyboard.press("1")
    expect(page.locator("#zoom-value")).to_have_text("100 %")


def test_two_fingers_zoom(open_page, address, photo, upload):
    page = open_page(address, has_touch=True, viewport={"width": 390, "height": 844})
    upload(page, photo)
    box = page.locator("#viewer").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind, apart):
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}] if apart else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fitted = layers(page)
    touch("touchStart", 40)
    for apart in (60, 80, 100, 120):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    expect(page.locator("#zoom-value")).not_to_have_text("Fit")
    assert layers(page) != fitted


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_window_in_either_light(open_page, address, photo, scheme, upload):
    page = open_page(address, color_scheme=scheme, viewport={"width": 360, "height": 740})
    upload(page, photo)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = np.mean([int(part) for part in ground.removeprefix("rgb(").removesuffix(")").split(",")])
    assert (brightness < 64) == (scheme == "dark")
