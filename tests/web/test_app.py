import json
import time
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from artifix.image import FORMATS, read_picture
from artifix.models.catalog import DEFAULT, MODELS, VIVID, read_model
from artifix.restoration import Restorer
from artifix.restoration.verify import map_of, verify_picture
from artifix.web.answers import SUFFIXES, FormatName
from artifix.web.limits import Limits
from artifix.web.restorers import Restorers


def post(client, path, data, name="photo.jpg", **query):
    return client.post(path, params=query, files={"file": (name, data)})


def restored_file(tmp_path, data, suffix, quality=None, **options) -> bytes:
    (tmp_path / "photo.jpg").write_bytes(data)
    Restorer(**options).restore_file(tmp_path / "photo.jpg", tmp_path / f"out{suffix}", quality=quality)
    return (tmp_path / f"out{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "query", "suffix"),
    [
        ("photo.jpg", {}, ".jpg"),
        ("PHOTO.JPEG", {}, ".jpg"),
        ("photo.jpg", {"format": "png", "strength": 0.4}, ".png"),
        ("photo", {"format": "tiff"}, ".tif"),
        ("photo", {"format": "tif"}, ".tif"),
        ("photo", {"format": "jp2"}, ".jp2"),
        ("photo.png", {"format": "jpg", "quality": 60}, ".jpg"),
        ("photo.png", {"quality": 60}, ".jpg"),
    ],
)
def test_restore_answers_the_file_that_the_library_writes(client, jpeg, tmp_path, name, query, suffix):
    answer = post(client, "/api/restore", jpeg, name, **query)
    assert answer.status_code == 200, answer.text
    expected = restored_file(tmp_path, jpeg, suffix, query.get("quality"), strength=query.get("strength", 1.0))
    assert answer.content == expected


def test_the_answer_keeps_metadata_and_tells_of_itself(client, jpeg, tmp_path):
    answer = post(client, "/api/restore", jpeg, "häuser.jpg")
    (tmp_path / "answer.jpg").write_bytes(answer.content)
    exif = read_picture(tmp_path / "answer.jpg").metadata.exif
    assert b"A camera" in exif
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''h%C3%A4user-restored.jpg"
    record = json.loads(answer.headers["artifix-record"])
    assert (record["width"], record["height"]) == (128, 96)
    assert record["notes"] == ["lossy JPEG, quality 95"]
    assert record["model"] == DEFAULT


def test_quotes_in_a_name_come_back(client, jpeg):
    answer = post(client, "/api/restore", jpeg, 'the "old" one.jpg')
    assert answer.headers["content-disposition"].endswith("the%20%22old%22%20one-restored.jpg")


def coded(photograph, format, **options) -> bytes:
    file = BytesIO()
    Image.fromarray(photograph).save(file, format, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("format", "name", "answer", "written"),
    [
        ("JPEG", "photo.jfif", "photo-restored.jfif", "JPEG"),
        ("JPEG", "photo.JPE", "photo-restored.JPE", "JPEG"),
        ("JPEG", "photo.jpeg", "photo-restored.jpeg", "JPEG"),
        ("JPEG", "photo", "photo-restored.jpg", "JPEG"),
        ("JPEG", ".jpg", "picture-restored.jpg", "JPEG"),
        ("JPEG", "photo.png", "photo-restored.jpg", "JPEG"),
        ("MPO", "two.jpg", "two-restored.jpg", "JPEG"),
        ("JPEG2000", "photo.j2k", "photo-restored.jp2", "JPEG2000"),
        ("JPEG2000", "photo.jpx", "photo-restored.jp2", "JPEG2000"),
        ("TIFF", "v1.2.tiff", "v1.2-restored.tiff", "TIFF"),
        ("GIF", "photo.gif", "photo-restored.gif", "GIF"),
    ],
)
def test_the_answers_format_is_the_contents(client, photograph, format, name, answer, written):
    data = coded(photograph, format, **({"save_all": True} if format == "MPO" else {}))
    restored = post(client, "/api/restore", data, name)
    assert restored.status_code == 200, restored.text
    assert restored.headers["content-disposition"] == f'attachment; filename="{answer}"'
    assert Image.open(BytesIO(restored.content)).format == written


