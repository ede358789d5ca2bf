export async function scale(_env: NodeJS.ProcessEnv): Promise<void> {}
