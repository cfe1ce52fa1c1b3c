"""Read what the user hands over into memory, trusting nothing that is not vouched for.

One module per format; `detect` tells them apart by content and by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecu_bundle.artifacts import LoadedModel, ModelFormat, sha256_hex
from ecu_bundle.errors import UnsupportedModelError, UsageError
from ecu_bundle.loading.content import STAGE, Content, ModelFile, Options
from ecu_bundle.loading.detect import detect, model_name
from ecu_bundle.loading.files import is_folder, read_file

__all__ = ["from_estimator", "load"]


def _read_content(file: ModelFile, options: Options) -> tuple[ModelFormat, Content]:
    """The estimator or ONNX file inside a model file that is no archive."""
    kind = detect(file.data, file.name, file.place)
    if kind == "skops":
        from ecu_bundle.loading.skops import load_skops

        return "skops", load_skops(file, options)
    if kind == "pickle":
        from ecu_bundle.loading.pickle import load_pickle

        return "pickle", load_pickle(file, options)
    if kind == "onnx":
        from ecu_bundle.loading.onnx import load_onnx

        return "onnx", load_onnx(file)
    raise UnsupportedModelError(
        STAGE,
        "an archive inside an archive is not opened",
        place=file.place,
        hint="pack the model file itself",
    )


def load(
    path: str | Path,
    *,
    trust_pickle: bool = False,
    allow_version_skew: bool = False,
    member: str | None = None,
) -> LoadedModel:
    """Load a trained model.

    Args:
        path: a ``.skops``, ``.joblib``, ``.pkl``, ``.onnx`` or SageMaker ``model.tar.gz`` file, or an
            MLflow model folder.
        trust_pickle: the user vouches for the code in a pickle; it then runs in a child process.
        allow_version_skew: accept a model that another scikit-learn wrote, with a note.
        member: name of the model file inside a SageMaker archive; None when it holds only one.

    Returns:
        The model with a fitted estimator, or with the bytes of an ONNX file. An ONNX file inside an
        archive or folder has the format ``onnx``.

    Raises:
        UsageError: missing file, a pickle without trust, version skew, no or wrong `member`.
        UnsupportedModelError: not a model, damaged, hostile, not scikit-learn's own, or not fitted.
    """
    path = Path(path)
    options = Options(trust_pickle, allow_version_skew)
    container: ModelFormat | None = None
    if is_folder(path):
        from ecu_bundle.loading.mlflow import find_model as find_in_folder

        file, container = find_in_folder(path), "mlflow"
        name = path.resolve().name
    else:
        file = ModelFile(path.name, str(path), read_file(path))
        name = model_name(path.name)
        if detect(file.data, file.name, file.place) == "sagemaker":
            from ecu_bundle.loading.sagemaker import find_model as find_in_archive

            file, container = find_in_archive(file, member), "sagemaker"
    if member is not None and container != "sagemaker":
        raise UsageError(
            STAGE, "only an archive has members to choose from", place=str(path), hint="leave --member out"
        )
    found, content = _read_content(file, options)
    if content.onnx_bytes is None:
        from ecu_bundle.loading.estimator import check_estimator

        check_estimator(content.estimator, file.place)
    return LoadedModel(
        name=name or "model",
        format="onnx" if found == "onnx" else container or found,
        source_digest=sha256_hex(file.data),
        estimator=content.estimator,
        onnx_bytes=content.onnx_bytes,
        sklearn_version=content.sklearn_version,
        trusted_pickle=content.trusted_pickle,
        notes=content.notes,
    )


def from_estimator(estimator: Any, name: str = "model") -> LoadedModel:
    """Take a fitted estimator of this process as a model.

    Its digest is taken over its content, because there is no file; equal estimators have equal digests.

    Raises:
        UnsupportedModelError: not a fitted estimator, or one whose content cannot be written by skops.
    """
    import sklearn

    from ecu_bundle.loading.digest import content_digest
    from ecu_bundle.loading.estimator import check_estimator

    check_estimator(estimator, name)
    try:
        digest = content_digest(estimator)
    except Exception as error:  # writing runs the estimator's own code, which may raise anything
        raise UnsupportedModelError(
            STAGE,
            f"{type(estimator).__name__} cannot be written: {type(error).__name__}: {error}",
            place=name,
            hint="use scikit-learn's own estimators and functions that can be imported",
        ) from error
    return LoadedModel(
        name=name,
        format="memory",
        source_digest=digest,
        estimator=estimator,
        sklearn_version=sklearn.__version__,
    )
