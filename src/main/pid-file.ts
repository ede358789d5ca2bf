import { rmSync, writeFileSync } from 'node:fs'

/** Writes the process id, and removes the file when the server ends in order. */
export function writePidFile(path: string | undefined): Disposable {
  if (path !== undefined) writeFileSync(path, `${process.pid}\n`, { mode: 0o644 })
  return {
    [Symbol.dispose]: () => {
      if (path !== undefined) rmSync(path, { force: true })
    },
  }
}
