"""The model image: the blob in flash. Format in ``docs/model_image.md``."""

from ecu_bundle.image.interface_codec import interface_hash
from ecu_bundle.image.reader import ImageContents, read_image
from ecu_bundle.image.writer import compile_image

__all__ = ["ImageContents", "compile_image", "interface_hash", "read_image"]
