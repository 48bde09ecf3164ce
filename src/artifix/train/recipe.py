"""A training recipe: everything that decides what a run learns, read from TOML and kept with every checkpoint."""

import dataclasses
import difflib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from artifix.errors import ModelError, RecipeError
from artifix.models.discriminator import FULL_PATCH, SUB_PATCH
from artifix.models.networks import DEFAULT_KIND, Config, config_class
from artifix.models.networks.generator import GeneratorConfig
from artifix.train.perceptual import LAYERS
from artifix.train.recipes import recipe_file

Share = Annotated[float, Meta(ge=0, le=1)]
"""A probability; 0 turns the step off."""
Weight = Annotated[float, Meta(ge=0)]
"""The factor of a term of the loss; 0 leaves it out."""
Count = Annotated[int, Meta(ge=1)]
Rate = Annotated[float, Meta(gt=0)]
Decay = Annotated[float, Meta(ge=0, lt=1)]


@dataclass(frozen=True)
class DataRecipe:
    """How a degraded patch and its target are made of a picture."""

    patch: Annotated[int, Meta(ge=16)] = 128  # side of a patch, pixels
    batch: Count = 16  # patches a step, over all processes together
    # "any": one of those of `mixed.py`; "video": frames of films, by H.264 and HEVC, always 4:2:0 and coded once.
    codec: Literal["jpeg", "any", "video"] = "jpeg"
    # JPEG quality, other pictures' being of the same bits, or films' CRF in 0..51, is drawn from this closed range.
    quality: tuple[int, int] = (5, 95)
    quality_power: Rate = 1.0  # low + range * u^power: 1 draws uniformly, 2 half of them from the lowest quarter
    full_chroma: Share = 0.25  # share coded 4:4:4; the rest is 4:2:0
    grey: Share = 0.1  # share of colour patches made grey
    shifted: Share = 0.25  # share whose 8x8 grid does not start at the patch's corner
    # Share of patches that come from text, shapes, mosaics and skies instead of the pictures.
    drawings: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    twice: Share = 0.15  # share compressed before, on another grid at another quality
    told: Share = 0.75  # share of which a network that can be told is told the tables, where the grid is not shifted
    coloured: Share = 0.0  # share whose hues are turned and whose saturation is changed

    def __post_init__(self) -> None:
        low, high = self.quality
        limits_of = {"jpeg": ("", 1, 100), "any": ("", 5, 95), "video": (" is a CRF and", 0, 51)}
        if self.codec not in limits_of:
            raise RecipeError(f'data.codec must be "jpeg", "any" or "video", got "{self.codec}"')
        name, least, most = limits_of[self.codec]
        if not least <= low <= high <= most:
            limits = f"[low, high] within {least}..{most}"
            raise RecipeError(
                f'data.quality{name} must be {limits} for codec = "{self.codec}", got {list(self.quality)}'
            )


@dataclass(frozen=True)
class LossRecipe:
    """The weights of the generator's loss, a sum of the terms in `losses.py`."""

    mse: Weight = 0.0
    log_mse: Weight = 0.0
    log_mse_rgb: Weight = 0.0
    l1: Weight = 0.0
    ssim: Weight = 0.0
    distilled: Weight = 0.0  # from a teacher's restored pictures instead of the target
    perceptual: Weight = 0.0
    adversarial: Weight = 0.0

    def __post_init__(self) -> None:
        if not any(dataclasses.astuple(self)):
            raise RecipeError(f"every loss weight is 0: the recipe's [loss] names none of {', '.join(vars(self))}")


@dataclass(frozen=True)
class PerceptualRecipe:
    """Whose features the perceptual loss compares; also those of the held-out perceptual distance."""

    layers: dict[str, float] = field(default_factory=lambda: {"conv5_3": 1.0})  # of VGG19, with their weights
    # "max" is VGG19's own; to "average" one bright pixel in four is not what four are.
    pooling: Literal["max", "average"] = "max"

    def __post_init__(self) -> None:
        if not self.layers:
            raise RecipeError("perceptual.layers names no layer")
        for name in self.layers:
            if name not in LAYERS:
                raise RecipeError(f"perceptual.layers: VGG19 has no {name}; it has {', '.join(LAYERS)}")


@dataclass(frozen=True)
class DiscriminatorRecipe:
    """The generator's opponent, used where the loss has an adversarial weight; the optimiser's schedule is shared."""

    features: Count = 32  # feature maps of its first layer
    full_patch: bool = False  # one verdict a patch instead of one a sub-patch of 16x16
    learning_rate: Rate = 1e-4  # at the top of the schedule
    real_label: Annotated[float, Meta(gt=0.5, le=1)] = 0.9  # one-sided label smoothing; 1 does not smooth
    # Steps on end of a discriminator that is always right end the run; 0 never does.
    collapse_after: Annotated[int, Meta(ge=0)] = 5000


