import csv
import re
from dataclasses import replace

import numpy as np
import pytest

from artifix.errors import DataError
from artifix.evaluate.methods import JPEG, Method
from artifix.evaluate.report import markdown
from artifix.study.design import create_study, read_design
from artifix.study.files import write_ratings_csv, write_study_csv, write_study_page
from artifix.study.metrics import correlate
from artifix.study.order import Controls
from artifix.study.pairs import preferences
from artifix.study.report import BANNER, study_sections
from artifix.study.results import findings
from artifix.study.simulate import simulate_raters, worths_of
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
            standing = store.rate(token, standing.done + 1, given, seconds=standing.done)

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
    assert found.panel.group == "people"
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
    assert found.panel.seconds == pytest.approx(5.5)  # the eight trials are 0 to 7, of which 4 to 7 count


def test_a_tie_is_no_win(study, add_rater):
    a, b = images(study)
    add_rater(study, {a: (50, 50), b: (20, 30)})
    (one,) = findings(study).comparisons
    assert (one.won, one.tied, one.lost) == (0.5, 0.5, 0)


def test_who_did_not_finish_does_not_count(study, add_rater):
    a, b = images(study)
    add_rater(study, {a: (10, 20), b: (10, 20)})
    add_rater(study, {a: (90, 90), b: (90, 90)}, stop=7)
    add_rater(study, {}, stop=0)  # who pressed the button and left
    add_rater(study, {}, stop=0, simulated=True)
    found = findings(study)
    assert ([one.number for one in found.panel.finished], found.panel.unfinished) == ([1], 2)
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
    assert "seen by 0 people, 8 left out" in text
    write_study_page(tmp_path / "page.html", study, found)
    write_study_csv(tmp_path / "mos.csv", found)
    assert ",jpeg,0,nan,nan,nan," in (tmp_path / "mos.csv").read_text()


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
    assert findings(study).panel.other_group == 1
    assert findings(study, simulated=True).opinions["jpeg"].mos == 90


def test_reports_say_whose_they_are(study, add_rater, tmp_path):
    pytest.importorskip("matplotlib")
    a, b = images(study)
    add_rater(study, {a: (10, 20), b: (10, 20)})
    add_rater(study, {a: (90, 90), b: (80, 90)}, simulated=True)
    for simulated in (False, True):
        found = findings(study, simulated=simulated)
        write_study_page(tmp_path / "page.html", study, found)
        write_study_csv(tmp_path / "mos.csv", found)
        write_ratings_csv(tmp_path / "ratings.csv", found)
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
    write_study_page(tmp_path / "page.html", study, found)
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
    assert "1 left out" in study_sections(found)[0].title
    write_ratings_csv(tmp_path / "ratings.csv", found)
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


def rate_all(study, score_of, count=1, simulated=False):
    """Raters who give each trial `score_of(trial, rater)`."""
    store, design = Store(study), read_design(study)
    for rater in range(count):
        token = store.add_rater(design.order_of, simulated=simulated)
        standing = store.standing(token)
        while standing.trial:
            score = float(score_of(standing.trial, rater))
            standing = store.rate(token, standing.done + 1, score, seconds=2)


def test_dmos_by_hand(make_study):
    study = make_study(procedure="dsis", controls=Controls(hidden_reference=True))
    first = read_design(study).images[0].name
    given = {"jpeg": 2, "brighter": 4, "reference": 5, "worst": 1}
    # The second rater gives the first picture's hidden reference a 3, so 2 - 3 + 5 = 4 and 4 - 3 + 5 = 6 there.
    rate_all(
        study,
        lambda trial, rater: (
            3 if (trial.method, trial.image, rater) == ("reference", first, 1) else given[trial.method]
        ),
        2,
    )
    found = findings(study)
    assert found.opinions["reference"].mos == 4.5
    assert found.opinions["reference"].dmos is None
    assert found.opinions["jpeg"].dmos.mean == pytest.approx((2 + 2 + 2 + 4) / 4)
    assert found.opinions["brighter"].dmos.mean == pytest.approx((4 + 4 + 4 + 6) / 4)
    assert [comparison.method for comparison in found.comparisons] == ["brighter"]  # the reference is no method
    text = markdown(study_sections(found))
    assert "hidden reference" in text
    assert "ITU-T P.913, 7.2.2" in text
    assert "five grades" in text
    assert "Galteri" not in text  # who did not ask so


def test_intervals_stay_on_the_scale(make_study):
    study = make_study(procedure="dsis")
    rate_all(study, lambda trial, rater: 5 - (rater == 0), 3)
    for intervals in findings(study).per_image.values():
        for mean, low, high in intervals:
            assert mean == pytest.approx(14 / 3)
            assert (low >= 1, high) == (True, 5)


