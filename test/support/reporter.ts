/** Says what failed, what was skipped and why, the counts, and which files took longest; quiet about the rest. */
import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

const MOST = 12

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let summary = ''
  /** Seconds of each file's tests. */
  const spent = new Map<string, number>()
  for await (const event of source) {
    if (event.type === 'test:pass' || event.type === 'test:fail') {
      const { nesting, file = '', details } = event.data
      if (nesting === 0) spent.set(file, (spent.get(file) ?? 0) + details.duration_ms / 1000)
    }
    if (event.type === 'test:fail') {
      const { name, file, line, details } = event.data
      if (details.type === 'suite') continue
      const cause: unknown = details.error.cause ?? details.error
      yield `\nFAILED ${name}\n  at ${file}:${line}\n  ${text(cause).replaceAll('\n', '\n  ')}\n`
    } else if (event.type === 'test:pass' && event.data.skip !== undefined && event.data.skip !== false) {
      yield `\nskipped ${event.data.name}: ${event.data.skip === true ? 'no reason given' : event.data.skip}\n`
    } else if (event.type === 'test:diagnostic' && event.data.file === undefined) {
      summary += `# ${event.data.message}\n`
    }
  }
  yield `\n${slowest(spent)}${summary}`
}

function slowest(spent: ReadonlyMap<string, number>): string {
  const long = [...spent].toSorted(([, a], [, b]) => b - a).slice(0, MOST)
  return long.map(([file, seconds]) => `# ${seconds.toFixed(1).padStart(7)} s  ${relative('.', file)}\n`).join('')
}

function text(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
