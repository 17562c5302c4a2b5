import { exportsEn } from './exports.en'
import { exportsZh } from './exports.zh'
import { type FeatureWords, featureWords } from './language'

export type ExportsWords = FeatureWords<typeof exportsEn>

/** The common texts, and those of exports, which load with it. */
export const useExportsWords = featureWords(exportsEn, exportsZh)
