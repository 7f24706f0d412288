"""Settings of all tests."""

import gc

# The cloud SDKs are hundreds of thousands of objects that all stay: looking through them again and again for garbage
# takes a third of these tests' time.
gc.set_threshold(200_000, 50, 50)
