"""Making many frozen models fast, of values this package has typed itself.

Validation of what `cockpit.sources.fields` has already typed would cost a third of a first scan of 100,000 receipts.
Only for models made once per file or line; a test makes the same ones both ways and compares.
"""

from functools import cache
from typing import Any, TypeVar

from cockpit.models.base import Model

M = TypeVar("M", bound=Model)
_new, _set = object.__new__, object.__setattr__


@cache
def _names(cls: type[Model]) -> set[str]:
    return set(cls.model_fields)


def trusted(cls: type[M], values: dict[str, Any]) -> M:
    """A model of `values`, unchecked: every field of `cls` must be there, with a value of its type."""
    made = _new(cls)
    _set(made, "__dict__", values)
    _set(made, "__pydantic_fields_set__", _names(cls))
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made
