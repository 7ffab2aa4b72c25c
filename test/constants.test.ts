/**
 * Every kernel constant and every struct in the sources, held against the kernel's own headers by the C compiler.
 *
 * A constant is `const NAME = number` with the name it has in C; a struct is an instance of `Struct` with the names of its fields.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'nslink'
import { afterAll, expect, test } from 'vitest'
import { declared } from '../src/netlink/struct.js'

const sources = new URL('../src/', import.meta.url).pathname
const folder = mkdtempSync(join(tmpdir(), 'nslink-constants-'))
afterAll(() => rmSync(folder, { recursive: true }))

const headers = `
  sys/socket.h netinet/in.h stddef.h stdio.h
  linux/netlink.h linux/rtnetlink.h linux/if.h linux/if_link.h linux/if_packet.h linux/if_addr.h linux/if_arp.h linux/if_bridge.h linux/if_ether.h
  linux/if_tunnel.h linux/if_vlan.h linux/in_route.h linux/neighbour.h linux/net_namespace.h linux/veth.h linux/nexthop.h linux/lwtunnel.h
  linux/fib_rules.h linux/icmpv6.h linux/filter.h linux/pkt_cls.h linux/pkt_sched.h
  linux/gen_stats.h linux/tc_act/tc_gact.h linux/tc_act/tc_mirred.h linux/tc_act/tc_skbedit.h
  linux/netfilter/nfnetlink.h linux/netfilter/nfnetlink_conntrack.h linux/netfilter/nf_conntrack_common.h
  linux/netfilter/nf_conntrack_tcp.h linux/netfilter/nf_conntrack_sctp.h
  linux/netfilter.h linux/netfilter/nf_tables.h linux/netfilter/nf_log.h linux/netfilter/nf_nat.h linux/netfilter/nf_conntrack_tuple_common.h
  linux/netfilter/nf_synproxy.h linux/genetlink.h linux/ip_vs.h`
const includes = headers.trim().split(/\s+/)

/** Newer than the headers the tests are compiled with (Linux 6.1), from the kernel's later ones. */
const newer: Readonly<Record<string, number>> = {
  IFLA_DEVLINK_PORT: 62, // 6.2
  IFLA_GSO_IPV4_MAX_SIZE: 63, // 6.3
  IFLA_GRO_IPV4_MAX_SIZE: 64, // 6.3
  IFLA_DPLL_PIN: 65, // 6.7
  IFLA_MAX_PACING_OFFLOAD_HORIZON: 66, // 6.13
  IFLA_NETNS_IMMUTABLE: 67, // 6.15
  IFLA_HEADROOM: 68, // 6.17
  IFLA_TAILROOM: 69, // 6.17
  IFLA_BRPORT_MAB: 40, // 6.2
  IFLA_BRPORT_MCAST_N_GROUPS: 41, // 6.3
  IFLA_BRPORT_MCAST_MAX_GROUPS: 42, // 6.3
  IFLA_BRPORT_NEIGH_VLAN_SUPPRESS: 43, // 6.4
  BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION: 3, // 6.16
  BR_BOOLOPT_FDB_LOCAL_VLAN_0: 4, // 6.18
  IFLA_BRPORT_BACKUP_NHID: 44, // 6.5
  IFLA_BR_FDB_N_LEARNED: 48, // 6.8
  IFLA_BR_FDB_MAX_LEARNED: 49, // 6.8
  IFLA_MACVLAN_BC_CUTOFF: 9, // 6.4
  IFLA_VXLAN_LOCALBYPASS: 31, // 6.5
  IFLA_VXLAN_LABEL_POLICY: 32, // 6.8
  IFLA_VXLAN_RESERVED_BITS: 33, // 6.14
  IFLA_VXLAN_MC_ROUTE: 34, // 6.17
  VXLAN_LABEL_FIXED: 0, // 6.8
  VXLAN_LABEL_INHERIT: 1, // 6.8
  NTF_EXT_LOCKED: 2, // 6.2
  NHA_OP_FLAGS: 14, // 6.9
  FRA_DSCP: 25, // 6.12
  FRA_FLOWLABEL: 26, // 6.14
  FRA_FLOWLABEL_MASK: 27, // 6.14
  FRA_SPORT_MASK: 28, // 6.15
  FRA_DPORT_MASK: 29, // 6.15
  FRA_DSCP_MASK: 30, // 6.15
  CTA_TIMESTAMP_EVENT: 27, // 6.14
  NFT_MSG_GETRULE_RESET: 25, // 6.2
  NFT_MSG_DESTROYTABLE: 26, // 6.3
  NFT_MSG_DESTROYCHAIN: 27, // 6.3
  NFT_MSG_DESTROYRULE: 28, // 6.3
  NFT_MSG_DESTROYSET: 29, // 6.3
  NFT_MSG_DESTROYSETELEM: 30, // 6.3
  NFT_MSG_DESTROYOBJ: 31, // 6.3
  NFT_MSG_DESTROYFLOWTABLE: 32, // 6.3
  NFT_MSG_GETSETELEM_RESET: 33, // 6.5
  TCA_NETEM_PRNG_SEED: 14, // 6.6
  TCA_FQ_PRIOMAP: 16, // 6.7
  TCA_FQ_WEIGHTS: 17, // 6.7
  TCA_FQ_OFFLOAD_HORIZON: 18, // 6.13
  FQ_BANDS: 3, // 6.7
  FQ_MIN_WEIGHT: 16384, // 6.7
}

