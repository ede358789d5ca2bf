/** A template that cannot be read, or whose values do not fit. Its sentence names the template's own words, never a value. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'TemplateError'
  }
}
