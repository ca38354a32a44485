#!/usr/bin/env bash
# A die with six sides shows 1 to 6, however often it is thrown.
set -euo pipefail
bash bin/dice 6 200 | while read -r points _; do
  if [ "$points" -lt 1 ] || [ "$points" -gt 6 ]; then
    echo "A die with six sides showed $points."
    exit 1
  fi
done
echo "All 200 throws are in range."
