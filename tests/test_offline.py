"""Every command and the library call nobody, and write nothing but their outputs, the cache and temporary files."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from artifix.cli import app

# Python imports a module of this name at its start, so that child processes are watched, too.
WATCH = """
import json, os, sys

def is_outside(path):
    if not isinstance(path, (str, bytes)):
        return False  # a descriptor
    path = os.path.realpath(os.fsdecode(path))
    if path == os.environ["WATCH_LOG"]:
        return False
    return not path.startswith((os.environ["WATCH_ALLOWED"], "/dev/", "/proc/", "/sys/"))

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        found = arguments[1]
        suspect = isinstance(found, tuple)  # else a socket of this machine's own, as torch's workers have
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        found, suspect = arguments[:2], arguments[0] not in (None, "127.0.0.1", "0.0.0.0", "localhost")
    elif event == "open":
        found, mode, flags = arguments
        suspect = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) and is_outside(found)
    elif event in ("os.mkdir", "os.truncate"):
        found = arguments[0]
        suspect = is_outside(found)
    elif event in ("os.rename", "os.link", "os.symlink"):
        found = arguments[1]
        suspect = is_outside(found)
    else:
        return
    if suspect:
        line = json.dumps([event, repr(found)]) + chr(10)
        log = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, line.encode())
        os.close(log)

sys.addaudithook(watch)
"""

RUN = """
import json, sys
import artifix.cli
from artifix.bench import measure
measure._limits = measure._peers = lambda *_: ()  # they take long, and run OpenVINO as the rest does
for command in json.loads(sys.argv[1]):
    try:
        artifix.cli.app(command, standalone_mode=False)
    except BaseException as error:
        print(command, repr(error), file=sys.stderr)
        sys.exit(1)
