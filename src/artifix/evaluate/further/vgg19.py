"""The distance between VGG19's features at conv3_4, from 0, lower is better, as in the perceptual loss."""

from functools import partial
from pathlib import Path
from typing import Final

from artifix.errors import ModelError
from artifix.evaluate.metric import Compare, Metric, MetricUnavailableError

VGG_LAYER: Final = "conv3_4"  # the deepest that a file cut short for training has; torchvision's has it, too


def load(vgg: Path | None) -> Compare:
    """The metric as a function; ModelError for a file that is not VGG19, MetricUnavailableError without weights."""
    from artifix.train.perceptual import distance, load_perceptual_loss

    try:
        network = load_perceptual_loss(vgg, {VGG_LAYER: 1.0})
    except ModelError as error:
        if vgg is not None:
            raise
        raise MetricUnavailableError(str(error)) from error
    return partial(distance, network)


METRIC: Final = Metric("vgg19", "VGG19 distance", 3, "lower", load)
