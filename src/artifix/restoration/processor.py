"""What the processor is good at, as far as that decides how a network runs."""

import sys
from pathlib import Path
from typing import Final

# Sums of products of bytes in one instruction: four times the work of fp32, twice that of bf16. Without them int8
# gains less, and its kernels can overflow.
_LINUX: Final = {"avx512_vnni", "avx_vnni", "amx_int8"}
_NUMPY: Final = {"AVX512_CLX", "AVX512_ICL", "AVX512_SPR"}  # groups of features with AVX-512 VNNI among them


def multiplies_bytes() -> bool:
    """Whether the processor is known to have VNNI or AMX; where it cannot be asked, False."""
    if sys.platform == "linux":
        return bool(_LINUX & _linux_flags())
    import numpy as np

    found = np.show_config(mode="dicts") or {}
    return bool(_NUMPY & set(found.get("SIMD Extensions", {}).get("found", [])))


def _linux_flags() -> set[str]:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            return next((set(line.split()) for line in lines if line.startswith("flags")), set())
    except OSError:
        return set()
