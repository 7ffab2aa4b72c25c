import { netns } from 'nslink/sync'

/** Names of namespaces are the machine's: what this run makes is known by the beginning. */
export const PREFIX = `nslink-bench-${process.pid}-`

/** Takes away all names this run has made. */
export function unname(): void {
  for (const { name } of netns.list()) if (name.startsWith(PREFIX)) netns.del(name)
}
