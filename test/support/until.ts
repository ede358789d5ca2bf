/** Waits for what comes about by itself, and no longer than it may take. */
export async function until(condition: () => Promise<boolean> | boolean, ms = 10_000, what = 'it'): Promise<void> {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what} did not come about within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
