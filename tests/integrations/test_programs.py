"""ComfyUI, VapourSynth, GIMP, darktable and Lightroom: each integration by its program's own protocol."""

import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from artifix import Restorer

FOLDER = Path(__file__).parents[2] / "integrations"


@pytest.fixture
def command_first(monkeypatch):
    """The command of this environment is the first on the PATH."""
    place = Path(sys.executable).parent
    if not (place / "artifix").exists():
        pytest.skip("the command is not installed")
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")


def test_comfyui_calls_a_node_as_it_is_described(load, photograph):
    """There is no ComfyUI here; this is what its executor does with the classes in NODE_CLASS_MAPPINGS."""
    torch = pytest.importorskip("torch")
    package = load("comfyui/__init__.py")
    assert set(package.NODE_CLASS_MAPPINGS) == set(package.NODE_DISPLAY_NAME_MAPPINGS)
    (node,) = package.NODE_CLASS_MAPPINGS.values()
    inputs = node.INPUT_TYPES()["required"]
    chosen = {name: options[1]["default"] for name, options in inputs.items() if len(options) > 1}
    assert inputs["image"] == ("IMAGE",)
    assert chosen["model"] in inputs["model"][0]
    batch = torch.from_numpy(np.stack([photograph[:40, :48], photograph[40:80, :48]])).float() / 255
    (restored,) = getattr(node(), node.FUNCTION)(image=batch, **chosen | {"model": "fast"})
    assert node.RETURN_TYPES == ("IMAGE",)
    assert restored.shape == batch.shape
    expected = Restorer("fast").restore_image(batch[1].numpy())
    np.testing.assert_allclose(restored[1].numpy(), expected, atol=1e-6)
    (half,) = getattr(node(), node.FUNCTION)(image=batch, **chosen | {"model": "fast", "strength": 0.5})
    np.testing.assert_allclose(half.numpy(), (batch + restored).numpy() / 2, atol=1e-6)
    small, fast = torch.zeros(1, 1, 1, 3), chosen | {"model": "fast"}
    for given in (small, small[:0], small.half(), torch.full_like(small, torch.nan), torch.zeros(1, 9, 7, 4)):
        (made,) = getattr(node(), node.FUNCTION)(image=given, **fast)
        assert (made.shape, made.dtype) == (given.shape, given.dtype)
        assert made.isfinite().all()


@pytest.mark.parametrize("format", ["RGBS", "RGB24", "GRAY16", "GRAYS"])
def test_vapoursynth_restores_every_frame(load, format):
    """The real VapourSynth, where it is installed: it has wheels for Python 3.12 and later."""
    vs = pytest.importorskip("vapoursynth")
    module = load("vapoursynth/artifix_vapoursynth.py")
    clip = vs.core.std.BlankClip(format=getattr(vs, format), width=50, height=38, length=3)
    noise = np.random.default_rng(0)

    def fill(n, f):
        frame = f.copy()
        for plane in range(frame.format.num_planes):
            values = np.asarray(frame[plane])
            top = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
            np.copyto(values, (noise.random(values.shape) * top).astype(values.dtype))
        return frame

    clip = clip.std.ModifyFrame(clip, fill)
    given = [[np.asarray(frame[plane]).copy() for plane in range(frame.format.num_planes)] for frame in clip.frames()]
    clip = vs.core.std.BlankClip(format=getattr(vs, format), width=50, height=38, length=3)

    def refill(n, f):
        frame = f.copy()
        for plane, values in enumerate(given[n]):
            np.copyto(np.asarray(frame[plane]), values)
        return frame

    restored = module.restore(clip.std.ModifyFrame(clip, refill), model="fast")
    assert (restored.format.id, restored.num_frames) == (clip.format.id, 3)
    restorer = Restorer("fast")
    for frame, planes in zip(restored.frames(), given, strict=True):
        expected = restorer.restore_image(np.stack(planes, axis=-1))
        found = np.stack([np.asarray(frame[plane]) for plane in range(frame.format.num_planes)], axis=-1)
        np.testing.assert_array_equal(found, expected)


def test_vapoursynth_says_which_formats_it_takes(load):
    vs = pytest.importorskip("vapoursynth")
    module = load("vapoursynth/artifix_vapoursynth.py")
    with pytest.raises(TypeError, match="artifix restores RGB or grey clips"):
        module.restore(vs.core.std.BlankClip(format=vs.YUV420P8))


class GLibError(Exception):
    """GLib.Error."""


