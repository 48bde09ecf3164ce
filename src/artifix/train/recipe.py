"""A training recipe: everything that decides what a run learns, read from TOML and kept with every checkpoint."""

import dataclasses
import difflib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from artifix.errors import ModelError, RecipeError
from artifix.models.discriminator import FULL_PATCH, SUB_PATCH
from artifix.models.generator import GeneratorConfig
from artifix.models.networks import DEFAULT_KIND, Config, config_class, kind_of
from artifix.train.perceptual import LAYERS


@dataclass(frozen=True)
class DataRecipe:
    """How a picture becomes a lesson. Shares are probabilities in 0..1; 0 turns the step off."""

    patch: int = 128  # side of a patch, pixels
    batch: int = 16  # patches a step, over all processes together
    # Or "any": one of those of `mixed.py`; or "video": frames of films, by H.264 and HEVC, always 4:2:0 and coded once.
    codec: str = "jpeg"
    # JPEG quality, other pictures' being of the same bits, or films' CRF in 0..51, is drawn from this closed range.
    quality: tuple[int, int] = (5, 95)
    quality_power: float = 1.0  # low + range * u^power: 1 draws uniformly, 2 half of them from the lowest quarter
    full_chroma: float = 0.25  # share coded 4:4:4; the rest is 4:2:0
    grey: float = 0.1  # share of colour patches made grey
    shifted: float = 0.25  # share whose 8x8 grid does not start at the patch's corner
    drawings: float = 0.0  # share of patches that come from text, shapes, mosaics and skies instead of the pictures
    twice: float = 0.15  # share compressed before, on another grid at another quality
    told: float = 0.75  # share of which a network that can be told is told the tables, where the grid is not shifted
    coloured: float = 0.0  # share whose hues are turned and whose saturation is changed

    def __post_init__(self) -> None:
        low, high = self.quality
        if self.codec not in ("jpeg", "any", "video"):
            raise RecipeError(f'data.codec must be "jpeg", "any" or "video", got "{self.codec}"')
        if self.codec == "video" and not 0 <= low <= high <= 51:
            raise RecipeError(f"data.quality is a CRF and must be [low, high] within 0..51, got {list(self.quality)}")
        if self.codec == "any" and not 5 <= low <= high <= 95:
            raise RecipeError(f"data.quality must be [low, high] within 5..95 for any codec, got {list(self.quality)}")
        if self.codec == "jpeg" and not 1 <= low <= high <= 100:
            raise RecipeError(f"data.quality must be [low, high] within 1..100, got {list(self.quality)}")
        if self.quality_power <= 0:
            raise RecipeError(f"data.quality_power must be positive, got {self.quality_power}")
        if self.patch < 16 or self.batch < 1:
            raise RecipeError("data.patch must be at least 16 and data.batch at least 1")
        if self.drawings == 1:
            raise RecipeError("data.drawings must be below 1")
        for name in ("full_chroma", "grey", "shifted", "drawings", "twice", "told", "coloured"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"data.{name} is a share and must be within 0..1, got {getattr(self, name)}")


@dataclass(frozen=True)
class LossRecipe:
    """The weights of the generator's loss, a sum of the terms in `losses.py`; a weight of 0 leaves a term out."""

    mse: float = 0.0
    log_mse: float = 0.0
    log_mse_rgb: float = 0.0
    l1: float = 0.0
    ssim: float = 0.0
    distilled: float = 0.0  # from a teacher's restored pictures instead of the target
    perceptual: float = 0.0
    adversarial: float = 0.0

    def __post_init__(self) -> None:
        if not any(dataclasses.astuple(self)):
            raise RecipeError("every loss weight is 0: the recipe's [loss] names none of " + _names(LossRecipe))


@dataclass(frozen=True)
class PerceptualRecipe:
    """Whose features the perceptual loss compares; also those of the held-out perceptual distance."""

    layers: dict[str, float] = field(default_factory=lambda: {"conv5_3": 1.0})  # of VGG19, with their weights
    pooling: str = "max"  # VGG19's own; or "average", to which one bright pixel in four is not what four are

    def __post_init__(self) -> None:
        if self.pooling not in ("max", "average"):
            raise RecipeError(f'perceptual.pooling must be "max" or "average", got "{self.pooling}"')
        if not self.layers:
            raise RecipeError("perceptual.layers names no layer")
        for name in self.layers:
            if name not in LAYERS:
                raise RecipeError(f"perceptual.layers: VGG19 has no {name}; it has {', '.join(LAYERS)}")


