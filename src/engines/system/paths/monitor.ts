import { definePath, f, type PathDefinition, type ReplySchema } from '#framework'
import type { MonitorPort } from '../../../request/inspect-ports.ts'
import { inspectErrors } from '../../../errors/inspect.ts'

const linesReply: ReplySchema = {
  description: 'Lines of the log, as they are written.',
  fields: {},
  contentType: 'text/plain; charset=utf-8',
}

export function monitorPaths({ monitor }: { readonly monitor: MonitorPort }): readonly PathDefinition[] {
  return [
    definePath('monitor', {
      help: 'The log of the node that is asked, as it is written.',
      description:
        'The reply does not end by itself. What a client does not take in time is left out, with a line that says how much it was.',
      params: {},
      flags: { sudo: true, rootNamespaceOnly: true, place: 'node', neverWrapped: true },
    }).read({
      summary: 'Look on while the log is written.',
      fields: {
        log_level: f
          .string(
            'The least that is shown, whatever the log itself takes: `trace`, `debug`, `info`, `warn` or `error`.',
          )
          .default('info'),
        log_format: f.string('`standard` or `json`.').default('standard'),
      },
      replies: { 200: linesReply },
      run: (c) => {
        const { log_level: level, log_format: format } = c.in
        const lines = monitor.lines({ level, format })
        if (lines === 'level') throw inspectErrors.MONITOR_LEVEL()
        if (lines === 'format') throw inspectErrors.MONITOR_FORMAT()
        if (lines === 'full') throw inspectErrors.MONITOR_FULL()
        return { raw: { contentType: linesReply.contentType ?? '', body: lines } }
      },
    }),
  ]
}
