import { definePath, f, type PathDefinition, type Reply, type ReplySchema } from '#framework'
import { inspectErrors } from '../../../errors/inspect.ts'
import type { ProfilerPort, ProfileWish } from '../../../request/inspect-ports.ts'

const TEXT = 'text/plain; charset=utf-8'
const JSON_TYPE = 'application/json'
/** What a profile may take, s. The listener's `max_request_duration` holds besides. */
const LONGEST = 60

const textReply: ReplySchema = { description: 'Text.', fields: {}, contentType: TEXT }
const profileReply: ReplySchema = {
  description: 'A profile or a trace, as a file.',
  fields: {},
  contentType: JSON_TYPE,
}

const thread = f.int('Which thread: 0 is the main one; `threadcreate` lists them.').default(0)
const seconds = (usual: number) => f.int('For how long to look.').default(usual)
/** Vault's clients send it everywhere. */
const debug = f.int('Where there is a profile: 1 gives text in its place.').default(0)

const INDEX = ['allocs', 'block', 'cmdline', 'goroutine', 'heap', 'mutex', 'profile', 'symbol', 'threadcreate', 'trace']

/** What Go's profiler has and this runtime has not is answered with what comes nearest to it. */
export function pprofPaths({ profiler }: { readonly profiler: ProfilerPort }): readonly PathDefinition[] {
  const flags = { sudo: true, rootNamespaceOnly: true, place: 'node', neverWrapped: true } as const
  const told = (name: string, help: string, say: () => string) =>
    definePath(`pprof/${name}`, { help, params: {}, flags }).read({
      summary: help,
      fields: { debug },
      replies: { 200: textReply },
      run: () => text(say()),
    })
  const heap = (kind: 'heap' | 'allocs', help: string) =>
    definePath(`pprof/${kind}`, {
      help,
      description: 'In the format of V8 (`.heapprofile`): functions and sizes, and nothing of what is kept.',
      params: {},
      flags,
    }).read({
      summary: help,
      fields: { debug, seconds: seconds(1), thread },
      replies: { 200: profileReply },
      run: (c) =>
        c.in.debug > 0
          ? text(profiler.heapStatistics())
          : profile(profiler, c.in.thread, { kind, seconds: c.in.seconds }, `${kind}.heapprofile`),
    })
  return [
    definePath('pprof', { help: 'What there is to profile.', params: {}, flags }).read({
      summary: 'List what there is to profile.',
      replies: { 200: { ...textReply, contentType: 'text/html; charset=utf-8' } },
      run: () => ({ raw: { contentType: 'text/html; charset=utf-8', body: indexPage() } }),
    }),
    definePath('pprof/profile', {
      help: 'What a thread of the node spends its time on.',
      description: 'In the format of V8 (`.cpuprofile`), which browsers and editors open.',
      params: {},
      flags,
    }).read({
      summary: 'Profile what a thread spends its time on.',
      fields: { seconds: seconds(30), thread },
      replies: { 200: profileReply },
      run: (c) => profile(profiler, c.in.thread, { kind: 'cpu', seconds: c.in.seconds }, 'coffer.cpuprofile'),
    }),
    heap('heap', 'Who made, while it was looked, what is still on the heap of a thread.'),
    heap('allocs', 'Who made anything on the heap of a thread while it was looked.'),
    definePath('pprof/trace', {
      help: 'What engine and garbage collector of the main thread do.',
      description: 'In the JSON of Chrome, which its tracing pages open.',
      params: {},
      flags,
    }).read({
      summary: 'Trace the main thread.',
      fields: { seconds: seconds(1) },
      replies: { 200: profileReply },
      run: async (c) => file(await profiler.trace(bounded(c.in.seconds)), 'coffer.trace.json'),
    }),
    told('goroutine', 'What the event loop of the main thread waits for.', () => profiler.activity()),
    told('threadcreate', 'The threads of the process.', () => profiler.threads()),
    told('block', 'How long the event loop of the main thread was kept from its work.', () => profiler.loopDelay()),
    told('mutex', 'Locks that threads wait for: there are none, as they share no memory but counters.', () => NO_LOCKS),
    told('cmdline', 'The command line of the server, without its secrets.', () => profiler.commandLine().join('\0')),
    definePath('pprof/symbol', { help: 'Names of addresses: profiles bring their own.', params: {}, flags })
      .read({ summary: 'Tell how many symbols there are.', replies: { 200: textReply }, run: () => text(NO_SYMBOLS) })
      .compute({ summary: 'Name addresses.', replies: { 200: textReply }, run: () => text(NO_SYMBOLS) }),
  ]
}

const NO_LOCKS = 'mutexes: total 0\n'
const NO_SYMBOLS = 'num_symbols: 0\n'

async function profile(profiler: ProfilerPort, number: number, wish: ProfileWish, name: string): Promise<Reply> {
  const made = await profiler.profile(number, { ...wish, seconds: bounded(wish.seconds) })
  if (made === undefined) throw inspectErrors.NO_THREAD({ number })
  return file(made, name)
}

function bounded(asked: number): number {
  if (asked < 1 || asked > LONGEST) throw inspectErrors.PROFILE_SECONDS({ most: LONGEST })
  return asked
}

function text(body: string): Reply {
  return { raw: { contentType: TEXT, body } }
}

function file(body: string, name: string): Reply {
  return {
    raw: { contentType: JSON_TYPE, body },
    headers: [['Content-Disposition', `attachment; filename="${name}"`]],
  }
}

function indexPage(): string {
  const rows = INDEX.map((name) => `<li><a href="pprof/${name}">${name}</a></li>`)
  return `<!doctype html>\n<title>pprof</title>\n<h1>/v1/sys/pprof</h1>\n<ul>\n${rows.join('\n')}\n</ul>\n`
}
