"""What a sleeping process waits on, as far as Linux tells: the kernel function it sleeps in, and its connections."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_CHANNELS = (
    (("do_wait", "wait4", "waitid"), "a child to end"),
    (("pipe_read", "pipe_wait", "anon_pipe_read"), "a pipe nobody writes to"),
    (("pipe_write", "anon_pipe_write"), "a pipe nobody reads from"),
    (("flock_lock", "locks_lock", "fcntl_setlk", "posix_lock", "__break_lease"), "a file lock"),
    (("nfs", "rpc_", "fuse_", "cifs", "p9_client"), "a network or user-space filesystem"),
    (("io_schedule", "wait_on_page", "folio_wait", "jbd2", "blk_"), "the disk"),
    (("unix_stream", "unix_dgram"), "a local socket"),
    (("n_tty_read", "tty_read"), "input from a terminal"),
    (("do_signal_stop", "ptrace_stop"), "a signal to go on"),
)
_TELLING = frozenset(
    ("a child to end", "a file lock", "a network or user-space filesystem", "the disk", "a signal to go on")
)
_NETWORK = ("sk_wait_data", "inet_csk", "tcp_recvmsg", "wait_woken", "__skb_wait", "sk_stream_wait")
_SLEEP = ("hrtimer_nanosleep", "do_nanosleep", "common_nsleep")
_POLL = ("ep_poll", "poll_schedule", "do_select", "do_sys_poll", "do_poll", "io_cqring_wait")
_LOCK = ("futex",)
_LOCAL_PORTS = ("127.", "::1")


def waiting_on(process: "psutil.Process") -> str | None:
    """In words; `None` where nothing is known or it does not wait.

    What the main thread sleeps in comes first: helpers of any program sit at pipes and timers all day. Where the main
    thread merely waits for its helpers, theirs count.
    """
    channels = _channels(process.pid)
    if not channels:
        # Without permission for the wait channel its connections may still tell.
        return _peer(process)
    main, *others = channels
    if main.startswith(_LOCK):
        helpers = [meaning for channel in others if (meaning := _meaning(channel)) and meaning in _TELLING]
        return next(iter(helpers), None) or _peer(process) or "its own threads"
    if (meaning := _meaning(main)) is not None:
        return meaning
    if main.startswith((*_NETWORK, *_POLL)):
        return _peer(process) or ("the network" if main.startswith(_NETWORK) else "events")
    return "a timer: it sleeps" if main.startswith(_SLEEP) else None


def _meaning(channel: str) -> str | None:
    return next((meaning for names, meaning in _CHANNELS if channel.startswith(names)), None)


def _channels(pid: int) -> list[str]:
    """Names of the kernel functions its threads sleep in, the main thread's first; none where that one runs."""
    found: list[str] = []
    try:
        threads = sorted(Path(f"/proc/{pid}/task").iterdir(), key=lambda path: (path.name != str(pid), path))[:32]
    except OSError:
        return found
    for thread in threads:
        with suppress(OSError):
            name = (thread / "wchan").read_text(encoding="ascii", errors="replace").strip()
            if name and name != "0":
                found.append(name)
            elif thread.name == str(pid):
                return []
    return found


def _peer(process: "psutil.Process") -> str | None:
    """The other end of an established connection, one on another host before one on this."""
    import psutil

    try:
        connections = process.net_connections(kind="inet")
    except (psutil.Error, OSError, AttributeError):
        return None
    peers = [item.raddr for item in connections if item.status == psutil.CONN_ESTABLISHED and item.raddr]
    if not peers:
        return None
    peers.sort(key=lambda address: address.ip.startswith(_LOCAL_PORTS))
    address = f"[{peers[0].ip}]" if ":" in peers[0].ip else peers[0].ip
    more = f" and {len(peers) - 1} more" if len(peers) > 1 else ""
    return f"the answer of {address}:{peers[0].port}{more}"
