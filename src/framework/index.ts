/** The door of the framework: what an engine may use. */
export { definePath, type HandlerCall, type OperationDefinition, type PathDefinition, type PathFlags } from './path.ts'
export {
  defineEngine,
  type Background,
  type BackgroundCall,
  type Engine,
  type EngineInit,
  type LifecycleCall,
  type RenewalCall,
} from './engine.ts'
export {
  changedTokenParams,
  grantBy,
  lifetimeBy,
  noTokenParams,
  olderTokenFields,
  samePolicies,
  shownTokenParams,
  tokenFields,
  tokenRecord,
  type TokenParams,
} from './token-params.ts'
export { defineLease, type LeaseDefinition, type LeaseCall, type RenewCall } from './lease.ts'
export { collection, collectionOf, documents, type Collection } from './collection.ts'
export { namespaceCollection } from './namespace-collection.ts'
export { fromUtf8, toUtf8, type RecordCodec } from './codec.ts'
export { pageFields, pageOf } from './page.ts'
export { entryOf, namesOf } from './entries.ts'
export { f, objectSchema } from './f.ts'
export { Field, parseFields, type Fields, type Infer, type Input } from './field.ts'
export {
  absent,
  badRequest,
  done,
  grant,
  leased,
  listing,
  none,
  ok,
  okData,
  replySchema,
  type ReplySchema,
} from './reply.ts'
export type { Apart, Call, CallContext } from './context.ts'
export { defineErrors, CofferError } from '../errors/coffer-error.ts'
export { loginErrors } from '../errors/login.ts'
export type { Reply, AuthGrant } from '../request/reply.ts'
export type { Emit, EngineEvent } from '../request/event-ports.ts'
export type { Page, ReadView, WriteView } from '../storage/view.ts'
export { membersOf, mergePatch, RawJson, stringify, type JsonOut, type JsonValue } from '../lib/json/index.ts'
