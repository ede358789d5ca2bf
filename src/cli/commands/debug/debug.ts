import { existsSync, rmSync } from 'node:fs'
import { formatDuration } from '../../../lib/duration.ts'
import type { Client } from '../../client/client.ts'
import { defineCommand } from '../../command.ts'
import { attempt, usageFailure } from '../../failure.ts'
import { flag } from '../../flags/flag.ts'
import { member, plainText } from '../../tree.ts'
import { bundle } from './bundle.ts'
import { Capture } from './capture.ts'
import { captureUntil, type CapturePlan } from './rounds.ts'
import { targets } from './targets.ts'

/** Shorter ones would say nothing, s. */
const SHORTEST = 1

export const command = defineCommand({
  usage: '[options]',
  help: `  Collects, for a while, what helps to find out what a server does: its configuration without secrets, the machine, metrics,
  profiles, the state of cluster and seal, requests in flight, and the log. Ctrl-C ends it early, with what there is by then.

  Nothing of it is a secret that the server keeps. Names of paths are in it.

      $ coffer debug
      $ coffer debug -duration=1m -interval=10s -target=metrics -target=pprof`,
  flags: {
    compress: flag.bool({ usage: 'Put all of it into one .tar.gz; else it stays a folder.', initial: true }),
    duration: flag.duration({ usage: 'How long to collect.', initial: 120 }),
    interval: flag.duration({ usage: 'Time between two looks at the server.', initial: 30 }),
    'log-format': flag.string({ usage: 'Form of the log: "standard" or "json".', initial: 'standard' }),
    'metrics-interval': flag.duration({ usage: 'Time between two looks at its metrics.', initial: 10 }),
    output: flag.string({ usage: 'Where to put it; "coffer-debug-" with the time if left out.' }),
    target: flag.list({ usage: `What to collect: ${targets.map(({ name }) => name).join(', ')}; all if left out.` }),
  },
  async run(run) {
    run.expectArgs(0)
    const {
      compress,
      duration,
      interval,
      output,
      'log-format': format,
      'metrics-interval': metricsInterval,
    } = run.flags
    const wanted = run.flags.target
    const unknown = wanted.filter((name) => !targets.some((one) => one.name === name))
    if (unknown.length > 0) throw usageFailure(`Ignored targets do not exist: ${unknown.join(', ')}`)
    const started = new Date()
    const base = (output === '' ? `coffer-debug-${stamp(started)}` : output).replace(/\.(?:tar\.gz|tgz)$/, '')
    const file = compress ? `${base}.tar.gz` : base
    for (const taken of [base, file]) if (existsSync(taken)) throw usageFailure(`output path already exists: ${taken}`)
    const client = await run.client()
    const health = await attempt('Unable to connect to the server', serverHealth(client))
    const plan: CapturePlan = {
      duration: Math.max(duration, SHORTEST),
      interval: Math.max(interval, SHORTEST),
      metricsInterval: Math.max(metricsInterval, SHORTEST),
      format,
      targets: wanted.length === 0 ? targets : targets.filter(({ name }) => wanted.includes(name)),
      say: (text) => run.ui.print(`${new Date().toISOString()} [INFO]  ${text}`),
    }
    const rows = [
      ['Server Address', client.address],
      ['Client Version', run.io.version],
      ['Server Version', health],
      ['Duration', formatDuration(plan.duration)],
      ['Interval', formatDuration(plan.interval)],
      ['Metrics Interval', formatDuration(plan.metricsInterval)],
      ['Targets', plan.targets.map(({ name }) => name).join(', ')],
      ['Output', file],
    ]
    run.ui.print('==> Starting debug capture...')
    for (const [name = '', value = ''] of rows) run.ui.print(`${name.padStart(21)}: ${value}`)
    run.ui.print('')
    const capture = new Capture(client, base)
    try {
      await captureUntil(capture, plan)
      capture.write({
        version: 1,
        server_address: client.address,
        client_version: run.io.version,
        server_version: health,
        timestamp_start: started.toISOString(),
        timestamp_end: new Date().toISOString(),
        duration_seconds: plan.duration,
        interval_seconds: plan.interval,
        metrics_interval_seconds: plan.metricsInterval,
        compress,
        targets: plan.targets.map(({ name }) => name),
      })
      if (compress) await attempt('Error bundling the files', bundle(base, file))
    } finally {
      if (compress) rmSync(base, { recursive: true, force: true })
    }
    for (const { target, error } of capture.errors) run.ui.warn(`${target}: ${error}`)
    run.ui.print(`Success! Bundle written to: ${file}`)
    return 0
  },
})

async function serverHealth(client: Client): Promise<string> {
  const query = ['sealedcode', 'uninitcode', 'standbycode'].map((name) => [name, '299'] as const)
  return plainText(member(await client.aside().json({ method: 'GET', path: 'sys/health', query }), 'version'))
}

/** As part of a name of a file. */
function stamp(time: Date): string {
  return time
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-')
}
