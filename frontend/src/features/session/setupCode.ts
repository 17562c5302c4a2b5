/** The code that the program printed and opened the page with; it stands in the fragment, which no server sees. */
export const setupCode = new URLSearchParams(window.location.hash.slice(1)).get('setup')