def test_an_upload_and_a_body_are_not_both_taken(client, jpeg):
    name = post(client, "/api/uploads", jpeg).json()["upload"]
    for path in ("/api/restore", "/api/inspect", "/api/preview", "/api/bound"):
        answer = post(client, path, jpeg, upload=name)
        assert (answer.status_code, answer.json()["error"].split(":")[0]) == (400, "upload")


def test_the_format_chooses_among_shipped_models_alone(make_client, make_model, mixed_model, photograph):
    webp = coded(photograph, "WEBP", quality=20)

    def used(client, **query):
        answer = post(client, "/api/restore", webp, "photo.webp", **query)
        return json.loads(answer.headers["artifix-record"])["model"]

    shipped = make_client()
    assert used(shipped) == "mse-any"
    assert used(shipped, model="mse") == "mse"
    own = make_client(models={"ours": make_model()})
    assert used(own) == "ours"  # and not its file's path


def test_detail_is_the_restorers(make_client, jpeg, tmp_path):
    vivid = tmp_path / "vivid.safetensors"
    vivid.write_bytes(read_model("mse").to_bytes())
    client = make_client(vivid=vivid)
    detailed = {model["name"]: model["detail"] for model in client.get("/api/models").json()["models"]}
    assert (detailed["mse"], detailed["fast"]) == (True, False)
    answer = post(client, "/api/restore", jpeg, detail=0.5)
    assert answer.status_code == 200, answer.text
    assert answer.content == restored_file(tmp_path, jpeg, ".jpg", detail=0.5, vivid=vivid)


def test_detail_where_there_is_none(make_client, jpeg, tmp_path):
    client = make_client(vivid=tmp_path / "missing.safetensors")
    assert client.get("/api/models").json()["models"][0]["detail"] is False
    answer = post(client, "/api/restore", jpeg, detail=0.5)
    assert answer.status_code == 400
    assert "missing.safetensors" in answer.json()["error"]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"strength": 1.1}, "strength"),
        ({"strength": "nan"}, "strength"),
        ({"detail": -1}, "detail"),
        ({"format": "tga"}, "format"),
        ({"model": "/etc/passwd.safetensors"}, "model"),
        ({"job": "../x"}, "job"),
        ({"quality": 0}, "quality"),
        ({"quality": 101}, "quality"),
        ({"stregth": 1}, "stregth"),
        ({"strength": ["0.5", "1"]}, "strength"),
    ],
)
def test_a_wrong_parameter_is_named(client, jpeg, query, word):
    answer = post(client, "/api/restore", jpeg, **query)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{word}: ")


def test_inspect_says_what_was_found(client, jpeg):
    found = post(client, "/api/inspect", jpeg).json()
    assert found["summary"].startswith("JPEG at quality 15, 4:2:0, baseline")
    assert (found["quality"], found["width"], found["frames"]) == (15, 128, 1)


def test_preview_is_the_picture_as_it_came(client, photograph):
    answer = post(client, "/api/preview", coded(photograph, "TIFF"), "photo.tif")
    assert answer.headers["content-type"] == "image/png"
    assert np.array_equal(np.asarray(Image.open(BytesIO(answer.content))), photograph)


def test_the_map_shows_where_the_model_alone_would_leave_the_files_bound(client, jpeg, tmp_path):
    answer = post(client, "/api/bound", jpeg)
    assert answer.headers["content-type"] == "image/png"
    drawn = np.asarray(Image.open(BytesIO(answer.content)))
    (tmp_path / "photo.jpg").write_bytes(jpeg)
    picture = read_picture(tmp_path / "photo.jpg")
    unbounded = Restorer(bound="never").restore_picture(picture)
    verdict = verify_picture(tmp_path, picture, tmp_path, unbounded)
    assert np.array_equal(drawn, map_of(verdict, picture))
    assert drawn.shape == (96, 128, 3)
    assert np.ptp(drawn) > 0
    assert not np.array_equal(
        drawn, np.asarray(Image.open(BytesIO(post(client, "/api/bound", jpeg, model="fast").content)))
    )


def test_only_a_jpeg_has_a_map(client, photograph):
    answer = post(client, "/api/bound", coded(photograph, "PNG"), "photo.png")
    assert answer.status_code == 422
    assert answer.json()["error"] == "is PNG; only a JPEG bounds its original"
    assert post(client, "/api/bound", coded(photograph, "JPEG"), model="none").status_code == 400


