"""Read pip-audit's JSON: what is known of the locked packages, and whether anybody was asked.

pip-audit ends well when no advisory service knew a package, as behind a mirror that passes on files
only. Exit codes here: 0 nothing known, 1 vulnerabilities, 2 hardly anything could be looked up.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

CLEAN = 0
VULNERABLE = 1
UNKNOWN = 2
# A package or two that the service does not list is usual; more is a service that does not answer.
ENOUGH = 0.9


def answered(dependencies: list[dict[str, Any]]) -> bool:
    """Tell whether the service knew at least nine of ten packages."""
    known = sum("skip_reason" not in package for package in dependencies)
    return bool(dependencies) and known >= ENOUGH * len(dependencies)


def describe(dependencies: list[dict[str, Any]], lock: str) -> list[str]:
    """Return a line a vulnerability, then the sum."""
    lines = []
    for package in dependencies:
        for flaw in package.get("vulns", ()):
            names = " ".join([flaw["id"], *flaw.get("aliases", ())])
            fixed = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
            lines.append(f"{package['name']} {package['version']}: {names}; fixed in {fixed}")
    skipped = [package["name"] for package in dependencies if "skip_reason" in package]
    known = len(dependencies) - len(skipped)
    lines.append(f"{lock}: {len(lines)} known vulnerabilities in {known} packages")
    if skipped:
        lines.append(f"not looked up ({len(skipped)}): {', '.join(skipped)}")
    return lines


def read(report: Path) -> list[dict[str, Any]]:
    """Return the packages of a report, none where there is no report."""
    if not report.is_file() or not report.stat().st_size:
        return []
    packages: list[dict[str, Any]] = json.loads(report.read_text())["dependencies"]
    return packages


def main(words: list[str]) -> int:
    """Print a report and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--lock", default="")
    parser.add_argument("--answered", action="store_true", help="say nothing, only end")
    asked = parser.parse_args(words)
    packages = read(asked.report)
    if asked.answered:
        return CLEAN if answered(packages) else UNKNOWN
    if not answered(packages):
        known = sum("skip_reason" not in package for package in packages)
        sys.stderr.write(
            "error: expected an advisory service (pypi.org, api.osv.dev) that knows the packages "
            f"of {asked.lock}, received answers on {known} of {len(packages)}; this says nothing "
            "about vulnerabilities: run it where the service can be reached "
            f"({asked.report}.log)\n"
        )
        return UNKNOWN
    sys.stdout.write("\n".join(describe(packages, asked.lock)) + "\n")
    return VULNERABLE if any(package.get("vulns") for package in packages) else CLEAN


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
