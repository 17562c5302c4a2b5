import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { type LocaleTag, wordsIn } from './dictionaries'
import type { Dictionary, Widen } from './en'

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

export type FeatureWords<T> = Dictionary & Widen<T>

/** Returns a hook that gives the texts of a feature together with the common ones. */
export function featureWords<T extends object>(en: T, zh: Widen<T>): () => FeatureWords<T> {
  const all = new Map<LocaleTag, FeatureWords<T>>()
  return () => {
    const { tag, words } = useLanguage()
    const texts = all.get(tag) ?? ({ ...words, ...(tag === 'en' ? en : zh) } as FeatureWords<T>)
    all.set(tag, texts)
    return texts
  }
}

/** A title from the catalog in the reader's language; a tenant's own may have only one. */
export function titleIn(
  title: Partial<Record<LocaleTag, string>> | undefined,
  tag: LocaleTag,
  fallback: string,
): string {
  return title?.[tag] || title?.en || title?.['zh-CN'] || fallback
}
