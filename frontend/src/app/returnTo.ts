/** The URL to return to after sign-in: only a path of this console, never another site. */
export function safeReturn(next: string | null): string {
  if (!next?.startsWith('/') || /^\/[/\\]/.test(next) || next.startsWith('/sign-in')) return '/'
  return next
}

export function signInPath(here: string): string {
  return here === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(here)}`
}