"""

RECIPE = """
name = "small"
[network]
channels = 3
features = 4
blocks = 1
[data]
patch = 32
batch = 2
[loss]
mse = 1.0
[optimiser]
steps = 2
learning_rate = 1e-3
warmup = 1
"""


@pytest.fixture
def watched(tmp_path):
    """The environment of a process that writes down what it should not do, and the file where it does so."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch/sitecustomize.py").write_text(WATCH)
    for name in ("home/.cache", "home/.config", "out/tmp"):
        (tmp_path / name).mkdir(parents=True)
    paths = [str(tmp_path / "watch"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "TORCHINDUCTOR_", "XDG_"))
    }
    environment |= {
        "ARTIFIX_CACHE": str(tmp_path / "out/cache"),
        "HOME": str(tmp_path / "home"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(paths),
        "TMPDIR": str(tmp_path / "out/tmp"),
        "WATCH_ALLOWED": str((tmp_path / "out").resolve()),
        "WATCH_LOG": str(tmp_path.resolve() / "log"),
    }
    return environment, tmp_path / "log"


def seen(log: Path, *caches: str) -> list[str]:
    """What was written down, but for the caches of these dependencies."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [line for line in lines if not any(cache in line for cache in caches)]


def names(command: typer.Typer) -> set[str]:
    """Every command's name, of the groups with the group's in front."""
    found = {each.name or each.callback.__name__ for each in command.registered_commands}
    for group in command.registered_groups:
        found |= {f"{group.name} {name}" for name in names(group.typer_instance)}
    return found


SERVERS = {"serve", "study serve"}
FETCHES = {"web-build"}  # the browser's runtime, once, as its help says
HELD_OUT = 14  # by the hash of 14.png, training does not learn from it


@pytest.fixture
def commands(tmp_path, photograph, make_model, make_devkit, request):
    """Every command but the servers, as small as it can be run."""
    pytest.importorskip("onnx")
    detector = tmp_path / "detector.onnx"
    write_detector(detector)
    pictures, out, model = tmp_path / "pictures", tmp_path / "out", make_model()
    pictures.mkdir()
    for number in (*range(7), HELD_OUT):
        rolled = np.roll(photograph, 9 * number, axis=1)
        Image.fromarray(np.tile(rolled, (2, 2, 1))[:144, :160]).save(pictures / f"{number}.png")
    Image.fromarray(photograph).save(tmp_path / "a.jpg", quality=20)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    devkit = make_devkit({"a": [("cat", 0, (1, 1, 64, 96))]})
    lines = [
        f"models --json | restore {tmp_path}/a.jpg -o {out}/a.png | inspect {out}/a.png",
        f"verify {tmp_path}/a.jpg {out}/a.png | degrade {out}/a.png -o {out}/b.jpg --quality 30",
        f"restore {pictures} -o {out}/folder --model {model} --precision fp32",
        f"evaluate quality --data {pictures} --quality 20 --model jpeg,{model} --html {out}/q.html",
        f"evaluate detection --data {devkit} --detector {detector} --quality 20 --html {out}/d.html",
        f"evaluate codecs --data {pictures} --match jpeg:40 --codec jpeg,webp --model jpeg",
        f"evaluate video --data {pictures} --crf 30 --codec h264 --frames 2 --perceptual mosquito",
        f"study create --data {pictures} --images 2 --model jpeg,{model} -o {out}/study",
        f"study simulate {out}/study --raters 2 | study report {out}/study --simulated --html {out}/s.html",
        f"study invite {out}/study",
        f"train {tmp_path}/recipe.toml --data {pictures} --out {out}/run --workers 1 --steps 2",
        f"export {out}/run -o {out}/n.safetensors",
        f"average {out}/n.safetensors {out}/n.safetensors --data {pictures} -o {out}/mean.safetensors --share 0.5",
        f"quantise {out}/n.safetensors --data {pictures} -o {out}/8.safetensors --patches 2",
        f"bench --model {model} --sizes 0.01 --engine openvino --repeats 1 --threads 1",
    ]
    return [command.split() for line in lines for command in line.split(" | ")]


def write_detector(path: Path) -> None:
    """A detector that finds nothing."""
    from onnx import TensorProto, helper, numpy_helper, save

    nodes, initial, outputs = [], [], []
    for name, shape in (("boxes", (1, 4)), ("scores", (1, 20))):
        initial.append(numpy_helper.from_array(np.zeros(shape, np.float32), f"{name}_values"))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    nodes.append(helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0))
    nodes.append(helper.make_node("Mul", ["scores_values", "mean"], ["scores"]))
    nodes.append(helper.make_node("Identity", ["boxes_values"], ["boxes"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, (1, 3, 32, 32))
    graph = helper.make_graph(nodes, "detector", [image], outputs, initial)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def test_every_command_is_offline(watched, commands):
    ran = {" ".join(command[:2]) if command[0] in ("evaluate", "study") else command[0] for command in commands}
    assert ran | SERVERS | FETCHES == names(app)
    environment, log = watched
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(commands)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert seen(log, "matplotlib", "torch_extensions") == []


@pytest.mark.parametrize("server", ["serve", "study serve"])
def test_a_server_is_offline(watched, commands, tmp_path, server):
    pytest.importorskip("fastapi")
    environment, log = watched
    command = [sys.executable, "-m", "artifix", *server.split(), "--port", "0"]
    if server == "study serve":
        create = next(command for command in commands if command[:2] == ["study", "create"])
        subprocess.run([sys.executable, "-m", "artifix", *create], env=environment, check=True)
        command.insert(5, create[-1])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            address = process.stdout.readline().strip().rsplit(maxsplit=1)[-1]
            if server == "serve":
                head = b'--part\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
                body = head + (tmp_path / "a.jpg").read_bytes() + b"\r\n--part--\r\n"
                kind = {"Content-Type": "multipart/form-data; boundary=part"}
                request = urllib.request.Request(f"{address}api/restore", body, kind)
                assert urllib.request.urlopen(request, timeout=60).status == 200
            else:
                assert urllib.request.urlopen(address, timeout=60).status == 200
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    assert seen(log) == []


def test_the_library_is_offline(watched, make_model, tmp_path):
    environment, log = watched
    code = f"""
import numpy as np, artifix
image = artifix.degrade(np.arange(48 * 40 * 3, dtype=np.uint8).reshape(48, 40, 3), quality=20)
artifix.write_image({str(tmp_path / "out/a.png")!r}, artifix.restore(image, {str(make_model())!r}))
artifix.inspect({str(tmp_path / "out/a.png")!r})
"""
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert seen(log) == []


def test_what_it_should_not_do_is_seen(watched):
    """The watch itself: a connection, a name, a file and a folder beside the allowed ones are all written down."""
    environment, log = watched
    code = """
import contextlib, os, pathlib, socket, urllib.request
with contextlib.suppress(OSError):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))
with contextlib.suppress(OSError):
    urllib.request.urlopen("http://192.0.2.1:9/", timeout=0.01)
pathlib.Path.home().joinpath("intel").mkdir()
pathlib.Path.home().joinpath("intel/id").write_text("1")
pathlib.Path(os.environ["WATCH_ALLOWED"], "fine").write_text("1")
"""
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    found = [json.loads(line)[0] for line in seen(log)]
    assert {"socket.connect", "urllib.Request", "os.mkdir", "open"} <= set(found)
    assert found.count("open") == 1


def test_what_is_set_or_loaded_already_stays():
    """A program with OpenVINO's telemetry loaded, or with its own choice for Ray, keeps both."""
    code = """
import os, sys, types
os.environ["RAY_USAGE_STATS_ENABLED"] = "1"
loaded = sys.modules["openvino_telemetry"] = types.ModuleType("openvino_telemetry")
import artifix
print(sys.modules["openvino_telemetry"] is loaded, os.environ["RAY_USAGE_STATS_ENABLED"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "1"]
