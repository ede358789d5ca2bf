/** The machine, as `sys/host-info` tells it: processors, disks, memory, host. */
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import type { JsonOut } from '../lib/json/index.ts'
import type { Clock } from '../lib/clock.ts'

export async function hostInfo(clock: Clock, folder: string | undefined): Promise<ReadonlyMap<string, JsonOut>> {
  const cpus = os.cpus()
  const disk = folder === undefined ? undefined : await statfs(folder).catch(() => undefined)
  return new Map<string, JsonOut>([
    ['timestamp', new Date(clock.now()).toISOString()],
    ['cpu', cpus.map((cpu, index) => ({ cpu: index, cores: 1, modelName: cpu.model, mhz: cpu.speed }))],
    ['cpu_times', cpus.map((cpu, index) => ({ cpu: `cpu${index}`, ...seconds(cpu.times) }))],
    ['disk', disk === undefined ? [] : [diskUse(folder ?? '', disk)]],
    [
      'host',
      {
        hostname: os.hostname(),
        uptime: Math.floor(os.uptime()),
        os: os.platform(),
        platform: os.type(),
        kernelVersion: os.release(),
        kernelArch: os.arch(),
      },
    ],
    [
      'memory',
      {
        total: os.totalmem(),
        available: os.freemem(),
        used: os.totalmem() - os.freemem(),
        usedPercent: (1 - os.freemem() / os.totalmem()) * 100,
      },
    ],
    ['load', { load1: os.loadavg()[0] ?? 0, load5: os.loadavg()[1] ?? 0, load15: os.loadavg()[2] ?? 0 }],
  ])
}

function seconds(times: os.CpuInfo['times']) {
  return {
    user: times.user / 1000,
    system: times.sys / 1000,
    idle: times.idle / 1000,
    nice: times.nice / 1000,
    irq: times.irq / 1000,
  }
}

function diskUse(
  path: string,
  disk: { readonly bsize: number; readonly blocks: number; readonly bfree: number; readonly bavail: number },
) {
  const total = disk.blocks * disk.bsize
  const used = total - disk.bfree * disk.bsize
  return { path, total, free: disk.bavail * disk.bsize, used, usedPercent: total === 0 ? 0 : (used / total) * 100 }
}
