import { link } from 'nslink'

const { name } = await link.get('lo')
process.exitCode = name === 'lo' ? 0 : 1