def test_the_inattentive_are_left_out(make_study):
    study = make_study(controls=Controls(checks=4))
    answers = {"worst": 10, "reference": 95, "jpeg": 40, "brighter": 60}
    rate_all(study, lambda trial, rater: 90 if rater == 1 and trial.kind == "check" else answers[trial.method], 2)
    found = findings(study)
    assert found.panel.checks == {1: (0, 4), 2: (2, 4)}  # who likes the worst, too
    assert found.panel.attentive == found.kept == [1]
    assert "1 left out" in study_sections(found)[0].title
    other = make_all_fail(make_study, study)
    with pytest.raises(DataError, match="failed more than a quarter of the attention checks"):
        findings(other)


def make_all_fail(make_study, study):
    (study / "ratings.sqlite3").unlink()
    rate_all(study, lambda trial, rater: 50)
    return study


def test_what_is_repeated_is_set_beside_the_first_time(make_study):
    study = make_study(images=4, controls=Controls(repeats=3))
    rate_all(study, lambda trial, rater: 50 + 7 * (trial.kind == "repeat"), 2)
    found = findings(study)
    assert found.panel.again == {1: [7, 7, 7], 2: [7, 7, 7]}
    assert found.opinions["jpeg"].mos == 50  # the first time alone counts
    assert "| rater 1 | – | 7.00 |" in markdown(study_sections(found))


def test_raters_who_follow_a_figure_correlate_with_it(make_study):
    study = make_study(images=6)
    worths = worths_of(study, read_design(study))
    rate_all(study, lambda trial, rater: worths[trial.image, trial.method], 2)
    found = {one.metric: one for one in findings(study).correlations}
    assert {"PSNR of luma", "SSIM of luma"} <= found.keys()
    assert found["SSIM of luma"].spearman == pytest.approx(1)
    assert found["SSIM of luma"].pearson.low > 0.95


def test_correlations_by_hand():
    figures, mos = np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 4, 3, 5])
    found = correlate("any", figures, mos)
    assert found.pearson.mean == pytest.approx(0.8)
    assert found.spearman == pytest.approx(0.8)
    # Fisher: tanh(atanh(0.8) -+ 1.95996 / sqrt(2)).
    assert found.pearson[1:] == pytest.approx((-0.2796, 0.9862), abs=1e-4)
    assert np.isnan(correlate("any", figures[:3], mos[:3]).spearman)
    assert np.isnan(correlate("any", figures, np.ones(5)).spearman)
    infinite = correlate("any", np.append(figures, np.inf), np.append(mos, 5))
    assert infinite == found


def test_pairs_by_hand(make_study, tmp_path):
    pytest.importorskip("matplotlib")
    study = make_study(images=2, procedure="pairs", controls=Controls(repeats=1, checks=4))
    better = {"reference": 9, "brighter": 5, "jpeg": 3, "worst": 0}
    first = read_design(study).images[0].name

    def prefer(trial, rater):
        left = better[trial.method] > better[trial.other]
        turned = trial.kind == "test" and rater == 0 and trial.image == first
        return left != turned

    rate_all(study, prefer, 4)
    found = preferences(study)
    (pair,) = found.pairs
    assert (pair.method, pair.other) == ("brighter", "jpeg")
    assert pair.share.mean == pytest.approx(7 / 8)
    assert found.worths.worth[1] - found.worths.worth[0] == pytest.approx(np.log(7))
    assert found.per_image.tolist() == [[1 / 4, 3 / 4], [0, 1]]
    assert all(failed == 0 for failed, _ in found.panel.checks.values())
    text = markdown(study_sections(found))
    assert "Bradley and Terry" in text
    write_study_page(tmp_path / "page.html", study, found)
    assert (tmp_path / "page.html").read_text().count("data:image/webp") == 2 * 3
    write_study_csv(tmp_path / "pairs.csv", found)
    write_ratings_csv(tmp_path / "ratings.csv", found)
    assert (tmp_path / "pairs.csv").read_text().startswith("group,image,method,raters,preferred\n")
    with (tmp_path / "ratings.csv").open() as file:
        assert {row["kind"] for row in csv.DictReader(file)} == {"test", "repeat", "check"}


@pytest.mark.parametrize("procedure", ["continuous", "dsis", "acr", "pairs"])
def test_a_simulated_study_of_each_kind_is_reported(make_study, tmp_path, procedure):
    pytest.importorskip("matplotlib")
    study = make_study(images=3, procedure=procedure, controls=Controls(True, 2, 2))
    simulate_raters(study, 5)
    found = (preferences if procedure == "pairs" else findings)(study, simulated=True)
    assert len(found.kept) == 5
    write_study_page(tmp_path / "page.html", study, found)
    page = (tmp_path / "page.html").read_text()
    points = set(re.findall(r'xlink:href="#(picture-[^"]+)"', page))
    assert points == set(re.findall(r'<figure id="([^"]+)"', page))  # each point leads to its small picture
    assert len(points) == 3 * 3
    assert len(set(re.findall(r"#(?:1f77b4|ff7f0e|2ca02c)", page))) == 3  # a colour for each condition
    assert page.count("data:image/webp") == 3 * 4
