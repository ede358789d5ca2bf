import { homedir } from 'node:os'
import { isatty } from 'node:tty'
import type { CliIo, DelegatedCommands } from './io.ts'

/** The real world, for `main.ts`. */
export function processIo(process: NodeJS.Process, version: string, commands: DelegatedCommands): CliIo {
  const stops = new Set<() => void>()
  for (const stream of [process.stdout, process.stderr]) {
    // A reader that has seen enough (`| head`) is no reason to crash.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      for (const stop of stops) stop()
    })
  }
  return {
    // Opening stdin costs time, and most commands never look at it.
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    isTty: { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) },
    home: process.env['HOME'] ?? homedir(),
    version,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    interrupted: (stop) => {
      const signals = ['SIGINT', 'SIGTERM'] as const
      for (const signal of signals) process.once(signal, stop)
      stops.add(stop)
      return () => {
        stops.delete(stop)
        for (const signal of signals) process.off(signal, stop)
      }
    },
    commands,
  }
}
