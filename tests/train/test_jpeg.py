import numpy as np
import pytest
import torch
from PIL import Image

from artifix.codecs import decode, degrade, encode
from artifix.color import luma, rgb_to_ycbcr
from artifix.train.jpeg import _tables, coded_ycbcr, decoded_rgb, jpeg_round_trip


def tensor(image):
    return torch.from_numpy(np.ascontiguousarray(np.atleast_3d(image).transpose(2, 0, 1)[None])).float()


def image(planes):
    return planes[0].numpy().transpose(1, 2, 0).astype(int)


def nearly(first, second, share=0.99):
    """Nearly all pixels within one grey level."""
    return (np.abs(first.astype(int) - second) <= 1).mean() >= share


@pytest.mark.parametrize("quality", [1, 10, 20, 40, 60, 80, 95, 100])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_it_is_libjpegs_to_a_grey_level_in_nearly_all_pixels(photograph, quality, subsampling):
    wanted = decode(encode(photograph, quality=quality, subsampling=subsampling), ycbcr=True)
    full = torch.tensor([subsampling == "4:4:4"])
    coded = jpeg_round_trip(coded_ycbcr(tensor(photograph)), torch.tensor([quality]), full)
    for channel in range(3):
        assert nearly(image(coded)[..., channel], wanted[..., channel])


def test_a_batch_is_its_patches_each_at_its_own_quality(photograph):
    planes = coded_ycbcr(torch.cat([tensor(photograph)] * 2))
    quality, full = torch.tensor([10, 90]), torch.tensor([True, False])
    together = jpeg_round_trip(planes, quality, full)
    for n in range(2):
        assert torch.equal(together[n : n + 1], jpeg_round_trip(planes[:1], quality[n : n + 1], full[n : n + 1]))


def test_luma_alone_is_a_grey_jpeg(photograph):
    grey = luma(photograph)
    coded = jpeg_round_trip(tensor(grey), torch.tensor([20]), torch.tensor([False]))
    assert nearly(image(coded)[..., 0], degrade(grey, quality=20))


def test_its_colours_are_libjpegs(photograph):
    coded = coded_ycbcr(tensor(photograph))
    assert nearly(image(coded), np.rint(rgb_to_ycbcr(photograph)), share=1)
    assert np.abs(image(decoded_rgb(coded)) - photograph).max() <= 2


def test_quantisation_tables_are_the_encoders_own(tmp_path):
    for quality in (1, 10, 37, 50, 75, 100):
        Image.new("RGB", (16, 16)).save(tmp_path / "a.jpg", quality=quality)
        with Image.open(tmp_path / "a.jpg") as file:
            wanted = [file.quantization[number] for number in (0, 1)]
        assert _tables(torch.device("cpu"))[quality - 1].reshape(2, 64).int().tolist() == [list(t) for t in wanted]
