"""Run a network: OpenVINO, ONNX Runtime or torch, and nothing else in artifix imports one of the first two."""
