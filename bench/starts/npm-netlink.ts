import { createRtNetlink } from 'netlink'

const links = await createRtNetlink().getLinks()
process.exitCode = links.some(({ attrs }) => attrs.ifname === 'lo') ? 0 : 1
