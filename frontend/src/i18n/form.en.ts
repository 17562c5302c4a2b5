export const formEn = {
  fieldErrors: {
    missing: 'This is required.',
    unchosen: 'Select an option.',
    unfinished: 'Select an organization from the list, or clear the search.',
    short: (least: string) => `At least ${least} characters.`,
    number: (min: string, max: string) => `Enter a whole number from ${min} to ${max}.`,
    form: 'Invalid format.',
    id: 'Use letters, digits and . _ - only; start with a letter or digit.',
    date: 'Enter a date such as 2026-01-31.',
  },
}
