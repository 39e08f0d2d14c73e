"""Models, under keras.models names."""

from juanji.models.cloning import clone_model
from juanji.models.from_form import model_from_config, model_from_json
from juanji.models.model import Model
from juanji.models.sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model", "load_model", "model_from_config", "model_from_json", "save_model"]


def __getattr__(name: str) -> object:
    if name in ("load_model", "save_model"):  # files are built on models
        from juanji import saving

        return getattr(saving, name)
    raise AttributeError(f"module 'juanji.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
