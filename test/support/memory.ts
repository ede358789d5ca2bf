/** What a process has in memory and has used of the processors, as Linux counts it. */
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

/** Seconds of processor time that it has had, in and out of the kernel, all its threads together. */
export function processorTimeOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may have anything in it.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number)
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) / TICKS
}

/** A second has so many, on every Linux that Node.js runs on. */
const TICKS = 100
