"""SA-DCT: the pointwise shape-adaptive DCT of Foi, Katkovnik and Egiazarian (IEEE TIP 16(5), 2007), for JPEG.

A JPEG's artifacts are taken for noise whose level follows from the quantisation table. Around every pixel, LPA-ICI
finds how far the picture stays alike in eight directions; the octagon of these reaches is transformed by a DCT that is
fitted to its shape, small coefficients are dropped, and the overlapping estimates of all octagons are averaged. A
second pass does the same with empirical Wiener weights, which are taken from the first.
"""

from artifix.restoration.sa_dct.deblocking import deblock, deblock_planes, noise_level

__all__ = ["deblock", "deblock_planes", "noise_level"]
