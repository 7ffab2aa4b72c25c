#!/bin/bash
# suite.sh NODE ARGUMENT... : in the guest and in the project's folder, runs vitest as vitest.config.ts beside this has it.
set -eu

# The guest remembers the size of a file, so one that grows while somebody works on it would be read cut short.
for path in build/Release/nslink.node dist out/examples out/modules package.json test vitest.config.ts; do
  cp --archive "$path" "$path.copy"
  rm --recursive "$path"
  mv "$path.copy" "$path"
done

export CI=1 NO_COLOR=1
exec "$1" node_modules/vitest/vitest.mjs run --config test/kernel/vitest.config.ts "${@:2}"
