import { n } from './numbers'

/** The texts of the panels with values to choose. */
export const choicesEn = {
  moreUsers: (count: number) => `${n(count)} more. Type the start of a name or ID to find them.`,
  moreValues: (count: number) => `${n(count)} more. Type one in full to choose it.`,
}
