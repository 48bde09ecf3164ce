import csv
import re
from dataclasses import replace

import numpy as np
import pytest

from artifix.errors import DataError
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.report import markdown
from artifix.study.design import create_study, read_design
from artifix.study.report import BANNER, study_sections, write_ratings_csv, write_study_csv, write_study_page
from artifix.study.results import findings
from artifix.study.simulate import simulate_raters
from artifix.study.store import Store


@pytest.fixture
def add_rater(make_study):
    """add_rater(study, {image: (jpeg, brighter)}, simulated=False, stop=None): rates all, or stops after some."""

    def add(study, scores, simulated=False, stop=None):
        store, design = Store(study), read_design(study)
        token = store.add_rater(design.order_of, simulated=simulated)
        standing = store.standing(token)
        while standing.trial and standing.done != stop:
            given = float(scores.get(standing.trial.image, (0, 0))[int(standing.trial.method == "brighter")])
            standing = store.rate(token, standing.done + 1, given, seconds=standing.done, scale=1.0)

    return add


@pytest.fixture
def study(make_study):
    return make_study(images=2)


def images(study):
    return [image.name for image in read_design(study).images]


def test_figures_by_hand(study, add_rater):
    a, b = images(study)
    add_rater(study, {a: (10, 40), b: (60, 60)})
    add_rater(study, {a: (30, 80), b: (60, 40)})
    found = findings(study)
    assert found.group == "people"
    assert found.kept == [1, 2]
    # jpeg: 10 30 60 60, mean 40, squared deviations 900 + 100 + 400 + 400; brighter: 40 80 60 40, mean 55, 1100.
    assert found.opinions["jpeg"].mos == 40
    assert found.opinions["jpeg"].deviation == pytest.approx((1800 / 3) ** 0.5)
    assert found.opinions["brighter"].mos == 55
    assert found.opinions["brighter"].deviation == pytest.approx((1100 / 3) ** 0.5)
    # Picture a by jpeg: 10 and 30; t with 1 degree of freedom is 12.7062, the standard error 10.
    assert found.per_image["jpeg"][0] == (20, 0, 100)  # not beyond the scale
    (one,) = found.comparisons
    assert (one.method, one.other) == ("brighter", "jpeg")
    assert (one.won, one.tied, one.lost) == (0.5, 0, 0.5)  # by 60 - 20 and by 50 - 60
    assert one.difference.mean == pytest.approx((40 - 10) / 2)
    assert one.p_images == 1
    assert one.p_raters == pytest.approx(0.5)  # both raters prefer it: 2 of 4 signs
    assert found.seconds == pytest.approx(3.5)  # the six trials are 0 to 5, of which 2 to 5 count


def test_a_tie_is_no_win(study, add_rater):
    a, b = images(study)
    add_rater(study, {a: (50, 50), b: (20, 30)})
    (one,) = findings(study).comparisons
    assert (one.won, one.tied, one.lost) == (0.5, 0.5, 0)


def test_who_did_not_finish_does_not_count(study, add_rater):
    a, b = images(study)
    add_rater(study, {a: (10, 20), b: (10, 20)})
    add_rater(study, {a: (90, 90), b: (90, 90)}, stop=5)
    add_rater(study, {}, stop=0)  # who pressed the button and left
    add_rater(study, {}, stop=0, simulated=True)
    found = findings(study)
    assert (found.raters, found.unfinished) == ((1,), 2)
    assert found.opinions["jpeg"].mos == 10
    assert "2 more began and did not finish" in markdown(study_sections(found))


def test_a_report_goes_through_when_screening_leaves_nobody(make_study, add_rater, tmp_path):
    pytest.importorskip("matplotlib")
    study = make_study(images=8)
    scores = np.tile(np.resize([60.0, 40.0], 8)[:, None], 16)  # by 8 raters for 16 test pictures
    for presentation in range(16):  # each rater is far off twice, above and below
        scores[presentation % 8, presentation] = 95 if presentation < 8 else 5
    for given in scores.reshape(8, 8, 2):
        add_rater(study, dict(zip(images(study), given, strict=True)))
    found = findings(study)
    assert found.kept == []
    text = markdown(study_sections(found))
    assert "Screening left nobody, so there are no figures after it." in text
    assert "| jpeg | nan | nan |" in text
    assert "seen by 0 people, 8 left out by screening" in text
    write_study_page(tmp_path / "page.html", found)
    write_study_csv(tmp_path / "mos.csv", found)
    assert ",jpeg,0,nan,nan,nan\n" in (tmp_path / "mos.csv").read_text()


