import { flag } from '../../flags/flag.ts'

export const customMetadata = flag.map({
  usage: 'A label to write down with the namespace, as key=value. May be given several times.',
})
