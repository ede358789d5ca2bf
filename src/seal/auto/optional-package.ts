/** A package that only this seal needs: loaded when it is used, and not installed everywhere. Rejects with what to do. */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    if (!isMissing(error)) throw error
    throw new Error(`the package ${name} is not installed: run \`npm install ${name}\` in Coffer's folder`, {
      cause: error,
    })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
