/**
 * `initialize "NAME" { request "NAME" { … } }`: what is asked of the server itself when it starts for the first time.
 * Source: https://openbao.org/docs/configuration/self-init/
 */
import type { Field } from '../field.ts'
import { needed } from '../field.ts'
import { readFirstValue, type FirstValue } from '../first-value.ts'
import { bool, oneOf } from '../kinds.ts'

export const firstOperations = ['create', 'update', 'read', 'patch', 'delete', 'list', 'scan'] as const

function firstValue(takes: string, help: string, kinds: readonly FirstValue['kind'][]): Field<FirstValue | undefined> {
  return {
    status: 'active',
    takes,
    help,
    default: undefined,
    defaultText: '',
    merge: 'last',
    read: (value, findings, key) => {
      const found = readFirstValue(value, findings, key)
      if (found === undefined || kinds.includes(found.kind)) return found
      return findings.problem(value.at, `${key} takes ${takes}`)
    },
  }
}

const ELSEWHERE = ['env', 'file', 'request', 'response'] as const

export const requestSchema = {
  operation: needed(oneOf('What is done.', firstOperations, 'update')),
  path: needed(firstValue('a string', 'Where, without `/v1/`.', ['plain', ...ELSEWHERE])),
  token: firstValue(
    'a string',
    'The token to use, such as one that an earlier request was given. If not given: the root token of the first start.',
    ['plain', ...ELSEWHERE],
  ),
  data: firstValue(
    'an object',
    'What is sent. A value may come from elsewhere: `env://NAME`, `file:///path`, or an object with `eval_source` (`env`, `file`, `request`, `response`) and `eval_type`.',
    ['map', ...ELSEWHERE],
  ),
  allow_failure: bool('What comes of it does not matter.'),
}
