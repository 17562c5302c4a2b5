import { createContext, type ReactNode, useContext, useEffect } from 'react'
import { type LocaleTag, messagesIn } from './dictionaries'
import type { Dictionary, Widen } from './en'

interface Language {
  tag: LocaleTag
  messages: Dictionary
}

const LanguageContext = createContext<Language | undefined>(undefined)

/** Sets the language of its children; its messages must be loaded. */
export function LanguageProvider({ tag, children }: { tag: LocaleTag; children: ReactNode }) {
  useEffect(() => {
    document.documentElement.lang = tag // without it Chinese is drawn with Japanese glyphs
  }, [tag])
  return <LanguageContext value={{ tag, messages: messagesIn(tag) }}>{children}</LanguageContext>
}

export function useLanguage(): Language {
  const language = useContext(LanguageContext)
  if (!language) throw new Error('no language is provided')
  return language
}

export function useMessages(): Dictionary {
  return useLanguage().messages
}

export type FeatureMessages<T> = Dictionary & Widen<T>

/** Returns a hook that gives the texts of a feature together with the common ones. */
export function featureMessages<T extends object>(en: T, zh: Widen<T>): () => FeatureMessages<T> {
  const all = new Map<LocaleTag, FeatureMessages<T>>()
  return () => {
    const { tag, messages } = useLanguage()
    const texts = all.get(tag) ?? ({ ...messages, ...(tag === 'en' ? en : zh) } as FeatureMessages<T>)
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
