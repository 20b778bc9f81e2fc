#!/usr/bin/env bash
# `supply_chain.sh sbom`: what the environment and the images are made of, as CycloneDX.
# `supply_chain.sh audit`: known vulnerabilities of the locked packages.
# The two tools live in an environment of their own: what they need must not move the project's.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PYTHON:=python3}" "${VENV:=.venv}" "${TOOLS:=build/tools-venv}"
export PIP_DISABLE_PIP_VERSION_CHECK=1

fail() { printf 'error: %s\n' "$*" >&2; exit 2; }

if [ ! -e "$TOOLS/.ready" ]; then
  echo "installing cyclonedx-bom and pip-audit into $TOOLS" >&2
  "$PYTHON" -m venv "$TOOLS" || fail "expected a Python that can make virtual environments, received an error; on Debian or Ubuntu run: apt install python3-venv"
  "$TOOLS/bin/pip" install --quiet 'cyclonedx-bom>=7,<8' 'pip-audit>=2.10,<3' ||
    fail "expected a package index with cyclonedx-bom and pip-audit, received an error; see pip's words above"
  touch "$TOOLS/.ready"
fi

case "${1:-}" in
  sbom)
    mkdir -p build/sbom
    bom=("$TOOLS/bin/cyclonedx-py")
    common=(--output-reproducible --pyproject pyproject.toml)
    "${bom[@]}" environment "${common[@]}" -o build/sbom/environment.cdx.json "$VENV/bin/python"
    for kind in cpu gpu; do
      # That the root's dependencies are unknown is so: the lock names packages, not who wants them.
      PYTHONWARNINGS=ignore "${bom[@]}" requirements "${common[@]}" -o "build/sbom/image-$kind.cdx.json" "containers/$kind.lock"
    done
    ls build/sbom/*.cdx.json
    ;;
  audit)
    mkdir -p build/audit
    ended=0
    for lock in requirements-dev.lock containers/cpu.lock containers/gpu.lock; do
      for service in pypi osv; do
        report=build/audit/$(basename "$lock" .lock)-$service.json
        rm -f "$report"
        # Its exit code says "found" as well as "broke", and "none found" where it could ask nobody.
        "$TOOLS/bin/pip-audit" --requirement "$lock" --no-deps --disable-pip --vulnerability-service "$service" \
          --progress-spinner off --timeout 15 --format json --output "$report" 2>"$report.log" || true
        if "$PYTHON" tools/read_audit.py --answered "$report"; then break; fi
      done
      code=0
      "$PYTHON" tools/read_audit.py "$report" --lock "$lock" || code=$?
      [ "$code" -le "$ended" ] || ended=$code
    done
    exit "$ended"
    ;;
  *) fail "expected sbom or audit, received '${1:-}'" ;;
esac
