/** What is kept with an access token, for the endpoint that it opens. */
export const CLIENT_FACT = 'client_id'
export const SCOPES_FACT = 'scopes'
