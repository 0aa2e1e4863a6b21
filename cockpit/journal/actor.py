"""Who is at the keyboard, as far as this host can tell."""

import ipaddress
import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from cockpit.models.journal import Actor
from cockpit.sanitize import clean

_LOGIN_UID = Path("/proc/self/loginuid")
_UNSET_UID = 0xFFFFFFFF
_LONGEST = 64


def current_actor(environ: Mapping[str, str] | None = None, login_uid: Path = _LOGIN_UID) -> Actor:
    """The person behind this process. Never raises.

    The real user is who logged in, whatever sudo or su made of them since: the kernel's login uid where PAM set it
    (it cannot be changed afterwards), else `SUDO_USER`, else `LOGNAME` for root after a plain `su`.

    Args:
        environ: Environment to read; this process's own by default.
        login_uid: Where the kernel tells the login uid.
    """
    env = os.environ if environ is None else environ
    user = _name(os.geteuid())
    return Actor(user=user, real_user=_real_user(env, login_uid) or user, tty=_tty(), ssh_peer=_ssh_peer(env))


def shown(actor: Actor) -> str:
    """The actor's name for people: the user, and who that really is where it differs, as in `root (alice)`."""
    return actor.user if actor.user == actor.real_user else f"{actor.user} ({actor.real_user})"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return str(uid)


def _real_user(env: Mapping[str, str], login_uid: Path) -> str | None:
    try:
        uid = int(login_uid.read_text("ascii"))
    except (OSError, ValueError):
        uid = _UNSET_UID
    if uid != _UNSET_UID:
        return _name(uid)
    if sudo := env.get("SUDO_USER"):
        return clean(sudo, _LONGEST)
    if os.geteuid() == 0 and (login := env.get("LOGNAME")):
        return clean(login, _LONGEST)
    return None


def _tty() -> str | None:
    for fd in (0, 1, 2):
        try:
            return os.ttyname(fd)
        except OSError:
            continue
    return None


def _ssh_peer(env: Mapping[str, str]) -> str | None:
    """First word of `SSH_CONNECTION` (or the older `SSH_CLIENT`), if it is an address."""
    words = (env.get("SSH_CONNECTION") or env.get("SSH_CLIENT") or "").split()
    try:
        return str(ipaddress.ip_address(words[0])) if words else None
    except ValueError:
        return None
