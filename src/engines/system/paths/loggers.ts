import { definePath, done, f, none, okData, replySchema, type PathDefinition } from '#framework'
import type { ObservePort, SystemPorts } from '../../../request/system-ports.ts'
import { systemErrors } from '../errors.ts'

const levelsReply = replySchema('The level of each logger, by its name.', {}, { members: f.string('Its level.') })
const fields = { level: f.string('`trace`, `debug`, `info`, `warn`, `error` or `off`.').default('') }

export function loggerPaths({ observe }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('loggers', {
      help: 'What the server logs.',
      params: {},
      flags: { place: 'node', rootNamespaceOnly: true },
    })
      .read({
        summary: 'List the loggers and their levels.',
        replies: { 200: levelsReply },
        run: () => okData(observe.loggers()),
      })
      .compute({
        summary: 'Set the level of all loggers, until the server is started again.',
        fields,
        replies: { 204: none },
        run: (c) => setLevel(observe, undefined, c.in.level),
      })
      .deleteApart({
        summary: 'Give all loggers the level of the configuration.',
        replies: { 204: none },
        run: () => {
          observe.resetLogLevel(undefined)
          return done()
        },
      }),
    definePath('loggers/{name}', {
      help: 'What one part of the server logs.',
      params: { name: 'Name of the logger.' },
      flags: { place: 'node', rootNamespaceOnly: true },
    })
      .read({
        summary: 'Read the level of a logger.',
        replies: { 200: levelsReply },
        run: (c) => {
          const { name } = c.params
          const level = observe.loggers().get(name)
          return okData(level === undefined ? {} : new Map([[name, level]]))
        },
      })
      .compute({
        summary: 'Set the level of a logger, until the server is started again.',
        fields,
        replies: { 204: none },
        run: (c) => setLevel(observe, c.params.name, c.in.level),
      })
      .deleteApart({
        summary: 'Give a logger the level of the configuration.',
        replies: { 204: none },
        run: (c) => {
          assertKnown(observe, c.params.name)
          observe.resetLogLevel(c.params.name)
          return done()
        },
      }),
  ]
}

function setLevel(observe: ObservePort, name: string | undefined, level: string) {
  if (level === '') throw systemErrors.NO_LEVEL()
  if (name !== undefined) assertKnown(observe, name)
  if (!observe.setLogLevel(name, level)) throw systemErrors.BAD_LEVEL()
  return done()
}

function assertKnown(observe: ObservePort, name: string): void {
  if (!observe.loggers().has(name)) throw systemErrors.NO_LOGGER()
}
