/** Control groups: who authorizes requests that a policy holds, and how long such requests wait. */
import { definePath, done, f, none, okData, replySchema, type JsonOut, type PathDefinition } from '#framework'
import { approvalErrors } from '../../../errors/approval.ts'
import type { ApprovalPaths, ApprovalStatus, Authorization } from '../../../request/approval-ports.ts'

export interface ControlGroupPorts {
  /** Asked for at each request: held requests exist only while the server is active. */
  approvals(): ApprovalPaths
}

const accessorField = f.string('The accessor of the wrapping token that the requester got.').default('')
const authorized = replySchema('Whether all have authorized the request that have to.', {
  approved: f.bool('Its requester can have it carried out.'),
})
const statusReply = replySchema('A held request.', {
  approved: f.bool('Its requester can have it carried out.'),
  request_path: f.string('What is asked for.'),
  request_operation: f.string('What is to be done there.'),
  request_entity: f.map('Who asks: `id` and `name`.'),
  authorizations: f.array(f.map(), 'Who has authorized it, as far as they count now.'),
})
const settings = replySchema('How long requests wait.', {
  max_ttl: f.int('Seconds at most.'),
})

export function controlGroupPaths(ports: ControlGroupPorts): readonly PathDefinition[] {
  return [authorize(ports), request(ports), config(ports)]
}

function authorize(ports: ControlGroupPorts): PathDefinition {
  return definePath('control-group/authorize', {
    help: 'Authorize a request that a control group holds.',
    params: {},
  }).write({
    summary: 'Authorize a request that a control group holds.',
    fields: { accessor: accessorField },
    replies: { 200: authorized },
    run: async (c) => {
      const { accessor } = c.in
      if (accessor === '') throw approvalErrors.ACCESSOR()
      const status = await ports.approvals().authorize(c.view, c.request.namespace, accessor, c.caller)
      return okData({ approved: status.approved })
    },
  })
}

function request(ports: ControlGroupPorts): PathDefinition {
  return definePath('control-group/request', {
    help: 'A request that a control group holds.',
    params: {},
    flags: { place: 'anywhere' },
  }).compute({
    summary: 'Tell what a held request asks for, and who has authorized it.',
    fields: { accessor: accessorField },
    replies: { 200: statusReply },
    run: async (c) => {
      const { accessor } = c.in
      if (accessor === '') throw approvalErrors.ACCESSOR()
      return okData(statusOut(await ports.approvals().status(c.view, c.request.namespace, accessor)))
    },
  })
}

function statusOut({ approved, held, authorizations }: ApprovalStatus): { readonly [name: string]: JsonOut } {
  const { path, operation, requester } = held
  return {
    approved,
    request_path: path,
    request_operation: operation,
    request_entity: { id: requester.entityId, name: requester.entityName },
    authorizations: authorizations.map(authorizationOut),
  }
}

function authorizationOut({ entityId, entityName, at }: Authorization): JsonOut {
  return { entity_id: entityId, entity_name: entityName, time: at }
}

function config(ports: ControlGroupPorts): PathDefinition {
  return definePath('config/control-group', {
    help: 'How long held requests wait to be authorized and carried out.',
    description: 'Of the namespace; that of the root namespace holds for all.',
    params: {},
  })
    .read({
      summary: 'Tell how long held requests wait at most.',
      replies: { 200: settings },
      run: async (c) => {
        const seconds = await ports.approvals().maxTtl(c.view, c.request.namespace.id)
        return okData({ max_ttl: seconds ?? 0 })
      },
    })
    .write({
      summary: 'Set how long held requests wait at most.',
      fields: { max_ttl: f.duration('A duration; 0 for as long as the rules say.').default(0) },
      replies: { 204: none },
      run: (c) => {
        const seconds = c.in.max_ttl
        ports.approvals().setMaxTtl(c.view, c.request.namespace.id, seconds === 0 ? undefined : seconds)
        return done()
      },
    })
    .delete({
      summary: 'Let held requests wait as long as the rules say.',
      replies: { 204: none },
      run: (c) => {
        ports.approvals().setMaxTtl(c.view, c.request.namespace.id, undefined)
        return done()
      },
    })
}
