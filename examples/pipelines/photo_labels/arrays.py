"""Where numbers are crunched: on a GPU slice by CuPy where there is one, else by NumPy, which has the same words."""

from typing import Any

import numpy


def array_module() -> Any:
    """CuPy when it is installed and sees a GPU, else NumPy."""
    try:
        import cupy  # pyright: ignore[reportMissingImports]

        return cupy if cupy.cuda.runtime.getDeviceCount() else numpy  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    except Exception:
        # Not installed, or no driver: CuPy raises errors of its own for that.
        return numpy


def on_host(values: Any) -> numpy.ndarray[Any, Any]:
    """The values as a NumPy array, wherever they are."""
    return numpy.asarray(values.get() if hasattr(values, "get") else values)
