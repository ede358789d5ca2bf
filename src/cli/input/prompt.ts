/** Questions on the terminal. */
import { usageFailure } from '../failure.ts'
import type { CliInput, CliIo } from '../io.ts'

const ctrlC = '\x03'
const ctrlD = '\x04'
const ctrlU = '\x15'
const backspaces = new Set(['\x7f', '\b'])

/** Asks for a value that is not shown while it is typed. Throws `CliFailure` where stdin is no terminal, and for Ctrl-C. */
export async function askHidden(io: CliIo, question: string): Promise<string> {
  const { stdin, stderr } = io
  if (!io.isTty.stdin || stdin.setRawMode === undefined) {
    throw usageFailure(
      'stdin is not a terminal, so nothing can be typed; pass "-" as the argument to read the value from stdin',
    )
  }
  // Before the question: whoever types at once would see it echoed.
  stdin.setRawMode(true)
  try {
    stderr.write(question)
    return await readLine(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

/** Asks for a line, which is shown while it is typed on a terminal, and may as well come from a pipe. Empty at the end of stdin. */
export async function askLine({ stdin, stderr }: CliIo, question: string): Promise<string> {
  stderr.write(question)
  const { promise, resolve } = Promise.withResolvers<string>()
  let typed = ''
  const onData = (chunk: Buffer | string): void => {
    typed += chunk.toString()
    if (typed.includes('\n')) resolve(typed.slice(0, typed.indexOf('\n')))
  }
  const onEnd = (): void => resolve(typed)
  stdin.on('data', onData)
  stdin.once('end', onEnd)
  try {
    return await promise
  } finally {
    stdin.off('data', onData)
    stdin.off('end', onEnd)
    stdin.pause()
  }
}

function readLine(stdin: CliInput): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let typed: string[] = []
  const onData = (chunk: Buffer | string): void => {
    for (const key of chunk.toString()) {
      if (key === '\r' || key === '\n' || key === ctrlD) return done()
      if (key === ctrlC) return done(usageFailure('interrupted'))
      if (key === ctrlU) typed = []
      else if (backspaces.has(key)) typed.pop()
      else if (key >= ' ') typed.push(key)
    }
  }
  const done = (error?: Error): void => {
    stdin.off('data', onData)
    stdin.off('end', end)
    if (error === undefined) resolve(typed.join(''))
    else reject(error)
  }
  const end = (): void => done()
  stdin.on('data', onData)
  stdin.once('end', end)
  stdin.resume()
  return promise
}
