import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import CodecError, DataError
from artifix.evaluate import video
from artifix.evaluate.report import sections
from artifix.evaluate.video import evaluate_video, flicker

pytest.importorskip("av")


@pytest.fixture
def pictures(photograph, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(2):
        Image.fromarray(np.roll(photograph, 9 * number, axis=1)).save(folder / f"{number}.png")
    return folder


def test_flicker_counts_what_changes_in_the_error_and_nothing_else():
    rng = np.random.default_rng(0)
    targets = [rng.integers(20, 200, (8, 8, 3)).astype(np.uint8) for _ in range(4)]
    assert flicker(targets, targets) == 0
    assert flicker([target + np.uint8(5) for target in targets], targets) == 0  # wrong, but it stands still
    assert flicker([target + np.uint8(5 * (n % 2)) for n, target in enumerate(targets)], targets) == 5
    assert flicker(targets[:1], targets[:1]) == 0


def test_every_codec_rate_and_method_has_its_row(pictures, tmp_path, make_model):
    path = tmp_path / "out.json"
    options = {"frames": 4, "perceptual": [], "json_path": path}
    results = evaluate_video(pictures, [make_model()], (23, 37), ["h264", "hevc", "h264-intra"], **options)
    means = {(mean.row, mean.quality): mean for mean in results.means()}
    name = make_model().stem
    rows = ["h264", f"h264, {name}", "hevc", f"hevc, {name}", "h264-intra", f"h264-intra, {name}"]
    assert set(means) == {(row, crf) for row in rows for crf in (23, 37)}
    assert means["h264", 37].figures["psnr"] < means["h264", 23].figures["psnr"] - 2
    assert means["h264", 37].figures["bpp"] < means["h264", 23].figures["bpp"] < means["h264-intra", 23].figures["bpp"]
    assert means["h264", 37].figures["flicker"] == 1
    assert means[f"h264, {name}", 37].figures["flicker"] != 1
    (section,) = sections(results)
    assert section.unit == "crf"
    assert list(section.sheets[0].rows) == rows
    assert json.loads(path.read_text())["protocol"] == "video"


def test_films_of_pictures_have_the_sides_that_are_asked_for(pictures, monkeypatch):
    sizes = set()
    coded = video.encode_clip
    monkeypatch.setattr(
        video, "encode_clip", lambda planes, *a, **k: (sizes.add(planes[0][0].shape), coded(planes, *a, **k))[1]
    )
    first = evaluate_video(pictures, [], (30,), ["h264"], frames=2, perceptual=[])
    second = evaluate_video(pictures, [], (30,), ["h264"], frames=2, side=80, perceptual=[])
    assert sizes == {(76, 102), (76, 80)}  # four fifths of 96x128
    assert first.datasets != second.datasets


def test_doing_nothing_changes_no_figure(pictures, make_model, monkeypatch):
    monkeypatch.setattr(video.Restorer, "restore_planes", lambda self, planes, progress=None: planes.copy())
    results = evaluate_video(pictures, [make_model()], (30,), ["h264"], frames=3, perceptual=[])
    plain, same = results.means()
    assert (same.figures["psnr"], same.figures["ssim"], same.figures["flicker"]) == (
        plain.figures["psnr"],
        plain.figures["ssim"],
        1,
    )


def test_a_second_run_measures_nothing_again_and_another_model_itself_alone(
    pictures, tmp_path, make_model, monkeypatch
):
    path = tmp_path / "out.json"

    def run(seed):
        model = tmp_path / "model.safetensors"
        model.write_bytes(make_model(seed=seed).read_bytes())
        return evaluate_video(pictures, [model], (30,), ["h264"], frames=3, perceptual=[], json_path=path)

    first = run(0)
    with monkeypatch.context() as patch:
        patch.setattr(video, "encode_clip", None)
        assert run(0).means() == first.means()
    again = run(1)
    assert again.means()[0] == first.means()[0]
    assert again.means()[1].figures["psnr"] != first.means()[1].figures["psnr"]


def test_videos_in_the_folder_are_the_clips(pictures, tmp_path, make_model):
    import av

    folder = tmp_path / "videos"
    folder.mkdir()
    with av.open(str(folder / "a.mkv"), "w") as container:
        stream = container.add_stream("ffv1", 25)
        stream.width, stream.height, stream.pix_fmt = 65, 49, "yuv444p"
        for number in range(5):
            frame = av.VideoFrame(65, 49, "yuv444p")
            for plane in frame.planes:
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                rows[:] = 60 + 10 * number + np.arange(rows.shape[1]) % 64
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    results = evaluate_video(folder, [], (20,), ["h264"], frames=4, perceptual=[])
    (mean,) = results.means()
    assert mean.dataset == "videos"
    assert mean.figures["psnr"] > 30
    (folder / "a.mkv").write_bytes(b"no film")
    with pytest.raises(Exception, match=r"a\.mkv: cannot be read"):
        evaluate_video(folder, [], (20,), ["h264"], frames=4, perceptual=[])


def test_what_cannot_be_measured_is_an_error(pictures, tmp_path, monkeypatch):
    with pytest.raises(DataError, match="no such folder"):
        evaluate_video(tmp_path / "none")
    import av

    def missing(name, mode):
        raise av.codec.codec.UnknownCodecError(name)

    monkeypatch.setattr(av.CodecContext, "create", staticmethod(missing), raising=False)
    with pytest.raises(CodecError, match="libx264"):
        evaluate_video(pictures, [], (30,), ["h264"], perceptual=[])


def test_the_command(pictures, tmp_path, make_model):
    command = ["evaluate", "video", "--data", pictures, "--crf", "25,35", "--codec", "h264", "--frames", "3"]
    command += ["--model", make_model(), "--json", tmp_path / "out.json", "--perceptual", "mosquito"]
    done = CliRunner().invoke(app, list(map(str, command)))
    assert done.exit_code == 0, done.output
    assert "crf 25" in done.output
    assert "Flicker" in done.output
    assert len(json.loads((tmp_path / "out.json").read_text())["means"]) == 4


@pytest.mark.parametrize("arguments", [["--crf", "52"], ["--crf", "a"], ["--crf", "1,,2"], ["--codec", "av1"]])
def test_rates_and_codecs_that_are_none_are_refused(pictures, arguments):
    command = ["evaluate", "video", "--data", str(pictures), *arguments]
    assert CliRunner().invoke(app, command).exit_code == 2
