"""What every model of the domain shares."""

import sys
from types import ModuleType

_LOADER = "pydantic.plugin._loader"
if _LOADER not in sys.modules:
    # Pydantic looks through the metadata of every installed package for plugins that may watch each validation. None
    # is wanted in here, and the search costs a tenth of the time to the first frame.
    _none = ModuleType(_LOADER)
    _none.__dict__["get_plugins"] = lambda: ()
    sys.modules[_LOADER] = _none

from pydantic import BaseModel, ConfigDict  # noqa: E402


class Model(BaseModel):
    """A frozen record. Unknown fields are an error: foreign data is translated by the sources, never splatted in."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, ser_json_inf_nan="null")
