r"""Put all that a training on a bare machine needs into one folder: code, recipes, weights to begin from, pictures.

    python tools/gpu/pack.py PACK photographs drawings --recipe faithful --recipe vivid \
        --vgg vgg19_conv3_4.safetensors --wheel msgspec-0.22.0-cp312-cp312-manylinux_2_28_x86_64.whl
    python tools/gpu/pack.py PACK-1 photographs drawings --part 1 --parts 2      # further pictures, and nothing else

    PACK/train.py    PACK/src/artifix    PACK/recipes/NAME.toml    PACK/start/NAME.safetensors
    PACK/vgg19.safetensors               PACK/pictures/FOLDER/...

`PACK/train.py` needs torch, numpy, Pillow, safetensors, msgspec, rich and typer; it installs and fetches nothing.
A package that the machine lacks travels as a wheel for its Python, such as `pip download --no-deps` writes with
`--python-version`, `--platform` and `--only-binary=:all:`, and is unpacked beside the code.
"""

import hashlib
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from artifix.errors import ArtifixError, DataError
from artifix.image import READABLE_SUFFIXES
from artifix.models.catalog import model_names, read_model
from artifix.train.patches import is_held_out
from artifix.train.recipes import recipe_file

ROOT = Path(__file__).resolve().parents[2]


def pack_code(out: Path, recipes: Sequence[str], vgg: Path | None, wheels: Sequence[Path]) -> None:
    """Copy the trainer, the package without its weights, the recipes, and the weights of the same names."""
    shutil.copytree(
        ROOT / "src" / "artifix",
        out / "src" / "artifix",
        ignore=shutil.ignore_patterns("weights", "static", "__pycache__"),
    )
    shutil.copyfile(Path(__file__).with_name("train.py"), out / "train.py")
    for folder in ("recipes", "start"):
        (out / folder).mkdir()
    for name in recipes:
        (out / "recipes" / f"{name}.toml").write_bytes(recipe_file(name).read_bytes())
        if name in model_names():
            (out / "start" / f"{name}.safetensors").write_bytes(read_model(name).to_bytes())
    if vgg is not None:
        shutil.copyfile(vgg, out / "vgg19.safetensors")
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as packages:
            packages.extractall(out / "src")


def pack_pictures(out: Path, folders: list[Path], room: int, part: int, parts: int) -> tuple[int, int]:
    """Copy every `parts`-th picture from number `part` on, while they fit into `room` bytes: how many, and of how many.

    The order goes by the names' hashes, those held out from training first, so that parts do not overlap and each is
    a fair sample.
    """
    files = [file for folder in folders for file in folder.rglob("*") if file.suffix.lower() in READABLE_SUFFIXES]
    files.sort(key=lambda file: (not is_held_out(file), hashlib.sha256(file.name.encode()).digest()))
    mine, taken = files[part::parts], 0
    for file in mine:
        size = file.stat().st_size
        if size > room:
            break
        target = out / "pictures" / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        room, taken = room - size, taken + 1
    return taken, len(mine)


def main(
    out: Annotated[Path, typer.Argument(metavar="PACK", help="The folder to make.")],
    data: Annotated[list[Path], typer.Argument(metavar="DATA...", help="Folders of pictures.")],
    recipe: Annotated[list[str] | None, typer.Option(help="A recipe's name; may be repeated.")] = None,
    vgg: Annotated[Path | None, typer.Option(help="VGG19, for recipes with a perceptual loss.")] = None,
    wheel: Annotated[list[Path] | None, typer.Option(help="A package to unpack beside the code.")] = None,
    mib: Annotated[int, typer.Option(min=1, help="The largest size of the whole folder, MiB.")] = 36,
    part: Annotated[int, typer.Option(min=0, help="Which part of the pictures; part 0 has everything else, too.")] = 0,
    parts: Annotated[int, typer.Option(min=1, help="How many parts the pictures are divided into.")] = 1,
) -> None:
    """Fill the folder PACK; an error, and no folder, if it cannot hold a picture."""
    if part >= parts:
        raise typer.BadParameter("parts are counted from 0", param_hint="--part")
    out.mkdir(parents=True)
    try:
        if part == 0:
            pack_code(out, recipe or [], vgg, wheel or [])
        used = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        taken, there = pack_pictures(out, data, (mib << 20) - used, part, parts)
        if not taken:
            raise DataError(f"{out}: code and weights take {used >> 20} MiB and leave no room for a picture")
    except (ArtifixError, OSError, zipfile.BadZipFile) as error:
        shutil.rmtree(out)
        typer.echo(f"pack: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{out}: {taken} of {there} pictures")


if __name__ == "__main__":
    typer.run(main)
