/** Where no audit device may write, whoever asks for it: programs, configuration, keys, and what the server itself keeps. */
import { join } from 'node:path'
import type { ListenerConfig } from '../listener/config.ts'

const root = join(import.meta.dirname, '..', '..')
const PROGRAM = ['bin', 'src', 'node_modules'].map((folder) => join(root, folder))

/** `own` are files and folders of the server; what is not configured is left out. */
export function closedPaths(
  own: readonly (string | undefined)[],
  listeners: readonly ListenerConfig[],
): readonly string[] {
  const keys = listeners.flatMap(({ tls }) => [tls?.certFile, tls?.keyFile, tls?.clientCaFile])
  return [...PROGRAM, ...[...own, ...keys].filter((path) => path !== undefined)]
}
