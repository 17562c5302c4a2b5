import { entryEn } from './entry.en'
import { entryZh } from './entry.zh'
import { type FeatureWords, featureWords } from './language'

export type EntryWords = FeatureWords<typeof entryEn>

/** The common texts, and those of an entry, which load with it. */
export const useEntryWords = featureWords(entryEn, entryZh)
