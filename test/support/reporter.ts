/** Says what failed, what was skipped and why, and the counts; quiet about the rest. */
import type { TestEvent } from 'node:test/reporters'

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let summary = ''
  for await (const event of source) {
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
  yield `\n${summary}`
}

function text(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}
