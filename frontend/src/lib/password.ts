/** The fewest characters of a new password; the server checks the same. */
export const minPasswordLength = 12
