import { entryEn } from './entry.en'
import { entryZh } from './entry.zh'
import { type FeatureMessages, featureMessages } from './language'

export type EntryMessages = FeatureMessages<typeof entryEn>

/** The common texts, and those of an entry, which load with it. */
export const useEntryMessages = featureMessages(entryEn, entryZh)
