/** Why what a field holds is not taken. */
export type FieldError =
  | { is: 'missing' | 'unchosen' | 'unfinished' | 'form' }
  | { is: 'short'; least: number }
  | { is: 'number'; min: number; max: number }

/** What a field asks for, under the names that HTML has for it. */
interface Field {
  value: string
  type?: string
  required?: boolean
  minLength?: number
  pattern?: string
  min?: string
  max?: string
}

/** What is wrong with the value of a field; the browser's own check would say it in the browser's language. */
export function validate({ value, type, required, minLength = 0, pattern, min, max }: Field): FieldError | undefined {
  if (type === 'number') {
    const [low, high] = [Number(min), Number(max)]
    const fits = /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high
    return fits ? undefined : { is: 'number', min: low, max: high }
  }
  // Spaces are no name, but may be a password.
  if (required && (type === 'password' ? value : value.trim()) === '') return { is: 'missing' }
  if (value === '') return undefined
  if (value.length < minLength) return { is: 'short', least: minLength }
  if (pattern && !new RegExp(`^(?:${pattern})$`, 'v').test(value)) return { is: 'form' }
  return undefined
}
