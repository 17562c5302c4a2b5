/**
 * A name between Chinese text: with a space where it begins or ends with Latin letters or digits,
 * none where it is Chinese.
 */
export function spaced(before: string, name: string, after = ''): string {
  const apart = (character: string | undefined) => (/[\p{Script=Latin}\p{N}]/u.test(character ?? '') ? ' ' : '')
  const letters = [...name]
  return `${before}${before && apart(letters[0])}${name}${after && apart(letters.at(-1))}${after}`
}
