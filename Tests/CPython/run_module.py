"""Runs one module of CPython's tests and writes what became of each test: run_module.py MODULE FILE [RESOURCE...]."""

import json
import sys
import unittest

from test import support


class Result(unittest.TextTestResult):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.became = {}

    def note(self, test, word):
        # A test with several failing parts is noted once, by the first.
        self.became.setdefault(test.id(), word)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "ok")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.note(test, "failed")

    def addError(self, test, error):
        super().addError(test, error)
        self.note(test, "error")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped")

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.note(test, "ok")

    def addSubTest(self, test, part, error):
        super().addSubTest(test, part, error)
        if error is not None:
            self.note(test, "failed")


def wanted(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            # Class and module fixtures belong to the order of the tests, not to the suites.
            yield from wanted(test)
        elif "VSOCK" not in test.id():  # of virtual machines, without ports; in some machines it never ends
            yield test


def main():
    module, path = sys.argv[1:3]
    # Some tests that stay on loopback want the resource "network"; where only loopback is there, nothing else answers.
    support.use_resources = sys.argv[3:]
    suite = unittest.TestSuite(wanted(unittest.defaultTestLoader.loadTestsFromName(module)))
    result = unittest.TextTestRunner(resultclass=Result).run(suite)
    with open(path, "w") as file:
        json.dump(result.became, file)


# Tests that start processes by "spawn" import this file again.
if __name__ == "__main__":
    main()
