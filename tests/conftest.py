"""Settings of all tests."""

import gc
import signal

# The cloud SDKs are hundreds of thousands of objects that all stay: looking through them again and again for garbage
# takes a third of these tests' time.
gc.set_threshold(200_000, 50, 50)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end, and neither the collector nor pytest, when it ends, looks through it."""
    gc.freeze()


# A test run in the background inherits signals that are ignored, and so would the programs that tests interrupt.
for ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, signal.SIG_DFL)