@dataclass(frozen=True)
class OptimiserRecipe:
    """What moves weights; its schedule, a linear warm-up and a cosine to 0 at the end of the run; their average."""

    # "muon" is for the generator: it moves the kernels between feature maps, Adam all else.
    kind: Literal["adam", "muon"] = "adam"
    steps: Count = 70_000
    learning_rate: Rate = 1e-4  # at the top of the schedule
    beta1: Decay = 0.9
    beta2: Decay = 0.999
    warmup: Annotated[int, Meta(ge=0)] = 200  # steps
    clip: Annotated[float, Meta(ge=0)] = 0.0  # largest norm of the gradient; 0 does not clip
    average: Decay = 0.999  # decay of the exponential weight average; 0 keeps the last weights
    int8: bool = False  # compute as int8 will, within the ranges of the model to start from; its weights stay floating


@dataclass(frozen=True)
class Recipe:
    """One model's training, named after the model it makes."""

    name: str
    seed: Annotated[int, Meta(ge=0)] = 0
    network: Config = field(default_factory=GeneratorConfig)
    data: DataRecipe = field(default_factory=DataRecipe)
    loss: LossRecipe = field(default_factory=lambda: LossRecipe(mse=1.0))
    perceptual: PerceptualRecipe = field(default_factory=PerceptualRecipe)
    discriminator: DiscriminatorRecipe = field(default_factory=DiscriminatorRecipe)
    optimiser: OptimiserRecipe = field(default_factory=OptimiserRecipe)

    def __post_init__(self) -> None:
        smallest = FULL_PATCH if self.discriminator.full_patch else SUB_PATCH
        if self.loss.adversarial and (self.data.patch % SUB_PATCH or self.data.patch < smallest):
            raise RecipeError(
                f"data.patch must be a multiple of {SUB_PATCH} and at least {smallest} for [discriminator]"
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON and TOML hold them, the network's kind among its own."""
        values = dataclasses.asdict(self)
        return values | {"network": {"kind": self.network.kind} | values["network"]}


_PARTS: Final = get_type_hints(Recipe, include_extras=True)


def load_recipe(recipe: str | Path) -> Recipe:
    """A recipe by the name of one of ours, or in a .toml file; RecipeError names it and what is wrong in it."""
    file = recipe_file(recipe)
    try:
        return recipe_from_dict(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError(f"{recipe}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecipeError) as error:
        raise RecipeError(f"{recipe}: {error}") from error


def recipe_from_dict(values: dict[str, Any]) -> Recipe:
    """The recipe of plain values, the inverse of `Recipe.as_dict`; RecipeError for an unknown key or a bad value."""
    _check_keys(values, Recipe, "")
    if "name" not in values:
        raise RecipeError("the recipe lacks a name")
    return Recipe(**{name: _part(name, value) for name, value in values.items()})


def _part(name: str, value: Any) -> Any:
    """One of the recipe's values or tables, of the type that `Recipe` gives it."""
    kind = _PARTS[name]
    if name == "network" or dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            raise RecipeError(f"[{name}] must be a table")
        if name == "network":
            kind, value = _network(value.get("kind", DEFAULT_KIND)), {k: v for k, v in value.items() if k != "kind"}
        _check_keys(value, kind, f"{name}.")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise RecipeError(_explained(error, name, kind)) from error


def _network(kind: object) -> type[Config]:
    try:
        return config_class(kind)
    except ModelError as error:
        raise RecipeError(f"network.kind: {error}") from error


def _check_keys(values: dict[str, Any], cls: type[Any], prefix: str) -> None:
    known = [field.name for field in dataclasses.fields(cls)]
    for key in values.keys() - known:
        (near,) = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
        raise RecipeError(f"unknown key {prefix}{key}, the nearest known one is {prefix}{near}")


def _explained(error: msgspec.ValidationError, name: str, kind: Any) -> str:
    """What is wrong, in one line that begins with the key, such as `optimiser.steps: expected int, got float`."""
    what, _, path = str(error).replace("`", "").partition(" - at $")
    hint = get_type_hints(kind, include_extras=True).get(path[1:]) if dataclasses.is_dataclass(kind) else None
    known = f"; choose one of {', '.join(get_args(hint))}" if get_origin(hint) is Literal else ""
    return f"{name}{path}: {what[0].lower()}{what[1:]}{known}"
