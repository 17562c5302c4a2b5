import type { Dictionary } from './en'

/** A language of the console, as the account keeps it. */
export type LocaleTag = 'en' | 'zh-CN'

const loaders: Record<LocaleTag, () => Promise<Dictionary>> = {
  en: async () => (await import('./en')).en,
  'zh-CN': async () => (await import('./zh')).zh,
}
const loaded = new Map<LocaleTag, Dictionary>()

/** Loads the messages of a language, before anything is drawn in it: the first load has only one language. */
export async function loadMessages(tag: LocaleTag): Promise<void> {
  if (!loaded.has(tag)) loaded.set(tag, await loaders[tag]())
}

/** The messages of a loaded language. */
export function messagesIn(tag: LocaleTag): Dictionary {
  const messages = loaded.get(tag)
  if (!messages) throw new Error(`the messages of ${tag} are not loaded`)
  return messages
}

const remembered = 'oplog.language'

/** The language before anyone is signed in: the last one read on this machine, else the browser's. */
export function guessLanguage(): LocaleTag {
  const kept = readRemembered()
  if (kept) return kept
  return navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag))?.startsWith('zh') ? 'zh-CN' : 'en'
}

export function rememberLanguage(tag: LocaleTag) {
  try {
    localStorage.setItem(remembered, tag)
  } catch {
    // A browser that keeps nothing asks again; the account remembers.
  }
}

function readRemembered(): LocaleTag | undefined {
  try {
    const kept = localStorage.getItem(remembered)
    return kept === 'en' || kept === 'zh-CN' ? kept : undefined
  } catch {
    return undefined
  }
}
