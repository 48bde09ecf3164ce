"""An output that exists is kept only where it is what would be made again."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from artifix.cli import app
from artifix.errors import OutputError
from artifix.image import FORMATS, read_picture
from artifix.restoration import Restorer
from artifix.restoration.origin import Origin, is_made, read_origin, with_origin

ORIGIN = Origin("0" * 32, "model=mse:12 strength=1")
MARKED = [format.suffixes[0] for format in FORMATS if "xmp" in format.metadata]
PACKET = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


@pytest.fixture
def source(photograph, tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(photograph[:32, :40]).save(path, quality=20)
    return path


@pytest.fixture(scope="module")
def restorer(make_model):
    return Restorer(make_model(), precision="fp32")


@pytest.mark.parametrize("suffix", MARKED)
def test_every_format_with_xmp_says_its_origin(restorer, source, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    assert restorer.restore_file(source, target).status == "restored"
    assert read_origin(target).settings == restorer.settings
    assert b"artifix:input" in read_picture(target).metadata.xmp
    before = target.read_bytes()
    assert restorer.restore_file(source, target).status == "kept"
    assert target.read_bytes() == before


def changed(restorer, make_model, what):
    """A restorer, or options of `restore_file`, with one setting changed."""
    if what == "quality":
        return restorer, {"quality": 80}
    options = {"strength": {"strength": 0.5}, "precision": {"precision": "auto"}}.get(what, {})
    return Restorer(make_model(seed=1 if what == "model" else 0), **{"precision": "fp32"} | options), {}


@pytest.mark.parametrize("what", ["model", "strength", "precision", "quality"])
def test_another_setting_is_an_error_that_names_it(restorer, source, tmp_path, make_model, what):
    target = tmp_path / "out.jpg"
    restorer.restore_file(source, target)
    before = target.read_bytes()
    other, options = changed(restorer, make_model, what)
    with pytest.raises(OutputError, match=rf"exists already, made with {what} .* instead of .*; --overwrite"):
        other.restore_file(source, target, **options)
    assert target.read_bytes() == before
    assert other.restore_file(source, target, overwrite=True, **options).status == "restored"
    assert other.restore_file(source, target, **options).status == "kept"


def test_another_input_or_a_changed_one_is_an_error(restorer, source, tmp_path):
    target = tmp_path / "out.png"
    restorer.restore_file(source, target)
    Image.fromarray(np.asarray(Image.open(source))[::-1]).save(source, quality=20)
    with pytest.raises(OutputError, match="made of another input"):
        restorer.restore_file(source, target)


@pytest.mark.parametrize("suffix", [".bmp", ".png"])
def test_an_output_of_unknown_origin_is_an_error(restorer, source, tmp_path, suffix):
    target = tmp_path / f"out{suffix}"
    Image.new("RGB", (9, 9)).save(target)
    with pytest.raises(OutputError, match="does not say what it was made of"):
        restorer.restore_file(source, target)


def test_the_output_of_an_output_is_a_copy_and_counts_as_made(restorer, source, tmp_path, make_model):
    restorer.restore_file(source, tmp_path / "b.png")
    record = restorer.restore_file(tmp_path / "b.png", tmp_path / "c.png")
    assert record.notes == ("left as it is: artifix restored it before",)
    assert (tmp_path / "c.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert restorer.restore_file(tmp_path / "b.png", tmp_path / "c.png").status == "kept"
    forced = Restorer(make_model(), precision="fp32", force=True)
    forced.restore_file(tmp_path / "b.png", tmp_path / "c.png", overwrite=True)
    assert read_picture(tmp_path / "c.png").metadata.xmp.count(b"artifix:input") == 1
    assert is_made(tmp_path / "c.png", tmp_path / "b.png", forced.settings_at(None))


def test_the_inputs_own_packet_stays():
    marked = with_origin(PACKET, ORIGIN)
    assert b'xmp:Rating="4"' in marked
    assert with_origin(marked, Origin("1" * 32, "model=x")).count(b"urn:artifix") == 1
    assert (
        marked.replace(
            f'<rdf:Description rdf:about="" xmlns:artifix="urn:artifix:1.0/" {ORIGIN.attributes}/>'.encode(), b""
        )
        == PACKET
    )


@pytest.mark.parametrize("packet", [b"no packet", PACKET.replace(b"Rating", b"R" * 65_000)])
def test_a_packet_without_room_stays_as_it_is(packet):
    assert with_origin(packet, ORIGIN) == packet


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=80))
def test_any_settings_come_back(tmp_path_factory, settings):
    path = tmp_path_factory.mktemp("x") / "file"
    path.write_bytes(b"\xff" * 100 + with_origin(None, Origin("a" * 32, settings)) + b"\0" * 9)
    assert read_origin(path) == Origin("a" * 32, settings)


def test_the_command_says_it_in_its_status_and_record(source, tmp_path, make_model):
    def restore(*options):
        arguments = [str(source), "-o", str(tmp_path / "out.png"), "--model", str(make_model()), "--json", *options]
        done = CliRunner().invoke(app, ["restore", *arguments])
        return done.exit_code, json.loads(done.stdout)

    assert restore()[1]["status"] == "restored"
    code, record = restore()
    assert (code, record["status"], record["error"]) == (0, "kept", "")
    code, record = restore("--strength", "0.5")
    assert (code, record["status"]) == (1, "failed")
    assert "made with strength 1 instead of 0.5" in record["error"]
