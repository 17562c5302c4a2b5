import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { type Dictionary, en } from './en'
import { zh } from './zh'

/** A language of the console, as the account keeps it. */
export type LocaleTag = 'en' | 'zh-CN'

interface Language {
  tag: LocaleTag
  words: Dictionary
}

const remembered = 'oplog.language'
const dictionaries: Record<LocaleTag, Dictionary> = { en, 'zh-CN': zh }
const LanguageContext = createContext<Language>({ tag: 'en', words: en })

/** The language before anyone is signed in: the last one chosen on this machine, else the browser's. */
export function guessLanguage(): LocaleTag {
  const kept = readRemembered()
  if (kept) return kept
  return navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag))?.startsWith('zh') ? 'zh-CN' : 'en'
}

export function rememberLanguage(tag: LocaleTag) {
  try {
    localStorage.setItem(remembered, tag)
  } catch {
    // Without storage the account still remembers it.
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

export function LanguageProvider({ tag, children }: { tag: LocaleTag; children: ReactNode }) {
  useEffect(() => {
    document.documentElement.lang = tag // without it Chinese is drawn with Japanese glyphs
  }, [tag])
  return <LanguageContext value={{ tag, words: dictionaries[tag] }}>{children}</LanguageContext>
}

export function useLanguage(): Language {
  return useContext(LanguageContext)
}

export function useWords(): Dictionary {
  return useContext(LanguageContext).words
}

/** A title from the catalog in the reader's language; a tenant's own may have only one. */
export function titleIn(
  title: Partial<Record<LocaleTag, string>> | undefined,
  tag: LocaleTag,
  fallback: string,
): string {
  return title?.[tag] || title?.en || title?.['zh-CN'] || fallback
}
