/** The texts of a page that does not exist. */
export const notFoundEn = {
  noSuchPage: 'Page not found',
  noSuchPageText: 'This page does not exist, or you may not see it.',
  toStart: 'Go to home page',
}
