"""Mean the weights of two models, one trained on from the other, and measure the mean on held-out pictures.

    python benchmarks/soup.py mse.safetensors further.safetensors --training FOLDER --training FOLDER \
        -o soup.safetensors --data "what both learned from" [--share 0.25 --share 0.5]

A mean of weights is often better than either (Wortsman et al., "Model soups", ICML 2022). Of the shares of the second
model the one with the highest gain over the JPEG, meaned over the qualities, is written, with a card of its own, whose
ranges for int8 `artifix quantise` measures anew.
"""

import argparse
import dataclasses
from pathlib import Path
from statistics import fmean

import torch
from torch import nn

from artifix.image import atomic_output
from artifix.models.blending import blend
from artifix.models.card import ModelCard
from artifix.models.catalog import read_model
from artifix.models.torch_network import torch_network
from artifix.provenance import current_commit
from artifix.train.checkpoint import Learner
from artifix.train.export import in_half_precision
from artifix.train.held_out import PREFIX, HeldOut
from artifix.train.patches import margin_of, read_pictures
from artifix.train.recipe import recipe_from_dict

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def main() -> None:
    """Try each share, and write the best."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs=2)
    parser.add_argument("--training", type=Path, action="append", required=True)
    parser.add_argument("--share", type=float, action="append")
    parser.add_argument("--data", required=True, help="for the model card: what it learned from")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    first, second = map(read_model, options.models)
    cards = [first.card, second.card]
    recipe = recipe_from_dict(cards[1].recipe)
    pictures = read_pictures(options.training, margin_of(recipe.data)).held_out
    held_out = HeldOut(pictures, recipe.network.channels, codec=recipe.data.codec)
    found: dict[float, tuple[dict[str, float], nn.Module]] = {}
    for share in options.share or SHARES:
        network = torch_network(blend(first, second, share)).to(memory_format=torch.channels_last)
        found[share] = figures(held_out, network), network
        print(share, found[share][0], flush=True)
    best, (gains, network) = max(found.items(), key=lambda item: fmean(item[1][0].values()))
    card = mean_card(cards, best, gains, options.data)
    with atomic_output(options.output) as file:
        file.write(in_half_precision(card, network.state_dict()).to_bytes())
    print(f"{options.output}: {best} of {options.models[1]}")


def figures(held_out: HeldOut, network: nn.Module) -> dict[str, float]:
    """The gain over the coded picture, dB, by quality, or codec and quality."""
    weights = dict(network.state_dict())
    learner = Learner(network, weights, torch.optim.SGD(network.parameters()))
    return {name.removeprefix(PREFIX): round(gain, 4) for name, gain in held_out.figures(learner).items()}


def mean_card(cards: list[ModelCard], share: float, gains: dict[str, float], data: str) -> ModelCard:
    """The second model's card, with what differs of the mean."""
    first, second = cards
    return dataclasses.replace(
        second,
        summary=first.summary,
        failures=first.failures,
        data=f"{data}; {1 - share:g} of the weights before the last {second.steps:,} steps, {share:g} of those after",
        commit=current_commit(),
        figures={name: round(gain, 3) for name, gain in gains.items()},
        ranges={},
        int8_loss={},
    )


if __name__ == "__main__":
    main()
