import { factorEn } from './factor.en'
import { factorZh } from './factor.zh'
import { type FeatureWords, featureWords } from './language'

export type FactorWords = FeatureWords<typeof factorEn>

/** The common texts, and those of the second factor, which load with it. */
export const useFactorWords = featureWords(factorEn, factorZh)
