/**
 * All that CEL is needed for. Loaded when there is a policy to read: it takes a quarter of a second and some thirty MiB, which most servers
 * need not spend, and each of their threads.
 */
export { Input } from './input.ts'
export { compileExpression, evaluateProgram } from './program.ts'
