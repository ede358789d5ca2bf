import { defineErrors } from './coffer-error.ts'

export const approvalErrors = defineErrors('APPROVAL', {
  NO_IDENTITY: {
    status: 403,
    message: 'a control group holds this request, and only who has an entity can ask for it',
  },
  NOT_HELD: {
    status: 400,
    message: 'a control group holds this request, and its body can be of any size: it cannot be kept',
  },
  TOO_LARGE: {
    status: 413,
    message: (p: { max: number }) => `a control group holds this request, and keeps bodies of at most ${p.max} bytes`,
  },
  /** Unknown, expired, carried out, of another namespace, or no such token: always the same. */
  ACCESSOR: { status: 400, message: 'invalid accessor' },
  APPROVER: { status: 403, message: 'a request is authorized by somebody who has an entity' },
  SELF: { status: 403, message: 'nobody authorizes a request of his own' },
  NO_MEMBER: { status: 403, message: 'the request is authorized by members of other groups' },
  NOT_REQUESTER: {
    status: 403,
    message: 'the request is carried out for the one who asked for it, with a token of his own',
  },
  PENDING: { status: 403, message: 'the request needs further authorization' },
  CHANGED: {
    status: 400,
    message: (p: { what: string }) => `not carried out: ${p.what} since it was asked for; ask again`,
  },
  NESTED: { status: 400, message: 'a held request cannot have another one carried out' },
})
