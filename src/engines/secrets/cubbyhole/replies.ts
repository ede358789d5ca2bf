import { f, replySchema } from '#framework'

export const entryReply = replySchema('The secret, as it was written.', {})

export const keysReply = replySchema('Names, folders with a slash at the end.', { keys: f.strings('The names.') })
