/** What a process has in memory, as Linux counts it. */
import { readFileSync } from 'node:fs'

export interface Memory {
  /** MiB, of which much may be pages of files that the kernel takes back when it needs them: the embedded store is mapped. */
  readonly resident: number
  /** MiB that are the process's own. */
  readonly own: number
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024
  return { resident: mib('VmRSS'), own: mib('RssAnon') }
}