def gimp_stub(photograph):
    """So much of GIMP 3 as the plug-in uses: a layer that is saved as a PNG, and one that is loaded."""
    calls = []

    class Layer:
        def __init__(self, pixels, name="sky"):
            self.pixels, self.name, self.offsets = pixels, name, (True, 3, 4)

        get_width = lambda self: self.pixels.shape[1]  # noqa: E731
        get_height = lambda self: self.pixels.shape[0]  # noqa: E731
        get_name = lambda self: self.name  # noqa: E731
        get_offsets = lambda self: self.offsets  # noqa: E731
        get_parent = lambda self: None  # noqa: E731

        def set_name(self, name):
            self.name = name

        def set_offsets(self, x, y):
            self.offsets = (True, x, y)

        @staticmethod
        def new_from_drawable(layer, image):
            return layer

    class Canvas:
        new = classmethod(lambda cls, *size: cls())

        def __init__(self):
            self.layers = []

        def insert_layer(self, layer, parent, position):
            self.layers.insert(position, layer)

        get_base_type = lambda self: 0  # noqa: E731
        get_item_position = lambda self, layer: self.layers.index(layer)  # noqa: E731
        delete = undo_group_start = undo_group_end = lambda self: calls.append(1)

    class Procedure:
        def __getattr__(self, name):
            return lambda *arguments: calls.append((name, arguments))

        @staticmethod
        def new_return_values(status, error):
            return status, error

    gimp = types.SimpleNamespace(
        Image=Canvas,
        Layer=Layer,
        PlugIn=object,
        RunMode=types.SimpleNamespace(NONINTERACTIVE=1),
        PDBStatusType=types.SimpleNamespace(SUCCESS="success", EXECUTION_ERROR="error"),
        PDBProcType=types.SimpleNamespace(PLUGIN=1),
        ProcedureSensitivityMask=types.SimpleNamespace(DRAWABLE=1, DRAWABLES=2),
        ImageProcedure=types.SimpleNamespace(new=lambda *arguments: Procedure()),
        file_save=lambda mode, image, file, options: Image.fromarray(image.layers[0].pixels).save(file),
        file_load_layer=lambda mode, image, file: Layer(np.asarray(Image.open(file))),
        displays_flush=lambda: calls.append("flush"),
    )
    glib = types.SimpleNamespace(Error=GLibError)
    gio = types.SimpleNamespace(File=types.SimpleNamespace(new_for_path=lambda path: path))
    return types.SimpleNamespace(Gimp=gimp, Gio=gio, GLib=glib), Canvas(), Layer(photograph), Procedure


@pytest.fixture
def gimp(load, monkeypatch, photograph):
    """(the plug-in, an image, its layer, a procedure): there is no GIMP here."""
    repository, image, layer, procedure = gimp_stub(np.ascontiguousarray(photograph[:40, :48]))
    gi = types.ModuleType("gi")
    gi.require_version = lambda name, version: None
    gi.repository = types.ModuleType("gi.repository")
    vars(gi.repository).update(vars(repository))
    monkeypatch.setitem(sys.modules, "gi", gi)
    monkeypatch.setitem(sys.modules, "gi.repository", gi.repository)
    image.insert_layer(layer, None, 0)
    return load("gimp/artifix/artifix.py"), image, layer, procedure()


def test_gimp_has_the_restored_layer_above(gimp, command_first):
    plugin, image, layer, procedure = gimp
    status, _ = plugin.run(procedure, 1, image, [layer], None, None)
    assert status == "success"
    above, below = image.layers
    assert below is layer
    assert (above.name, above.offsets) == ("sky (artifix)", (True, 3, 4))
    assert above.pixels.shape == layer.pixels.shape
    assert (above.pixels != layer.pixels).any()


def test_gimp_says_that_there_is_no_command(gimp, monkeypatch, tmp_path):
    plugin, image, layer, procedure = gimp
    monkeypatch.setenv("PATH", str(tmp_path))
    status, error = plugin.run(procedure, 1, image, [layer], None, None)
    assert (status, str(error)) == ("error", "the command artifix is not on the PATH")
    assert image.layers == [layer]


def test_gimp_is_offered_one_procedure(gimp):
    plugin = gimp[0].Artifix()
    (name,) = plugin.do_query_procedures()
    assert plugin.do_create_procedure(name) is not None
    file = FOLDER / "gimp/artifix/artifix.py"
    assert os.access(file, os.X_OK), "GIMP starts plug-ins as programs"


def test_darktable_restores_what_it_exported(photograph, tmp_path, command_first):
    """A real Lua, with a stand-in for darktable."""
    lupa = pytest.importorskip("lupa")
    runtime = lupa.LuaRuntime(unpack_returned_tuples=True)
    told = []
    runtime.globals().told = told.append
    runtime.globals().chosen = str(tmp_path / "restored pictures")
    runtime.execute(
        """
        package.preload["darktable"] = function()
          return {
            print = told,
            new_widget = function(kind) return function(options) options.value = chosen; return options end end,
            register_storage = function(name, label, store, finalize) registered = {name, label, finalize} end,
          }
        end
        """
    )
    runtime.execute((FOLDER / "darktable/artifix.lua").read_text(encoding="utf-8"))
    source = tmp_path / "it's one.jpg"
    Image.fromarray(photograph).save(source, quality=20)
    (tmp_path / "restored pictures").mkdir()
    assert runtime.eval("registered[1]") == "artifix"
    runtime.eval("registered[3]")(None, runtime.table_from({"image": str(source)}), None)
    assert told == ["artifix: the pictures are restored"]
    assert [path.name for path in (tmp_path / "restored pictures").iterdir()] == ["it's one.jpg"]
    assert not source.exists()  # darktable's own temporary export


def test_lightroom_restores_beside_what_it_exported(photograph, tmp_path, command_first):
    for name in ("a one.jpg", "b.jpg"):
        Image.fromarray(photograph[:40, :48]).save(tmp_path / name, quality=20)
    script = FOLDER / "lightroom/artifix"
    subprocess.run([script, tmp_path / "a one.jpg", tmp_path / "b.jpg"], check=True)
    assert sorted(path.name for path in tmp_path.glob("*-restored.jpg")) == ["a one-restored.jpg", "b-restored.jpg"]
