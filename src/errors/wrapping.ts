import { defineErrors } from './coffer-error.ts'

export const wrappingErrors = defineErrors('WRAPPING', {
  /** Unknown, expired, used, or no wrapping token: always the same. */
  INVALID_TOKEN: { status: 400, message: 'wrapping token is not valid or does not exist' },
  NO_TOKEN: { status: 403, message: 'error validating wrapping token: token is empty' },
  EMPTY_TOKEN: { status: 403, message: 'error validating wrapping token: empty token in request body' },
  TOKEN_TYPE: { status: 403, message: 'error validating wrapping token: could not decode token in request body' },
  NOT_WRAPPED: { status: 400, message: 'endpoint requires response wrapping to be used' },
})
