import numpy as np
import pytest

from artifix.errors import ModelError
from artifix.evaluate.methods import JPEG, ensemble_of, load_methods


@pytest.mark.parametrize("shape", [(12, 17), (12, 17, 3)])
def test_the_ensemble_shows_all_eight_views_and_turns_them_back(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    seen = []

    def identity(degraded):
        seen.append(degraded)
        return degraded

    np.testing.assert_array_equal(ensemble_of(identity)(image), image)
    assert len({view.tobytes() for view in seen}) == 8
    assert {view.shape[:2] for view in seen} == {(12, 17), (17, 12)}


def test_the_ensemble_is_rounded_once_at_the_end():
    answers = iter([10] * 3 + [11] * 5)
    image = np.zeros((4, 4), np.uint8)
    restored = ensemble_of(lambda degraded: np.full_like(degraded, next(answers)))(image)
    assert restored.dtype == np.uint8
    assert (restored == 11).all()  # 10.625


def test_jpeg_is_the_identity(photograph):
    np.testing.assert_array_equal(JPEG.restore(photograph), photograph)


def test_models_are_loaded_by_path_with_their_ensembles(make_model, photograph):
    path = make_model(channels=1)
    jpeg, model, ensemble = load_methods(["jpeg", path], ensemble=True)
    assert (jpeg.name, model.name, ensemble.name) == ("jpeg", path.stem, f"{path.stem}+")
    assert model.fingerprint == ensemble.fingerprint != load_methods([make_model(channels=1, seed=1)])[0].fingerprint
    grey = photograph[..., 0].copy()
    for method in (model, ensemble):
        restored = method.restore(grey)
        assert restored.shape == grey.shape
        assert restored.dtype == np.uint8
        assert (restored != grey).any()


def test_an_unknown_model_is_an_error():
    with pytest.raises(ModelError, match="no-such-model"):
        load_methods(["no-such-model"])
