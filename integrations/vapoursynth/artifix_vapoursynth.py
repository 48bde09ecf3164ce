"""Remove compression artifacts from clips in VapourSynth.

from artifix_vapoursynth import restore

clip = core.bs.VideoSource("film.mp4")
clip = core.resize.Bicubic(clip, format=vs.RGBS, matrix_in_s="709")
restore(clip, model="mse-video").set_output()
"""

from functools import partial

import numpy as np
import vapoursynth as vs

from artifix import Restorer

FORMATS = (vs.RGBS, vs.GRAYS, vs.RGB24, vs.GRAY8, vs.RGB48, vs.GRAY16)
"""What is restored; floats are in 0..1."""


def restore(clip: vs.VideoNode, model: str = "mse-video", strength: float = 1.0, detail: float = 0.0) -> vs.VideoNode:
    """The clip with every frame restored, in its own format, which is one of `FORMATS`.

    `model`, `strength` and `detail` are those of `artifix.Restorer`, which is loaded once. TypeError for other formats.
    """
    if clip.format is None or clip.format.id not in FORMATS:
        raise TypeError("artifix restores RGB or grey clips of 8 or 16 bits or floats; convert with core.resize")
    restorer = Restorer(model, strength=strength, detail=detail)
    return clip.std.ModifyFrame(clip, partial(_restored, restorer))


def _restored(restorer: Restorer, n: int, f: vs.VideoFrame) -> vs.VideoFrame:
    planes = np.stack([np.asarray(f[plane]) for plane in range(f.format.num_planes)], axis=-1)
    if planes.dtype.kind == "f":
        planes = planes.clip(0, 1)
    restored = restorer.restore_image(planes)
    frame = f.copy()
    for plane in range(frame.format.num_planes):
        np.copyto(np.asarray(frame[plane]), restored[..., plane])
    return frame
