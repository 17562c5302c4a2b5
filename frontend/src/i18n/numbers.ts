const digits = new Intl.NumberFormat('en-US')

/** A number with thousands separators, which both languages write alike. */
export const n = (value: number) => digits.format(value)

export const plural = (value: number, one: string, many: string) => `${n(value)} ${value === 1 ? one : many}`
