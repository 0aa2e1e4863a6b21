"""The host itself, in the numbers that resource trouble is told by (seed 003: CPU, memory, disk)."""

from contextlib import suppress

from cockpit.models.physics import HostFacts


def host_facts(folder: str) -> HostFacts:
    """The host now, and the filesystem a folder is on. CPU is the average since the call before, `None` at first.

    Never raises: what cannot be had is `None`.
    """
    import psutil

    cpu = memory = free = load = None
    free_bytes = None
    with suppress(psutil.Error, OSError):
        measured = psutil.cpu_percent(interval=None)
        # Psutil's first answer is 0.0 and means nothing.
        cpu = measured if host_facts.__dict__.get("asked") else None
        host_facts.__dict__["asked"] = True
    with suppress(psutil.Error, OSError):
        memory = psutil.virtual_memory().percent
    with suppress(psutil.Error, OSError, AttributeError):
        load = psutil.getloadavg()[0]
    with suppress(psutil.Error, OSError):
        usage = psutil.disk_usage(folder)
        # As `df`: of what an ordinary user may fill.
        free = 100.0 - usage.percent
        free_bytes = usage.free
    return HostFacts(
        cpu_percent=cpu, memory_percent=memory, disk_free_percent=free, disk_free_bytes=free_bytes, load_1m=load
    )
