import numpy as np
import pytest

from artifix.engines.limits import KINDS, load_limit


def operations(kind):
    return 4 * 2 * 2048**3 if kind == "product" else 8 * 2 * 9 * 64 * 64 * 256**2


@pytest.mark.parametrize("kind", KINDS)
def test_each_precision_computes_the_same_thing_in_its_own_way(kind):
    found = {}
    for precision in ("fp32", "int8"):
        run, count = load_limit(kind, precision, 1)
        assert count == operations(kind)
        found[precision] = np.array(run()[0]).ravel()
    error = np.abs(found["int8"] - found["fp32"]).mean() / found["fp32"].mean()
    assert 1e-4 < error < 0.1  # rounded, and to bytes that fit
