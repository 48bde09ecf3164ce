"""The parameters that several operations of the API have."""

from typing import Annotated

from fastapi import Query

JobName = Annotated[
    str, Query(pattern="^[A-Za-z0-9_-]{0,64}$", description="A name of your choice, for /api/progress/NAME.")
]
ModelName = Annotated[str, Query(description="One of /api/models; by default the one for the picture's format.")]
Strength = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False, description="0: the input, 1: fully restored.")]
Detail = Annotated[
    float, Query(ge=0, le=1, allow_inf_nan=False, description="0: faithful, 1: vivid; where the model has it.")
]
UploadName = Annotated[str, Query(description="The name that /api/uploads returned, in place of a body.")]
