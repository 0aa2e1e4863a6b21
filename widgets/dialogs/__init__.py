"""Dialogs: modal screens with typed results, whole on a terminal of 60x16, deaf for the first 300 ms."""

from widgets.dialogs.form import FormDialog
from widgets.dialogs.help import HelpDialog
from widgets.dialogs.menu import MenuDialog
from widgets.dialogs.message import MessageDialog
from widgets.dialogs.plan import PlanDialog
from widgets.dialogs.prompt import PromptDialog
from widgets.dialogs.walk import WalkDialog, WalkPicture

__all__ = [
    "FormDialog",
    "HelpDialog",
    "MenuDialog",
    "MessageDialog",
    "PlanDialog",
    "PromptDialog",
    "WalkDialog",
    "WalkPicture",
]
