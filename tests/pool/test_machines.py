"""Which workers a pool may have."""

import pytest

from artifix import Pool


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"address": "auto"}, "engine='ray'"),
        ({"engine": "dask"}, "engine must be one of processes, ray, got 'dask'"),
        ({"workers": 0}, "workers must be at least 1, got 0"),
        ({"workers": -1}, "workers must be at least 1, got -1"),
        ({"cpus": 0}, "cpus must be at least 1, got 0"),
    ],
)
def test_a_wrong_setting_is_refused(setting, reason):
    with pytest.raises(ValueError, match=reason):
        Pool(**setting)
