import { link } from 'nslink/sync'

process.exitCode = link.get('lo').name === 'lo' ? 0 : 1
