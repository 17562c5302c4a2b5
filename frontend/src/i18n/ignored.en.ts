/** The texts about parameters that are ignored. */
export const ignoredEn = {
  ignored: (source: 'link' | 'view', parameters: string, count: number) =>
    `${count === 1 ? 'A parameter' : 'Parameters'} of this ${source} could not be read, and ${count === 1 ? 'is' : 'are'} ignored: ${parameters}.`,
  periodInstead: (period: string) => `The period shown is ${period}.`,
  notFiltered: (count: number) => `The rows are not filtered by ${count === 1 ? 'it' : 'them'}.`,
}
