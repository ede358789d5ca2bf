import { definePath, f, type PathDefinition } from '#framework'
import { rfc3339 } from '../../../lib/rfc3339.ts'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { rawJson, rawSchema } from '../raw.ts'

const requestFields = {
  start_time: f.time('When it came in.'),
  client_remote_address: f.string('Where from.'),
  request_path: f.string('What for.'),
  request_method: f.string('How.'),
  client_id: f.string('Whose; empty where it is not known.'),
}

const inFlightReply = rawSchema(
  'Each request being worked on, by its id.',
  {},
  { members: f.object(requestFields, 'A request.') },
)

export function inFlightPaths({ observe }: SystemPorts): readonly PathDefinition[] {
  return [
    definePath('in-flight-req', {
      help: 'The requests being worked on.',
      params: {},
      flags: { rootNamespaceOnly: true, openBy: 'unauthenticatedInFlightAccess', place: 'node' },
    }).read({
      summary: 'List the requests being worked on.',
      replies: { 200: inFlightReply },
      run: async () =>
        rawJson(
          new Map(
            (await observe.inFlight()).map((request) => [
              request.id,
              {
                start_time: rfc3339(request.startedAt),
                client_remote_address: request.remoteAddress,
                request_path: request.path,
                request_method: request.method,
                client_id: '',
              },
            ]),
          ),
        ),
    }),
  ]
}
