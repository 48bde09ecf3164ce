"""The real spandrel loads a model of ours from a file, and what it restores is what artifix does."""

import sys
import types

import numpy as np
import pytest

from artifix import Restorer
from artifix.engines.export import write_model
from artifix.errors import ModelError
from artifix.models.catalog import read_model

torch = pytest.importorskip("torch")
pytest.importorskip("einops")


@pytest.fixture
def spandrel(monkeypatch):
    """Spandrel itself; where torchvision is not there for this torch, with a stand-in.

    Two of spandrel's other architectures import three names of it.
    """
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):
        functional = types.ModuleType("torchvision.transforms.functional")
        functional.InterpolationMode = functional.rotate = functional.normalize = None
        for name in ("torchvision", "torchvision.transforms"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        monkeypatch.setitem(sys.modules, functional.__name__, functional)
    return pytest.importorskip("spandrel")


@pytest.fixture
def load_model(spandrel, load, tmp_path):
    """load_model(path of a model) -> what spandrel makes of the file for it."""
    registry = spandrel.ArchRegistry()
    registry.add(*spandrel.MAIN_REGISTRY)
    install = load("spandrel/spandrel_artifix.py").install
    install(registry)
    install(registry)

    def load_one(path):
        file = tmp_path / "for-spandrel.safetensors"
        write_model(read_model(path), file, spandrel=True, overwrite=True)
        return spandrel.ModelLoader(registry=registry).load_from_file(file)

    return load_one


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("residual", [True, False])
def test_what_spandrel_loads_restores_as_the_library_does(load_model, make_model, photograph, channels, residual):
    path = make_model(channels=channels, residual=residual)
    descriptor = load_model(path)
    assert (descriptor.architecture.id, descriptor.purpose, descriptor.scale) == ("artifix", "Restoration", 1)
    assert (descriptor.input_channels, descriptor.output_channels) == (3, 3)
    image = np.ascontiguousarray(photograph[:45, :67]).astype(np.float32) / 255
    restored = descriptor(torch.from_numpy(image.transpose(2, 0, 1)[None].copy()))[0].numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(restored, Restorer(path, precision="fp32").restore_image(image), atol=2e-4)
    assert np.abs(restored - image).max() > 0.01


def test_half_precision_as_on_a_gpu(load_model, make_model, photograph):
    descriptor = load_model(make_model())
    batch = torch.from_numpy(photograph.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    expected = descriptor(batch)
    restored = descriptor.bfloat16()(batch.bfloat16())
    assert restored.dtype == torch.bfloat16
    torch.testing.assert_close(restored.float(), expected, atol=0.02, rtol=0)


def test_a_file_that_artifix_did_not_write_is_refused(spandrel, load_model, make_model, load):
    arch = load("spandrel/spandrel_artifix.py").ArtifixArch()
    state = {name: torch.from_numpy(np.array(value)) for name, value in read_model(make_model()).weights.items()}
    assert not arch.detect(state)
    for card in (b"{}", b"\xff", b"[]"):
        with pytest.raises(ModelError):
            arch.load(state | {"artifix.card": torch.frombuffer(bytearray(card), dtype=torch.uint8)})


def test_the_real_spandrel_of_the_main_registry(spandrel, load, make_model, tmp_path):
    load("spandrel/spandrel_artifix.py").install()
    write_model(read_model(make_model()), tmp_path / "a.safetensors", spandrel=True)
    descriptor = spandrel.ModelLoader().load_from_file(tmp_path / "a.safetensors")
    assert isinstance(descriptor, spandrel.ImageModelDescriptor)
    assert descriptor.tags == ["small", "generator"]
