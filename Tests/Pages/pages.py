"""Opens pages of bindstorm in headless Chromium, and holds what a browser makes of them to matrix.json.

usage: pages.py --bindstorm PATH [--work FOLDER] [--shots FOLDER] [--run RUN]

Makes a run (or takes RUN), its page, a comparison and a `check` page; opens each in both themes and at two widths. A
line for each check that failed goes to standard output; the exit code is 1 if there is one. Where Chromium, its driver
or the Python packages are absent, the reason is printed and the exit code is 77.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

try:
    import axe_core_python
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError as error:
    print(f"skipped: {error}; make test-pages installs it")
    sys.exit(77)

THEMES = ("light", "dark")
WIDTHS = (1280, 400)
# Everything of these that a rule finds is a violation, contrast among it.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Seconds that one run of axe may take; a page of 150 cells needs half a minute on a slow machine.
PATIENCE = 300
AXE = (pathlib.Path(axe_core_python.__file__).parent / "axe.min.js").read_text()


class Report:
    def __init__(self):
        self.failures = 0
        self.checks = 0

    def check(self, is_right, what):
        self.checks += 1
        if not is_right:
            self.failures += 1
            print(f"FAILED: {what}", flush=True)


class Browser:
    def __init__(self, report, shots):
        self.report = report
        self.shots = shots
        options = webdriver.ChromeOptions()
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                     "--force-device-scale-factor=1", "--disable-dev-shm-usage"):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_script_timeout(PATIENCE)

    def open(self, page, fragment="", theme="light", width=1280, script=True):
        """A fresh document in each call: a fragment alone would not load the page again."""
        driver = self.driver
        driver.get("about:blank")
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": theme}]})
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        driver.get_log("performance")
        driver.get_log("browser")
        driver.get(page.as_uri() + fragment)

    def heard(self, what):
        """Console messages and network requests of the page."""
        messages = [entry["message"] for entry in self.driver.get_log("browser")]
        self.report.check(not messages, f"{what}: console: {messages}")
        urls = []
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                url = event["params"]["request"]["url"]
                if not url.startswith(("file:", "about:", "data:")):
                    urls.append(url)
        self.report.check(not urls, f"{what}: requests: {urls}")

    def axe(self, what):
        # Into a world of the driver's; the page's policy refuses scripts to the page alone.
        self.driver.execute_script(AXE)
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, arguments[0]).then(done, error => done({error: String(error)}))",
            {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations", "incomplete"]})
        if "error" in found:
            self.report.check(False, f"{what}: axe: {found['error']}")
            return
        rules = [f"{one['id']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:160]}"
                 for one in found["violations"]]
        self.report.check(not rules, f"{what}: axe: {rules}")
        # What axe could not measure, as text over a pattern, is no pass.
        unsure = [one["id"] for one in found["incomplete"]
                  if one["id"] == "color-contrast" and any(
                      node["any"][0]["data"].get("messageKey") != "bgOverlap" for node in one["nodes"]
                      if node["any"])]
        self.report.check(len(unsure) <= 1, f"{what}: axe is not sure: {unsure}")

    def shot(self, name, whole=False):
        if not self.shots:
            return
        if whole:
            height = self.driver.execute_script("return document.documentElement.scrollHeight")
            width = self.driver.execute_script("return innerWidth")
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": min(height, 6000), "deviceScaleFactor": 1, "mobile": False})
        self.driver.save_screenshot(str(self.shots / f"{name}.png"))

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def js(self, text, *words):
        return self.driver.execute_script(text, *words)

    def hash(self):
        return self.js("return location.hash")

    def shown(self):
        return self.js("return [...document.querySelectorAll('[data-list] > details')]"
                       ".filter(one => !one.hidden).map(one => one.id)")

    def focus(self, wanted, most=400):
        """Presses Tab until the element has the focus, as someone without a mouse would."""
        self.js("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
        for _ in range(most):
            self.driver.switch_to.active_element.send_keys(Keys.TAB)
            if self.js("return document.activeElement.matches(arguments[0])", wanted):
                return True
        return False


def percent(rate):
    """As the reports print it; written here from its description, not from the code."""
    value = rate * 100
    if value in (0, 100):
        return f"{value:.0f} %"
    if value < 0.005:
        return "<0.01 %"
    if value >= 99.95:
        return ">99.9 %"
    return f"{value:.1f} %" if value >= 9.995 else f"{value:.2f} %"


def values(browser, matrix):
    """Every cell of the page beside matrix.json."""
    report = browser.report
    words = {"as-expected": "as expected", "not-as-expected": "NOT as expected", "undecided": "undecided",
             "not-demanded": "no demand", "skipped": "skipped"}
    cells = browser.js(
        "return Object.fromEntries([...document.querySelectorAll('table.matrix td[data-cell]')].map("
        "td => [td.dataset.cell, {text: td.textContent.replace(/\\s+/g, ' ').trim(),"
        " row: td.parentElement.querySelector('th').textContent,"
        " column: document.querySelectorAll('table.matrix thead th')[td.cellIndex].textContent}]))")
    lines = browser.js(
        "return Object.fromEntries([...document.querySelectorAll('[data-list] > details')].map("
        "one => [one.id, {text: one.querySelector('summary').textContent.replace(/\\s+/g, ' ').trim(),"
        " bar: one.querySelector('summary svg')?.getAttribute('aria-label') ?? ''}]))")
    report.check(len(cells) == len(matrix["arms"]), f"{len(cells)} cells of {len(matrix['arms'])}")
    for arm, verdict in zip(matrix["plan"]["arms"], matrix["arms"]):
        name = f"{arm['scenario']}/{arm['strategy']['label']}"
        cell, line = cells.get(f"cell-{arm['index']}"), lines.get(f"cell-{arm['index']}")
        if cell is None or line is None:
            report.check(False, f"{name} is not on the page")
            continue
        launches = verdict["launches"]
        rate = percent(launches["failures"] / launches["outOf"]) if launches["outOf"] else ""
        report.check((cell["row"], cell["column"]) == (arm["strategy"]["label"], arm["scenario"]),
                     f"{name} is in the wrong place: {cell}")
        for word in (verdict["strategyAnswer"].upper(), words[verdict["planAnswer"]], rate):
            report.check(word in cell["text"] and word in line["text"], f"{name}: no {word!r} in {cell}, {line}")
        if launches["outOf"]:
            report.check(f"{launches['failures']}/{launches['outOf']}" in line["text"], f"{name}: {line}")
            seen = verdict.get("recovered", {}).get("launchesWithFailed", launches)
            report.check(line["bar"].startswith(f"{seen['failures']} of {seen['outOf']} launches"),
                         f"{name}: {line}")


def keyboard(browser, page, matrix):
    """Filters, links and sorting without a mouse; the view is in the address and comes back from it."""
    report, driver = browser.report, browser.driver
    browser.open(page)
    answers = [arm["planAnswer"] for arm in matrix["arms"]]
    value = max(set(answers), key=answers.count)
    pill = f".pill[data-filter=plan][data-value={value}]"
    report.check(browser.focus(pill), "a filter cannot be reached by Tab")
    driver.switch_to.active_element.send_keys(Keys.SPACE)
    wanted = {f"cell-{number}" for number, answer in enumerate(answers) if answer == value}
    report.check(set(browser.shown()) == wanted, f"the filter {value} shows {browser.shown()}")
    report.check(browser.find(pill).get_attribute("aria-pressed") == "true", "a pressed filter does not say so")
    report.check(f"plan={value}" in browser.hash(), f"the address does not have the filter: {browser.hash()}")
    report.check(f"{len(wanted)} of" in browser.find("#shown").text or len(wanted) == len(answers),
                 "the number of shown cells is not told")
    browser.axe("filtered")
    browser.shot("filtered")
    name = matrix["plan"]["arms"][0]["strategy"]["label"]
    report.check(browser.focus("#find"), "the search cannot be reached by Tab")
    driver.switch_to.active_element.send_keys(name)
    both = {f"cell-{arm['index']}" for arm in matrix["plan"]["arms"]
            if f"cell-{arm['index']}" in wanted and name in f"{arm['strategy']['label']} {arm['scenario']}"}
    report.check(set(browser.shown()) == both, f"search for {name}: {browser.shown()} instead of {both}")
    fragment = browser.hash()
    browser.open(page, fragment)
    report.check(set(browser.shown()) == both, "the address does not bring the view back")
    report.check(browser.find("#find").get_attribute("value") == name, "the search is lost")
    report.check(browser.focus("#reset"), "reset cannot be reached by Tab")
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    report.check(len(browser.shown()) == len(answers), "reset does not show all cells")
    # A cell of the matrix leads to its details, which then have the focus.
    link = "table.matrix td a"
    report.check(browser.focus(link), "the matrix cannot be reached by Tab")
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    target = browser.find(link).get_attribute("href").split("#")[1]
    report.check(browser.js("return document.getElementById(arguments[0]).open", target), "a link does not open its cell")
    report.check(browser.js("return document.activeElement.parentElement.id") == target, "a link does not move the focus")
    report.check(target in browser.hash(), "the address does not have the opened cell")
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    report.check(not browser.js("return document.getElementById(arguments[0]).open", target), "Enter does not close a cell")
    browser.open(page, "#?sort=high")
    rates = browser.js("return [...document.querySelectorAll('[data-list] > details')].map(one => +one.dataset.rate)")
    report.check(rates == sorted(rates, reverse=True), f"sorted by rate: {rates}")
    for table in browser.all("table[data-sortable]")[:1]:
        identity = table.get_attribute("id")
        sorter = f"#{identity} .sorter"
        report.check(browser.focus(sorter, 900), "a column cannot be reached by Tab")
        driver.switch_to.active_element.send_keys(Keys.ENTER)
        heads = browser.js("return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)",
                           f"#{identity} tbody tr > :first-child")
        report.check(heads == sorted(heads), f"sorted by the first column: {heads}")
        report.check(browser.find(f"#{identity} thead th").get_attribute("aria-sort") == "ascending", "no aria-sort")
    report.check(browser.focus("#theme"), "the theme cannot be reached by Tab")
    driver.switch_to.active_element.send_keys(Keys.ENTER, Keys.ENTER)
    report.check("theme=dark" in browser.hash(), f"the theme is not in the address: {browser.hash()}")
    # Whatever stands in an address does no harm.
    for odd in ("#%", "#nothing", "#cell-0?plan=x,<b>&sort=y&by-decided=-999&theme=z&q=%E0", "#?q=</script>"):
        browser.open(page, odd)
        browser.heard(f"address {odd}")


def looks(browser, page, name, states):
    """Each state in each theme and width: silent, without a violation, not wider than the window."""
    for theme in THEMES:
        for width in WIDTHS:
            for state, fragment in states.items():
                what = f"{name}, {state}, {theme}, {width} px"
                browser.open(page, fragment, theme=theme, width=width)
                browser.heard(what)
                over = browser.js("return document.documentElement.scrollWidth - innerWidth")
                browser.report.check(over <= 0, f"{what}: {over} px wider than the window")
                browser.axe(what)
                browser.heard(what)
                browser.shot(f"{name}-{state}-{theme}-{width}")


def plain(browser, page, matrix):
    """Without a script: everything is there, and nothing that does nothing."""
    browser.open(page, script=False)
    tree = browser.driver.execute_cdp_cmd("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
    def count(selector):
        return len(browser.driver.execute_cdp_cmd("DOM.querySelectorAll", {"nodeId": tree, "selector": selector})["nodeIds"])
    browser.report.check(count("[data-list] > details") == len(matrix["arms"]), "cells without a script")
    browser.shot("plain")
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def printed(browser, page, shots):
    browser.open(page)
    if shots:
        import base64
        document = browser.driver.execute_cdp_cmd("Page.printToPDF", {
            "printBackground": True, "paperWidth": 8.27, "paperHeight": 11.69})
        (shots / "print.pdf").write_bytes(base64.b64decode(document["data"]))


def command(words, folder, codes=(0, 1, 2, 66)):
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in codes:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bindstorm", required=True, type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path(".build/pages"))
    parser.add_argument("--shots", type=pathlib.Path)
    parser.add_argument("--run", type=pathlib.Path)
    parser.add_argument("--plan", default="vllm-40443")
    parser.add_argument("--trials", default="40")
    options = parser.parse_args()
    bindstorm = str(options.bindstorm.resolve())
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    if options.shots:
        options.shots = options.shots.resolve()
        options.shots.mkdir(parents=True, exist_ok=True)
    report = Report()
    try:
        browser = Browser(report, options.shots)
    except WebDriverException as error:
        print(f"skipped: Chromium or its driver: {error.msg}")
        sys.exit(77)
    if options.run:
        run = options.run.resolve()
    else:
        command([bindstorm, "run", options.plan, "--trials", options.trials, "--quiet", "--results", str(work)], None)
        run = sorted((work / options.plan).glob("2*"))[-1]
    matrix = json.loads((run / "matrix.json").read_text())
    page = work / "report.html"
    started = time.monotonic()
    command([bindstorm, "report", str(run), "-o", str(page)], None)
    print(f"page of {len(matrix['arms'])} cells: {page.stat().st_size:,} bytes in {time.monotonic() - started:.2f} s")
    comparison = work / "comparison.html"
    command([bindstorm, "compare", str(run), "--html", str(comparison)], None)
    victim = work / "victim.py"
    victim.write_text("import socket\n"
                      "def pick():\n"
                      "    with socket.socket() as probe:\n"
                      "        probe.bind(('127.0.0.1', 0))\n"
                      "        return probe.getsockname()[1]\n"
                      "port = pick()\n"
                      "server = socket.socket()\n"
                      "server.bind(('127.0.0.1', port))\n"
                      "server.listen()\n")
    findings = work / "check.html"
    command([bindstorm, "check", "--html", str(findings), "--", sys.executable, str(victim)], None, range(128))

    browser.open(page)
    values(browser, matrix)
    browser.heard("the page of a run")
    keyboard(browser, page, matrix)
    plain(browser, page, matrix)
    lost = next((arm for arm in matrix["arms"] if arm["launches"]["failures"] > 0), None)
    states = {"first": "", "run": "#run"}
    if lost:
        states["cell"] = f"#cell-{lost['arm']}"
        trials = browser_trials(browser, page, lost["arm"])
        if trials:
            states["trial"] = f"#{trials[0]}"
    states["comparison"] = "#comparison"
    states["costs"] = "#costs"
    looks(browser, page, "run", states)
    looks(browser, comparison, "compare", {"first": ""})
    if findings.exists():
        looks(browser, findings, "check", {"first": ""})
    printed(browser, page, options.shots)
    browser.driver.quit()
    print(f"{report.checks - report.failures} passed, {report.failures} failed")
    sys.exit(1 if report.failures else 0)


def browser_trials(browser, page, arm):
    browser.open(page)
    return browser.js("return [...document.querySelectorAll(arguments[0])].map(one => one.id)", f"#cell-{arm} .trial")


if __name__ == "__main__":
    main()
