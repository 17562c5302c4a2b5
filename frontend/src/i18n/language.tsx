import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { type LocaleTag, wordsIn } from './dictionaries'
import type { Dictionary } from './en'

interface Language {
  tag: LocaleTag
  words: Dictionary
}

const LanguageContext = createContext<Language | undefined>(undefined)

/** Sets the language of its children; its words must be loaded. */
export function LanguageProvider({ tag, children }: { tag: LocaleTag; children: ReactNode }) {
  useEffect(() => {
    document.documentElement.lang = tag // without it Chinese is drawn with Japanese glyphs
  }, [tag])
  return <LanguageContext value={{ tag, words: wordsIn(tag) }}>{children}</LanguageContext>
}

export function useLanguage(): Language {
  const language = useContext(LanguageContext)
  if (!language) throw new Error('no language is provided')
  return language
}

export function useWords(): Dictionary {
  return useLanguage().words
}

/** A title from the catalog in the reader's language; a tenant's own may have only one. */
export function titleIn(
  title: Partial<Record<LocaleTag, string>> | undefined,
  tag: LocaleTag,
  fallback: string,
): string {
  return title?.[tag] || title?.en || title?.['zh-CN'] || fallback
}
