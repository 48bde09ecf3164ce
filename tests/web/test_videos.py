"""Short videos by the API: one frame at once, the whole of it as work that is asked for again."""

import json
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av")
import av

from artifix.restoration import Restorer
from artifix.serving.refusal import Refusal
from artifix.video.clip import quarter_turns
from artifix.video.restore import restore_video
from artifix.web import video as work
from artifix.web.limits import Limits

FRAMES = 8


@pytest.fixture
def small(make_client, make_model):
    """A client whose server offers one quick model, and what else is asked for."""

    def make(**limits):
        return make_client(Limits(workers=1, **limits), models={"small": make_model()})

    return make


def begin(client, data, name="clip.mp4", **query):
    return client.post("/api/videos", params=query, files={"file": (name, data)})


def fetch(client, name):
    """The answer that ends the work."""
    for _ in range(600):
        answer = client.get(f"/api/videos/{name}")
        if answer.status_code != 202:
            return answer
        time.sleep(0.05)
    raise AssertionError("it does not end")


def image_of(answer):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGB")).astype(float)


def test_a_video_becomes_what_the_library_makes_of_it(small, make_model, clip, tmp_path):
    with small() as client:
        name = begin(client, clip, model="small", strength=0.8).json()["video"]
        answer = fetch(client, name)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "video/mp4"
        assert 'filename="clip-restored.mp4"' in answer.headers["content-disposition"]
        record = json.loads(answer.headers["artifix-record"])
        assert (record["frames"], record["model"], record["input"]) == (FRAMES, "small", "clip.mp4")
        assert record["output"] == "clip-restored.mp4"
        assert client.delete(f"/api/videos/{name}").status_code == 204
        assert client.get(f"/api/videos/{name}").status_code == 410
        assert client.delete(f"/api/videos/{name}").status_code == 410
        assert client.get("/api/health").json()["leaving"] == 0
    (tmp_path / "clip.mp4").write_bytes(clip)
    (tmp_path / "answer.mp4").write_bytes(answer.content)
    restore_video(tmp_path / "clip.mp4", tmp_path / "own.mp4", Restorer(make_model(), strength=0.8))
    for ours, theirs in zip(decoded(tmp_path / "answer.mp4"), decoded(tmp_path / "own.mp4"), strict=True):
        assert np.abs(ours - theirs).max() <= 2  # x264 may differ in a few bits from run to run


def decoded(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]


def test_frames_come_at_once(small, clip, tmp_path):
    client = small()
    told = client.post("/api/uploads", files={"file": ("clip.mp4", clip)}).json()
    assert told["clip"] == {"width": 96, "height": 80, "seconds": FRAMES / 25, "frames": FRAMES, "codec": "h264"}
    ask = {"upload": told["upload"], "model": "small"}
    first, last = (image_of(client.post("/api/frame", params=ask | {"at": at, "strength": 0})) for at in (0, 1))
    (tmp_path / "clip.mp4").write_bytes(clip)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(float) for frame in container.decode(video=0)]
    assert np.array_equal(first, frames[0])
    assert np.array_equal(last, frames[-1])
    assert np.abs(image_of(client.post("/api/frame", params=ask | {"at": 0})) - first).mean() > 0.1


def test_a_frame_stands_as_it_is_shown():
    assert quarter_turns(None) == 0
    one = 1 << 16
    assert quarter_turns((one, 0, 0, 0, one, 0, 0, 0, 1 << 30)) == 0
    assert quarter_turns((0, one, 0, -one, 0, 0, 0, 0, 1 << 30)) == 3  # 90 degrees clockwise, as phones write
    assert quarter_turns((0, -one, 0, one, 0, 0, 0, 0, 1 << 30)) == 1
    assert quarter_turns((-one, 0, 0, 0, -one, 0, 0, 0, 1 << 30)) == 2


@pytest.mark.parametrize(
    ("limits", "data", "status", "words"),
    [
        ({"video_seconds": 0.2}, None, 413, "8 frames in 0.3 s; this server takes up to 0.2 s"),
        ({"video_pixels": 5000}, None, 413, "frames are 96x80; this server takes up to 5,000 pixels"),
        ({"video_seconds": 0}, None, 415, "no videos"),
        ({}, b"", 422, "cannot be read as a video"),
        ({}, b"nonsense" * 500, 422, "cannot be read as a video"),
        ({}, "cut", 422, "no video stream"),
    ],
)
def test_what_is_not_taken(small, clip, limits, data, status, words):
    data = clip if data is None else clip[:-800] if data == "cut" else data
    client = small(**limits)
    for path in ("/api/uploads", "/api/frame", "/api/videos"):
        answer = client.post(path, files={"file": ("clip.mp4", data)})
        assert (answer.status_code, words in answer.json()["error"]) == (status, True), answer.text
        assert client.get("/api/health").json()["waiting"] == 0
    assert "/tmp" not in answer.text


def test_parameters_are_looked_at_first(small, clip):
    client = small()
    for query in ({"model": "none"}, {"strength": 2}, {"detail": 0.5}, {"upload": "gone"}):
        assert begin(client, clip, **query).status_code == 400
    assert client.post("/api/frame", params={"at": 2}, files={"file": ("a.mp4", clip)}).status_code == 400
    assert client.post("/api/videos", params={"upload": "gone"}).status_code == 410


def test_without_pyav_it_is_one_line(small, clip, monkeypatch):
    monkeypatch.setattr(work, "find_spec", lambda name: None)
    client = small()
    assert client.post("/api/frame", files={"file": ("a.mp4", clip)}).json() == {"error": "this server takes no videos"}


def test_a_video_that_fails_gives_its_place_back(small, clip, monkeypatch):
    def fail(upload, progress, *rest, **named):
        raise Refusal(422, "its frames change their size")

    monkeypatch.setattr(work, "restore", fail)
    with small(videos=1) as client:
        for _ in range(3):
            answer = fetch(client, begin(client, clip).json()["video"])
            assert (answer.status_code, answer.json()) == (422, {"error": "its frames change their size"})


def forever(upload, progress, *rest, **named):
    while True:
        time.sleep(0.01)
        progress(0.25)


def test_letting_go_ends_the_work(small, clip, monkeypatch):
    monkeypatch.setattr(work, "restore", forever)
    with small(videos=2) as client:
        first, second = (begin(client, clip).json()["video"] for _ in range(2))
        refused = begin(client, clip)
        assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
        while client.get(f"/api/videos/{first}").json() != {"state": "working", "ahead": 0, "share": 0.25}:
            time.sleep(0.01)
        assert client.get(f"/api/videos/{second}").json() == {"state": "waiting", "ahead": 0, "share": 0.0}
        assert client.delete(f"/api/videos/{first}").status_code == 204
        while client.get(f"/api/videos/{second}").json()["state"] != "working":
            time.sleep(0.01)
        picture = BytesIO()
        Image.new("RGB", (16, 16)).save(picture, "PNG")  # has a worker of its own
        assert client.post("/api/restore", files={"file": ("a.png", picture.getvalue())}).status_code == 200


def test_a_video_that_nobody_asks_for_is_let_go(small, clip, monkeypatch):
    monkeypatch.setattr(work, "restore", forever)
    with small(unattended_seconds=0.3) as client:
        name = begin(client, clip).json()["video"]
        while client.get("/api/health").json()["working"]:
            time.sleep(0.02)
        assert client.get(f"/api/videos/{name}").status_code == 410
