"""The model cards for the Hugging Face Hub: their metadata is what the Hub reads, and they say what our cards say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from artifix.models.catalog import MODELS, read_card, read_model

yaml = pytest.importorskip("yaml")


def split(text):
    """The metadata and the words of a page."""
    start, head, words = text.split("---\n", 2)
    assert start == ""
    return yaml.safe_load(head), words


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All cards, written by the command."""
    made = tmp_path_factory.mktemp("cards")
    program = Path(__file__).parents[2] / "tools" / "docs" / "model_cards.py"
    subprocess.run([sys.executable, program, "-o", made], check=True)
    return made


@pytest.mark.parametrize("name", MODELS)
def test_a_card_has_the_metadata_of_the_hub(folder, name):
    card = read_card(name)
    about, words = split((folder / name / "README.md").read_text(encoding="utf-8"))
    assert about["license"] == "apache-2.0"
    assert about["library_name"] == "artifix"
    assert about["pipeline_tag"] == "image-to-image"
    assert all(isinstance(tag, str) for tag in about["tags"])
    (index,) = about["model-index"]
    (result,) = index["results"]
    assert {"task", "dataset", "metrics"} <= set(result)
    assert {"type", "name"} <= set(result["dataset"])
    assert [metric["value"] for metric in result["metrics"]] == list(card.figures.values())
    assert all(
        metric["name"].endswith(f" {quality}, dB")
        for metric, quality in zip(result["metrics"], card.figures, strict=True)
    )
    assert card.failures[1:] in words
    assert json.loads(words.split("```json\n")[1].split("```")[0]) == card.recipe


@pytest.mark.parametrize("name", MODELS)
def test_the_model_lies_beside_its_card(folder, name):
    assert read_model(folder / name / f"{name}.safetensors").card == read_card(name)


def test_the_hubs_own_library_reads_them(folder):
    hub = pytest.importorskip("huggingface_hub")
    for name in MODELS:
        card = hub.ModelCard.load(folder / name / "README.md")
        assert card.data.license == "apache-2.0"
        results = card.data.eval_results
        assert [result.metric_value for result in results] == list(read_card(name).figures.values())
