/** What a command of the program writes, kept: `const { io, stdout } = testIo()`. */
import { Readable } from 'node:stream'
import type { CliIo } from '../../src/cli/io.ts'

export interface TestIo {
  readonly io: CliIo
  stdout(): string
  stderr(): string
}

export function testIo(options: { readonly env?: CliIo['env']; readonly home?: string } = {}): TestIo {
  let out = ''
  let err = ''
  const nobody = async () => 1
  return {
    io: {
      stdin: Readable.from([]),
      stdout: { write: (text) => void (out += text) },
      stderr: { write: (text) => void (err += text) },
      env: options.env ?? {},
      isTty: { stdin: false, stdout: false, stderr: false },
      home: options.home ?? '/nonexistent',
      version: '0.0.0',
      sleep: async () => {},
      commands: { server: nobody, migrate: nobody, diagnose: nobody },
    },
    stdout: () => out,
    stderr: () => err,
  }
}
