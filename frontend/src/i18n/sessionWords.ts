import { type FeatureWords, featureWords } from './language'
import { sessionEn } from './session.en'
import { sessionZh } from './session.zh'

export type SessionWords = FeatureWords<typeof sessionEn>

/** The common texts, and those of the pages before the log, which load with it. */
export const useSessionWords = featureWords(sessionEn, sessionZh)
