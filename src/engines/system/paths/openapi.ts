import { definePath, f, type CallContext, type PathDefinition, type ReadView } from '#framework'
import type { SystemPorts } from '../../../request/system-ports.ts'
import { rawSchema } from '../raw.ts'
import { optionalCaller, visibleMounts } from '../visible-mounts.ts'

const openapiReply = rawSchema('An OpenAPI 3.1 document.', {
  openapi: f.string('Version of OpenAPI.'),
  info: f.map('What it describes.'),
  paths: f.map('The paths.'),
  components: f.map('What they share.'),
})

const fields = {
  generic_mount_paths: f.bool('Put a parameter in place of the paths of mounts.').default(false),
  context: f.string('Ignored.').optional().deprecated(),
}

interface Asked extends Pick<CallContext, 'caller' | 'request'> {
  readonly view: ReadView
  readonly in: { readonly generic_mount_paths: boolean }
}

export function openapiPaths(ports: SystemPorts): readonly PathDefinition[] {
  const answer = async (c: Asked) => {
    const caller = await optionalCaller(ports, c)
    const mounts = await visibleMounts(ports, caller, c.request.namespace, c.view)
    return { raw: ports.observe.openapi(mounts, { genericMountPaths: c.in.generic_mount_paths }) }
  }
  const spec = { summary: 'Describe the API in OpenAPI.', fields, replies: { 200: openapiReply } }
  return [
    definePath('internal/specs/openapi', {
      help: 'The API described in OpenAPI 3.1.',
      description: 'It tells of the mounts that the client may see: without a token, those listed for everybody.',
      params: {},
      flags: { unauthenticated: true, place: 'node' },
    })
      .read({ ...spec, run: answer })
      .compute({ ...spec, run: answer }),
  ]
}
