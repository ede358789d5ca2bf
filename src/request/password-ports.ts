/** Passwords by the policies of `sys/policies/password`, for engines that make some. */
export interface PasswordsPort {
  /** A password by the policy of that name; rejects with `SYSTEM_NO_PASSWORD_POLICY` where there is none. */
  byPolicy(namespaceId: string, name: string): Promise<string>
}
