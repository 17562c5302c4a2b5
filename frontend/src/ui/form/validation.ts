/** Why the value of a field is invalid. */
export type FieldError =
  | { is: 'missing' | 'unchosen' | 'unfinished' | 'form' }
  | { is: 'short'; least: number }
  | { is: 'number'; min: number; max: number }

/** The constraints of a field, named as in HTML. */
interface Field {
  value: string
  type?: string
  required?: boolean
  minLength?: number
  pattern?: string
  min?: string
  max?: string
}

/** The error of a field's value; the browser's own validation would show it in the browser's language. */
export function validate({ value, type, required, minLength = 0, pattern, min, max }: Field): FieldError | undefined {
  if (type === 'number') {
    const [low, high] = [Number(min), Number(max)]
    const fits = /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high
    return fits ? undefined : { is: 'number', min: low, max: high }
  }
  // Spaces are a valid password, but not a valid name.
  if (required && (type === 'password' ? value : value.trim()) === '') return { is: 'missing' }
  if (value === '') return undefined
  if (value.length < minLength) return { is: 'short', least: minLength }
  if (pattern && !new RegExp(`^(?:${pattern})$`, 'v').test(value)) return { is: 'form' }
  return undefined
}
