import pytest

from artifix.models.catalog import DEFAULT, MODELS, model_for


@pytest.mark.parametrize("format", ["WEBP", "AVIF"])
def test_other_lossy_formats_have_a_model_of_their_own_once_it_is_shipped(format, monkeypatch):
    monkeypatch.delitem(MODELS, "mse-any", raising=False)
    assert model_for(format, lossy=True) == DEFAULT
    monkeypatch.setitem(MODELS, "mse-any", "")
    assert model_for(format, lossy=True) == "mse-any"
    assert model_for(format, lossy=False) == DEFAULT


@pytest.mark.parametrize(("format", "lossy"), [("JPEG", True), ("PNG", False), ("GIF", False), ("", False)])
def test_what_is_or_was_a_jpeg_keeps_the_default(format, lossy, monkeypatch):
    monkeypatch.setitem(MODELS, "mse-any", "")
    assert model_for(format, lossy) == DEFAULT
