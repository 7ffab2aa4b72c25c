/**
 * The numbers every netlink family shares (linux/netlink.h).
 *
 * Everywhere in nslink a constant carries its C name, so that a test can hold each one against the kernel's headers.
 */

export const NETLINK_ROUTE = 0
export const NETLINK_NETFILTER = 12
export const NETLINK_GENERIC = 16

export const NLMSG_NOOP = 1
export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3

export const NLM_F_REQUEST = 0x1
export const NLM_F_MULTI = 0x2
export const NLM_F_ACK = 0x4
export const NLM_F_ECHO = 0x8
export const NLM_F_DUMP_INTR = 0x10
export const NLM_F_DUMP_FILTERED = 0x20
// For requests that read.
export const NLM_F_ROOT = 0x100
export const NLM_F_MATCH = 0x200
export const NLM_F_DUMP = 0x300
// For requests that make something.
export const NLM_F_REPLACE = 0x100
export const NLM_F_EXCL = 0x200
export const NLM_F_CREATE = 0x400
export const NLM_F_APPEND = 0x800
// For requests that delete.
export const NLM_F_BULK = 0x200
// For acknowledgements.
export const NLM_F_CAPPED = 0x100
export const NLM_F_ACK_TLVS = 0x200

export const NLMSGERR_ATTR_MSG = 1
export const NLMSGERR_ATTR_OFFS = 2
export const NLMSGERR_ATTR_MISS_TYPE = 5
export const NLMSGERR_ATTR_MISS_NEST = 6

export const NLA_F_NESTED = 0x8000
export const NLA_F_NET_BYTEORDER = 0x4000

/** Bytes of a message's header, of an attribute's. */
export const NLMSG_HDRLEN = 16
export const NLA_HDRLEN = 4

export const AF_UNSPEC = 0
export const AF_INET = 2
export const AF_BRIDGE = 7
export const AF_INET6 = 10

/** Messages and attributes start at multiples of four bytes. */
export const align = (length: number): number => (length + 3) & ~3