def test_an_upload_that_is_kept_stands_for_a_body(client, jpeg, tmp_path):
    answer = post(client, "/api/uploads", jpeg, "../photo.JPG")
    assert answer.status_code == 201
    name = answer.json()["upload"]
    for format, suffix in (("jpeg", ".jpg"), ("png", ".png")):
        answer = client.post("/api/restore", params={"upload": name, "format": format})
        assert answer.content == restored_file(tmp_path, jpeg, suffix)
    assert "photo-restored.png" in answer.headers["content-disposition"]
    assert client.post("/api/inspect", params={"upload": name}).json()["quality"] == 15
    preview = client.post("/api/preview", params={"upload": name})
    assert np.array_equal(np.asarray(Image.open(BytesIO(preview.content))), np.asarray(Image.open(BytesIO(jpeg))))


def test_what_cannot_be_restored_is_not_kept(make_client, jpeg):
    assert post(make_client(), "/api/uploads", b"no picture").status_code == 415
    assert post(make_client(Limits(max_pixels=100)), "/api/uploads", jpeg).status_code == 413


def test_uploads_are_forgotten(make_client, jpeg):
    with make_client(Limits(max_bytes=len(jpeg), kept_uploads=2)) as client:
        first, second = (post(client, "/api/uploads", jpeg).json()["upload"] for _ in range(2))
        assert client.post("/api/inspect", params={"upload": first}).status_code == 200  # now the last used
        third = post(client, "/api/uploads", jpeg).json()["upload"]
        statuses = [client.post("/api/inspect", params={"upload": name}).status_code for name in (first, second, third)]
        assert statuses == [200, 410, 200]
        forgotten = client.post("/api/restore", params={"upload": second})
        assert (forgotten.status_code, forgotten.json()) == (
            410,
            {"error": "no such upload any more; send the picture again"},
        )
    with make_client(Limits(kept_seconds=0.1)) as client:
        name = post(client, "/api/uploads", jpeg).json()["upload"]
        time.sleep(0.3)
        assert client.post("/api/inspect", params={"upload": name}).status_code == 410


def test_a_large_picture_tells_how_far_it_is_and_is_what_the_library_makes(photograph, tmp_path):
    large = np.tile(photograph, (12, 12, 1))
    file = BytesIO()
    Image.fromarray(large).save(file, "JPEG", quality=20)
    path = tmp_path / "large.jpg"
    path.write_bytes(file.getvalue())
    shares = []
    restorer = Restorers(None, VIVID, Limits().max_memory).get("mse")
    restorer.restore_file(path, tmp_path / "web.bmp", progress=shares.append)
    assert any(0 < share < 1 for share in shares)
    Restorer("mse").restore_file(path, tmp_path / "library.bmp")
    assert (tmp_path / "web.bmp").read_bytes() == (tmp_path / "library.bmp").read_bytes()


def test_models_health_and_formats(client):
    told = client.get("/api/models").json()
    assert [model["name"] for model in told["models"]] == list(MODELS)
    assert told["default"] == DEFAULT
    assert [(choice["role"], choice["model"]) for choice in told["choices"]] == [
        ("faithful", ""),  # whichever of the faithful ones the format needs
        ("quick", "fast"),
        ("vivid", VIVID),
    ]
    assert told["formats"] == SUFFIXES
    health = client.get("/api/health").json()
    assert health["status"] == "ok"
    assert [health[state] for state in ("arriving", "waiting", "working", "leaving")] == [0, 0, 0, 0]
    assert health["limits"]["max_pixels"] == 64_000_000


def test_the_formats_are_those_that_are_written():
    assert {name.suffix for name in FormatName} >= {format.suffixes[0] for format in FORMATS}
    assert {name.suffix for name in FormatName} <= {suffix for format in FORMATS for suffix in format.suffixes}
    assert {format.name.lower() for format in FORMATS} <= {name.value for name in FormatName}


def test_the_page_brings_all_that_it_needs(client):
    page = client.get("/").text
    assert "http" not in page
    for name in ("app.js", "style.css", "mark.svg", "docs.html"):
        assert client.get(f"/{name}").status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/nothing"])
def test_every_answer_bears_the_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"
    assert headers["content-security-policy"].startswith("default-src 'self'; img-src 'self' blob:")
