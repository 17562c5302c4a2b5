import { factorEn } from './factor.en'
import { factorZh } from './factor.zh'
import { type FeatureMessages, featureMessages } from './language'

export type FactorMessages = FeatureMessages<typeof factorEn>

/** The common texts, and those of the second factor, which load with it. */
export const useFactorMessages = featureMessages(factorEn, factorZh)
