from artifix.evaluate.published import SOURCES, counterpart, read_published


def test_the_papers_rows_are_complete():
    paper = [row for row in read_published() if row.source == "galteri2017"]
    assert len(paper) == 48
    (row,) = [r for r in paper if (r.dataset, r.quality, r.method) == ("live1", 10, "mse")]
    assert (row.psnr, row.psnr_b, row.ssim, row.ssim_gaussian) == (29.45, 29.10, 0.834, None)
    assert [(r.dataset, r.quality, r.method) for r in paper if r.ssim is None] == [("bsds500", 40, "jpeg")]


def test_every_row_has_a_known_source_and_stands_once():
    rows = read_published()
    assert {row.source for row in rows} == set(SOURCES)
    assert len({(row.protocol, row.dataset, row.quality, row.method) for row in rows}) == len(rows)


def test_counterparts():
    assert [counterpart(name) for name in ("mse-y", "ssim-y", "jpeg", "mse-y+")] == ["mse", "ssim", "jpeg", "mse-y+"]