@pytest.mark.parametrize(("p", "shown"), [(0.25, "0.250"), (0.000012345, "0.000012"), (0.0, "0.000"), (np.nan, "nan")])
def test_any_p_can_be_shown(study, add_rater, p, shown):
    a, b = images(study)
    add_rater(study, {a: (10, 20), b: (30, 20)})
    found = findings(study)
    found = replace(found, comparisons=[replace(found.comparisons[0], p_images=p)])
    assert f" {shown} |" in markdown([study_sections(found)[1]])


def test_the_papers_figures_are_beside_studies_at_its_quality_alone(pictures, add_rater, tmp_path):
    for quality in (20, 40):
        study = tmp_path / str(quality)
        create_study(
            pictures, [JPEG, Method("brighter", lambda degraded, file: degraded)], study, images=1, quality=quality
        )
        (name,) = images(study)
        add_rater(study, {name: (10, 20)})
        text = markdown(study_sections(findings(study)))
        for words in ("68.32", "published by Galteri", "50 pictures that are not these", "the paper"):
            assert (words in text) == (quality == 20), words


def test_the_simulated_are_never_people(study, add_rater):
    a, b = images(study)
    with pytest.raises(DataError, match=r"no person has rated all pictures$"):
        findings(study)
    add_rater(study, {a: (90, 90), b: (90, 90)}, simulated=True)
    with pytest.raises(DataError, match="no person has rated all pictures; 1 simulated rater began"):
        findings(study)
    add_rater(study, {a: (10, 20), b: (10, 20)})
    assert findings(study).opinions["jpeg"].mos == 10
    assert findings(study).other_group == 1
    assert findings(study, simulated=True).opinions["jpeg"].mos == 90


def test_reports_say_whose_they_are(study, add_rater, tmp_path):
    pytest.importorskip("matplotlib")
    a, b = images(study)
    add_rater(study, {a: (10, 20), b: (10, 20)})
    add_rater(study, {a: (90, 90), b: (80, 90)}, simulated=True)
    for simulated in (False, True):
        found = findings(study, simulated=simulated)
        write_study_page(tmp_path / "page.html", found)
        write_study_csv(tmp_path / "mos.csv", found)
        write_ratings_csv(tmp_path / "ratings.csv", study, found)
        page = (tmp_path / "page.html").read_text()
        assert ("SIMULATED raters, no people" in page) == simulated
        assert ('role="alert" style="position: sticky; top: 0' in page and BANNER in page) == simulated
        assert all(section.title.startswith("SIMULATED: ") == simulated for section in study_sections(found))
        for name in ("mos.csv", "ratings.csv"):
            with (tmp_path / name).open() as file:
                assert {row["group"] for row in csv.DictReader(file)} == {"simulated" if simulated else "people"}


def test_the_page_and_the_tables(study, tmp_path):
    pytest.importorskip("matplotlib")
    simulate_raters(study, 7, careless=1)
    found = findings(study, simulated=True)
    write_study_page(tmp_path / "page.html", found)
    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") == 1
    assert not re.search(r"<script|<link|<iframe|@import|url\((?!#)", page)
    text = markdown(study_sections(found))
    mos = found.opinions["jpeg"]
    assert f"| jpeg | {mos.mos:.2f} | {mos.deviation:.2f} |" in text
    assert "| gan | – / 68.32 | – / 20.75 |" in text  # the paper's
    assert "ITU-R BT.500-13" in text


def test_csv_holds_all_that_the_figures_are_made_of(make_study, add_rater, tmp_path):
    study, rng = make_study(images=12), np.random.default_rng(3)
    truth = rng.uniform(45, 55, (12, 2))
    erratic = np.resize([40, 40, -40, -40], (12, 2))  # too high for one picture, too low for the next
    for rater in range(12):
        scores = rng.normal(truth, 12) if rater < 11 else truth + erratic
        add_rater(study, dict(zip(images(study), scores.clip(0, 100), strict=True)), simulated=True)
    found = findings(study, simulated=True)
    assert found.screening.rejected.tolist() == [False] * 11 + [True]
    assert "1 left out by screening" in study_sections(found)[0].title
    write_ratings_csv(tmp_path / "ratings.csv", study, found)
    write_study_csv(tmp_path / "mos.csv", found)
    with (tmp_path / "ratings.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12 * 12 * 2
    for method, opinion in found.opinions.items():
        scores = [float(row["score"]) for row in rows if row["method"] == method and row["kept"] == "1"]
        assert np.mean(scores) == pytest.approx(opinion.mos)
    with (tmp_path / "mos.csv").open() as file:
        per_image = list(csv.DictReader(file))
    assert len(per_image) == 12 * 2
    for row in per_image:
        scores = [
            float(r["score"])
            for r in rows
            if (r["image"], r["method"], r["kept"]) == (row["image"], row["method"], "1")
        ]
        assert np.mean(scores) == pytest.approx(float(row["mos"]), abs=1e-4)
        assert float(row["low"]) < float(row["mos"]) < float(row["high"])
