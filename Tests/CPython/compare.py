#!/usr/bin/env python3
"""CPython's own network tests with and without the race detector: whether any test notices it.

Each module runs twice plainly and once under `bindstorm check`, in a network namespace of its own where that can
be had. A test whose two plain runs differ is flaky by itself and told apart. Ends with 1 when another test's result
differs under the tool, or when nothing could be compared.
"""

import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

MODULES = [
    "test.test_socket", "test.test_socketserver", "test.test_selectors", "test.test_epoll", "test.test_asyncore",
    "test.test_asynchat", "test.test_httpservers", "test.test_httplib", "test.test_ftplib", "test.test_smtplib",
    "test.test_poplib", "test.test_imaplib", "test.test_xmlrpc", "test.test_urllib2_localnet", "test.test_telnetlib",
    "test.test_wsgiref", "test.test_asyncio.test_events", "test.test_asyncio.test_sock_lowlevel",
    "test.test_asyncio.test_server", "test.test_asyncio.test_streams", "test.test_asyncio.test_base_events",
    "test.test_support", "test.test_logging", "test.test_ssl",
]
HERE = os.path.dirname(os.path.abspath(__file__))


def namespace():
    """The words before a command that give it a network namespace with loopback, none where that is refused."""
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    words += ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if not shutil.which("unshare") or not shutil.which("ip"):
        return []
    return words if subprocess.run(words + ["true"], stderr=subprocess.DEVNULL).returncode == 0 else []


def run(command, limit):
    """Standard error's end and the exit code; None when the time was over."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               start_new_session=True, cwd=tempfile.gettempdir())
    try:
        _, text = process.communicate(timeout=limit)
        return process.returncode, text.decode(errors="replace")[-600:]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 15)
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
        return None, "its time was over"


def results(words, own, python, module, folder, limit):
    path = os.path.join(folder, "results.json")
    if os.path.exists(path):
        os.remove(path)
    code, text = run(words + [python, os.path.join(HERE, "run_module.py"), module, path]
                     + (["network"] if own else []), limit)
    if not os.path.exists(path):
        return None, f"exit code {code}: {text}"
    with open(path) as file:
        return json.load(file), ""


def counts(became):
    number = collections.Counter(became.values())
    return f"{number['ok']}/{number['failed'] + number['error']}/{number['skipped']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bindstorm", required=True)
    parser.add_argument("--python", default="/usr/bin/python3", help="the interpreter whose tests these are")
    parser.add_argument("--limit", type=float, default=300, help="seconds for a module's run")
    parser.add_argument("modules", nargs="*", default=MODULES)
    options = parser.parse_args()
    bindstorm = os.path.abspath(options.bindstorm)
    own = namespace()
    print("in a network namespace of its own" if own else "among the host's own sockets", flush=True)
    print(f"{'module':38}{'plain':>12}{'checked':>12}{'differ':>8}{'flaky':>7}{'probes':>8}{'races':>7}")
    print(f"{'':38}{'ok/bad/skip':>12}{'ok/bad/skip':>12}")
    folder = tempfile.mkdtemp(prefix="bindstorm-cpython-")
    compared, differing, missing, probes, places = 0, [], [], 0, collections.Counter()
    try:
        report = os.path.join(folder, "report.json")
        checker = own + [bindstorm, "check", "-q", "--exit-code", "0", "--json", report, "--report", os.devnull, "--"]
        for module in options.modules:
            first, why = results(own, own, options.python, module, folder, options.limit)
            second = results(own, own, options.python, module, folder, options.limit)[0] if first else None
            checked, why_checked = results(checker, own, options.python, module, folder, options.limit)
            if not first or not second:
                print(f"{module:38}  left out, it does not run plainly: {why.splitlines()[-1] if why else ''}")
                missing.append(module)
                continue
            if not checked:
                print(f"{module:38}{counts(first):>12}  no result under the tool: {why_checked}")
                differing.append(module)
                continue
            flaky = {test for test in first.keys() | second.keys() if first.get(test) != second.get(test)}
            differ = sorted(test for test in first.keys() | checked.keys()
                            if test not in flaky and first.get(test) != checked.get(test))
            with open(report) as file:
                told = json.load(file)
            races = [place for place in told["places"] if not place["verdict"].startswith("note")]
            for place in races:
                places[place["summary"]] += place["count"]
            compared += len(first)
            probes += told["portsChosenByKernel"]
            differing += [f"{test}: {first.get(test)} plainly, {checked.get(test)} under the tool" for test in differ]
            print(f"{module:38}{counts(first):>12}{counts(checked):>12}{len(differ):8}{len(flaky):7}"
                  f"{told['portsChosenByKernel']:8}{sum(place['count'] for place in races):7}", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"{compared} tests compared, {len(differing)} differ under the tool; {probes} ports chosen by the kernel, "
          f"{sum(places.values())} races at {len(places)} places" + (f"; left out: {', '.join(missing)}" if missing else ""))
    for place, count in places.most_common():
        print(f"  {count:4} x {place}")
    for text in differing:
        print(f"  DIFFERS {text}")
    return 1 if differing or compared == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
