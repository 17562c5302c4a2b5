/** `148 KB`: in the units of file managers. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  for (const [unit, factor] of [
    ['KB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
  ] as const) {
    const value = bytes / factor
    if (value < 999.5 || unit === 'GB') return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`
  }
  return ''
}
