import { ignoredEn } from './ignored.en'
import { ignoredZh } from './ignored.zh'
import { featureWords } from './language'

/** The common texts, and those about parameters that are ignored, which load when there are any. */
export const useIgnoredWords = featureWords(ignoredEn, ignoredZh)
