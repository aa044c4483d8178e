"""pytest plugin: tells `bindstorm check` which test runs, so that its report names it.

The message is a call that fails with EBADF with and without bindstorm: bind() on descriptor -1, whose "address" is the
test's name. Without bindstorm the plugin therefore changes nothing. Documentation/check.md describes the call.
"""

import ctypes

import pytest

_PREFIX = b"bindstorm-mark/1\0test\0"
_LONGEST = 4096

try:
    _bind = ctypes.CDLL(None).bind
    _bind.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
except (OSError, AttributeError, TypeError):  # no such call here, as on Windows
    _bind = None


def _mark(test):
    if _bind is None:
        return
    name = test.encode("utf-8", "backslashreplace")[: _LONGEST - len(_PREFIX)]
    _bind(-1, _PREFIX + name, len(_PREFIX) + len(name))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    yield
    _mark("")


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    _mark(item.nodeid + " (setup)")
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    _mark(item.nodeid + " (call)")
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    _mark(item.nodeid + " (teardown)")
    yield
