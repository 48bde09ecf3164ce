"""Containers, the Space, the Action and the recipes: what of them can be tried without their hosts."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "integrations"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
yaml = pytest.importorskip("yaml")


def read_yaml(place):
    return yaml.safe_load((FOLDER / place).read_text(encoding="utf-8"))


def test_the_action_restores_a_folder(photograph, tmp_path):
    """Its last step as a runner runs it, with the expressions filled in."""
    action = read_yaml("action/action.yml")
    (tmp_path / "photos").mkdir()
    Image.fromarray(photograph[:40, :48]).save(tmp_path / "photos/a.jpg", quality=20)
    step = action["runs"]["steps"][-1]
    given = {name: about.get("default") for name, about in action["inputs"].items()}
    given |= {"folder": "photos", "output": "restored"}
    filled = {name: re.sub(r"\${{ inputs\.(\w+) }}", lambda m: given[m[1]], v) for name, v in step["env"].items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["bash", "-ec", step["run"]], cwd=tmp_path, env=os.environ | filled | {"PATH": path}, check=True)
    assert [found.name for found in (tmp_path / "restored").iterdir() if found.suffix == ".jpg"] == ["a.jpg"]


def test_no_expression_of_the_action_stands_in_a_script():
    """Where it would be code: inputs come by the environment."""
    for step in read_yaml("action/action.yml")["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_recipes_ask_for_what_the_project_does():
    run = read_yaml("conda/recipe.yaml")["requirements"]["run"]
    asked = dict(each.split(" >=") for each in run)
    needed = {}
    for each in PROJECT["dependencies"]:
        name, floor = re.match(r"([\w-]+)>=([\d.]+)", each).groups()
        needed[name] = floor
    needed.pop("pyjpegio")  # not in conda-forge: without it JPEGs are restored without their file's bound, and a note
    assert asked == needed | {"python": PROJECT["requires-python"].removeprefix(">=")}
    version = PROJECT["version"]
    assert read_yaml("conda/recipe.yaml")["context"]["version"] == version
    assert f"artifix-{version}-py3" in (FOLDER / "space/requirements.txt").read_text()


def dockerfile():
    text = (FOLDER / "docker/Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_runs_as_nobody_and_its_extras_exist():
    lines = dockerfile()
    (user,) = [rest for word, rest in lines if word == "USER"]
    assert user.isdigit()
    assert int(user) > 0
    (extras,) = [re.search(r"\.\[(.*?)\]", rest)[1] for word, rest in lines if "pip install" in rest]
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    copied = {name for word, rest in lines if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    kept = (FOLDER / "docker/Dockerfile.dockerignore").read_text().split()
    assert {f"!{name}" for name in copied} <= set(kept)
    service = read_yaml("docker/compose.yaml")["services"]["artifix"]
    assert service["read_only"] is True
    assert "/tmp" in service["tmpfs"]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def container(tmp_path):
    """The image's command, with all that it may write to in one folder; its port."""
    pytest.importorskip("fastapi")
    command = Path(sys.executable).parent / "artifix"
    if not command.exists():
        pytest.skip("the command is not installed")
    (arguments,) = [json.loads(rest) for word, rest in dockerfile() if word == "CMD"]
    port, written = free_port(), tmp_path / "tmp"
    written.mkdir()
    environment = {"ARTIFIX_TOKEN": "a-token", "TMPDIR": str(written), "HOME": str(written), "PATH": os.environ["PATH"]}
    environment |= {"ARTIFIX_CACHE": str(written / "artifix"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    process = subprocess.Popen([command, *arguments, "--port", str(port)], env=environment, cwd="/")
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def healthy(port, seconds=60):
    """Whether the image's health check passes in time."""
    text = "\n".join(rest for word, rest in dockerfile() if word == "HEALTHCHECK")
    check = json.loads(text[text.index("[") :])
    check = [sys.executable, *[word.replace(":8000", f":{port}") for word in check[1:]]]
    for _ in range(seconds * 2):
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return True
        time.sleep(0.5)
    return False


@pytest.mark.skipif(not shutil.which("nginx"), reason="there is no nginx")
def test_the_composed_server_restores_behind_nginx(container, photograph, tmp_path):
    port = container
    assert healthy(port)
    outside = free_port()
    conf = (FOLDER / "docker/nginx.conf").read_text(encoding="utf-8")
    conf = conf.replace("artifix:8000", f"127.0.0.1:{port}").replace("listen 8080", f"listen 127.0.0.1:{outside}")
    temporary = "".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ access_log off; {temporary}"
    whole += f"client_body_temp_path {tmp_path}/body; {conf} }}"
    (tmp_path / "nginx.conf").write_text(whole)
    nginx = subprocess.Popen(["nginx", "-c", tmp_path / "nginx.conf", "-e", tmp_path / "log", "-g", "daemon off;"])
    try:
        for _ in range(100):
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", outside)) == 0:
                    break
            time.sleep(0.1)
        file = tmp_path / "a.png"
        Image.fromarray(photograph).save(file)
        body = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        body += file.read_bytes() + b"\r\n--cut--\r\n"
        kind = {"Content-Type": "multipart/form-data; boundary=cut"}
        headers = kind | {"Authorization": "Bearer a-token"}
        url = f"http://127.0.0.1:{outside}/api/restore?model=fast"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
            (tmp_path / "b.png").write_bytes(answer.read())
        assert np.asarray(Image.open(tmp_path / "b.png")).shape == photograph.shape
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(urllib.request.Request(url, body, kind))
    finally:
        nginx.terminate()
        nginx.wait()


def test_the_space_restores_a_file(load, photograph, tmp_path):
    gradio = pytest.importorskip("gradio")
    app = load("space/app.py")
    file = tmp_path / "a.jpg"
    Image.fromarray(photograph).save(file, quality=20)
    (before, after), download = app.restore(str(file), "Quick", 1.0)
    assert (before, after) == (str(file), download)
    assert Image.open(after).size == (128, 96)
    with pytest.raises(gradio.Error):
        app.restore(None, "Quick", 1.0)
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    with pytest.raises(gradio.Error, match="the picture"):
        app.restore(str(tmp_path / "b.jpg"), "Quick", 1.0)
    assert app.build() is not None
    os.utime(Path(after).parent, (0, 0))
    app.forget()
    assert not Path(after).parent.exists()
