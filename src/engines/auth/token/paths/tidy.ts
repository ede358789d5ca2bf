import { definePath, replySchema, type PathDefinition } from '#framework'
import type { TokenEnginePorts } from '../ports.ts'

const STARTED =
  "Tidy operation successfully started. Any information from the operation will be printed to Vault's server logs."

export function tidyPaths(ports: TokenEnginePorts): readonly PathDefinition[] {
  return [
    definePath('tidy', {
      help: 'Look through the token store for what a fault may have left, and remove it.',
      params: {},
    }).write({
      summary: 'Tidy the token store.',
      replies: { 202: replySchema('It has begun.', {}), 200: replySchema('It runs already.', {}) },
      run: () =>
        ports.tokens().startTidy()
          ? { status: 202, warnings: [STARTED] }
          : { status: 200, warnings: ['Tidy operation already in progress.'] },
    }),
  ]
}