function constants(): Map<string, { value: number; file: string }> {
  const found = new Map<string, { value: number; file: string }>()
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )) {
    const text = readFileSync(join(sources, file), 'utf8')
    for (const [, name, value] of text.matchAll(
      /^(?:export )?const ([A-Z][A-Z0-9]*_[A-Z0-9_]+) = (-?(?:0x[\da-f_]+|[\d_]+))$/gim,
    )) {
      if (name === undefined || name !== name.toUpperCase() || ours.has(name)) continue
      // What nft keeps in the kernel for its own use is in no header of the kernel's; test/nft compares it with what nft wrote.
      if (name.startsWith('UDATA_')) continue
      found.set(name, { value: Number((value as string).replaceAll('_', '')), file })
    }
  }
  return found
}

/** Limits and sizes of nslink's own. */
const ours = new Set(
  'ACK_COST AT_A_TIME CONNTRACK_PRIORITY CONTENDED_MS DUMP_TRIES ETHERTYPE_AT FRAME_BYTES HOST_ORDER LARGEST_SCALE LAST_LABEL LINK_FAMILY LIST_TRIES LONGEST_COMMENT LONGEST_HELPER LONGEST_KIND LONGEST_NAME LONGEST_PREFIX LONGEST_SHOWN LONGEST_TIMEOUT MAX_OCTETS MEMORY_MS MOST_CAUTION MOST_ELEMENTS MOST_KNOWN MOST_TICKS NANOSECONDS_PER_TICK NETWORK_ORDER NO_DIRECTION OBJECT_COST PAUSE_MS PAUSE_TIMES TRANSACTION_BUFFER TURN_MS TYPE_BITS UNTOLD_MS UNTOLD_TIMES WORDS_A_REGISTER WORDS_A_VALUE WORTH_COMPILING'.split(
    ' ',
  ),
)

function compiled(statements: string[]): string[] {
  const program = `${includes.map((name) => `#include <${name}>`).join('\n')}\nint main(void) {\n${statements.join('\n')}\nreturn 0; }\n`
  writeFileSync(join(folder, 'check.c'), program)
  execFileSync('cc', ['-w', '-o', join(folder, 'check'), join(folder, 'check.c')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return execFileSync(join(folder, 'check'), { encoding: 'utf8' }).trim().split('\n')
}

test('every constant has the value the headers give it', () => {
  const all = constants()
  expect(all.size).toBeGreaterThan(150)
  const inHeaders = [...all].filter(([name]) => !(name in newer))
  const lines = compiled(inHeaders.map(([name]) => `printf("${name} %lld\\n", (long long)(${name}));`))
  const header = new Map(lines.map((line) => line.split(' ') as [string, string]))
  for (const [name, { value, file }] of inHeaders) {
    // -1 is written as an unsigned number here and there.
    expect(value >>> 0, `${name} in ${file}`).toBe(Number(header.get(name)) >>> 0)
  }
  for (const [name, value] of Object.entries(newer)) expect(all.get(name)?.value, name).toBe(value)
})

test('every struct has the size and the offsets the headers give it', () => {
  expect(declared.length).toBeGreaterThan(4)
  const wanted: string[] = []
  const statements: string[] = []
  for (const struct of declared) {
    for (const field of struct.fields) {
      wanted.push(`${struct.c}.${field.c} ${field.at} ${field.scalar.size}`)
      statements.push(
        `printf("${struct.c}.${field.c} %zu %zu\\n", offsetof(${struct.c}, ${field.c}), sizeof(((${struct.c} *)0)->${field.c}));`,
      )
    }
    wanted.push(`${struct.c} ${struct.size}`)
    statements.push(`printf("${struct.c} %zu\\n", sizeof(${struct.c}));`)
  }
  expect(compiled(statements)).toEqual(wanted)
})