@dataclass(frozen=True)
class DiscriminatorRecipe:
    """The generator's opponent, used where the loss has an adversarial weight; the optimiser's schedule is shared."""

    features: int = 32  # maps of its first layer
    full_patch: bool = False  # one verdict a patch instead of one a sub-patch of 16x16
    learning_rate: float = 1e-4  # at the top of the schedule
    real_label: float = 0.9  # one-sided label smoothing; 1 does not smooth
    collapse_after: int = 5000  # steps on end of a discriminator that is always right end the run; 0 never does

    def __post_init__(self) -> None:
        if self.features < 1 or self.learning_rate <= 0 or self.collapse_after < 0:
            raise RecipeError(
                "discriminator.features and .learning_rate must be positive, .collapse_after not negative"
            )
        if not 0.5 < self.real_label <= 1:
            raise RecipeError(f"discriminator.real_label must be above 0.5 and at most 1, got {self.real_label}")


@dataclass(frozen=True)
class OptimiserRecipe:
    """What moves weights; its schedule, a linear warm-up and a cosine to 0 at the end of the run; their average."""

    kind: str = "adam"  # or "muon", for the generator: by it the kernels between maps, by Adam all else
    steps: int = 70_000
    learning_rate: float = 1e-4  # at the top of the schedule
    beta1: float = 0.9
    beta2: float = 0.999
    warmup: int = 200  # steps
    clip: float = 0.0  # largest norm of the gradient; 0 does not clip
    average: float = 0.999  # decay of the exponential weight average; 0 keeps the last weights
    int8: bool = False  # compute as int8 will, within the ranges of the model to start from; its weights stay floating

    def __post_init__(self) -> None:
        if self.kind not in ("adam", "muon"):
            raise RecipeError(f'optimiser.kind must be "adam" or "muon", got "{self.kind}"')
        if self.steps < 1 or self.learning_rate <= 0:
            raise RecipeError("optimiser.steps and optimiser.learning_rate must be positive")
        if self.warmup < 0 or self.clip < 0:
            raise RecipeError("optimiser.warmup and optimiser.clip must not be negative")
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            raise RecipeError("optimiser.beta1 and optimiser.beta2 must be within 0..1 and below 1")
        if not 0 <= self.average < 1:
            raise RecipeError(f"optimiser.average must be within 0..1 and below 1, got {self.average}")


@dataclass(frozen=True)
class Recipe:
    """One model's training, named after the model it makes."""

    name: str
    seed: int = 0
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
        return values | {"network": {"kind": kind_of(self.network)} | values["network"]}


# The tables of a recipe beside [network], whose `kind` says what is in it.
_TABLES: Final[dict[str, type[Any]]] = {
    "data": DataRecipe,
    "loss": LossRecipe,
    "perceptual": PerceptualRecipe,
    "discriminator": DiscriminatorRecipe,
    "optimiser": OptimiserRecipe,
}


def load_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file; RecipeError names the file and what is wrong in it."""
    try:
        return recipe_from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecipeError) as error:
        raise RecipeError(f"{path}: {error}") from error


def recipe_from_dict(values: dict[str, Any]) -> Recipe:
    """The recipe of plain values, the inverse of `Recipe.as_dict`; RecipeError for an unknown key or a bad value."""
    top = dict(values)
    for name in ("network", *_TABLES):
        if name in top:
            if not isinstance(top[name], dict):
                raise RecipeError(f"[{name}] must be a table")
            table = dict(top[name])
            cls = _TABLES[name] if name in _TABLES else _network(table.pop("kind", DEFAULT_KIND))
            top[name] = _build(cls, table, f"{name}.")
    recipe: Recipe = _build(Recipe, top, "")
    return recipe


def _network(kind: object) -> type[Config]:
    try:
        return config_class(kind)
    except ModelError as error:
        raise RecipeError(f"network.kind: {error}") from error


def _build(cls: type[Any], values: dict[str, Any], prefix: str) -> Any:
    known = {f.name: f for f in dataclasses.fields(cls)}
    for key, value in values.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            raise RecipeError(f"unknown key {prefix}{key}, the nearest known one is {prefix}{near[0]}")
        if isinstance(value, list):
            values = values | {key: tuple(value)}
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"{prefix.rstrip('.') or 'recipe'}: {error}") from error


def _names(cls: type[Any]) -> str:
    return ", ".join(f.name for f in dataclasses.fields(cls))
