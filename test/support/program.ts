/** BPF programs in the kernel. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Loads a program that does nothing but return a number, and pins it in a file system that only this process has. */
const source = `
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words) {
  struct bpf_insn code[] = {{.code = 0xb7, .imm = atoi(words[2])}, {.code = 0x95}};
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_SCHED_CLS, .insn_cnt = 2, .insns = (uintptr_t)code, .license = (uintptr_t) "GPL"};
  char path[4096];
  snprintf(path, sizeof path, "%s/prog", words[1]);
  if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("bpf", words[1], "bpf", 0, NULL)) {
    perror("mount");
    return 1;
  }
  int program = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);
  union bpf_attr pin = {.pathname = (uintptr_t)path, .bpf_fd = program};
  if (program < 0 || syscall(SYS_bpf, BPF_OBJ_PIN, &pin, sizeof pin)) {
    perror("bpf");
    return 1;
  }
  puts("ready");
  fflush(stdout);
  while (getchar() != EOF) {}
}`

/** Calls back with the path of a program that returns `result`, which is gone afterwards. */
export async function withProgram(result: number, use: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nslink-program-'))
  try {
    writeFileSync(join(folder, 'load.c'), source)
    execFileSync('cc', ['-w', '-o', join(folder, 'load'), join(folder, 'load.c')])
    const holder = spawn(join(folder, 'load'), [folder, String(result)], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(holder, 'close')
    try {
      await Promise.race([once(holder.stdout, 'data'), ended.then(() => Promise.reject(new Error('no program')))])
      await use(`/proc/${holder.pid}/root${folder}/prog`)
    } finally {
      holder.stdin.end()
      await ended
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
