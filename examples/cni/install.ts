/** Puts the plugins where whoever runs containers looks for them, as in /opt/cni/bin: one program under several names. */

import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export function install(folder: string): void {
  const program = fileURLToPath(new URL('./main.js', import.meta.url))
  // The compiler makes it a file as any other.
  if ((statSync(program).mode & 0o111) === 0) chmodSync(program, 0o755)
  mkdirSync(folder, { recursive: true })
  for (const name of ['flannel', 'bridge', 'host-local', 'bandwidth']) symlinkSync(program, join(folder, name))
}
